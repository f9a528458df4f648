/**
 * What is known to be missing, lane by lane: losses that a line notes lie between the lane's last record before the note
 * and its first one after it; a time that steps back leaves open what was between.
 */
import type { Gap, GapReason } from "../mhi-events.ts";

interface PendingLoss {
  readonly fromNs: number | undefined;
  readonly reason: GapReason;
  readonly lost: number | undefined;
  readonly detail: string;
}

const NONE = Number.NEGATIVE_INFINITY;
/** From here on one gap stands for all: a file of rubbish must not fill the memory. */
const MAX_GAPS = 10_000;

export class LaneWatch {
  readonly gaps: Gap[] = [];
  /** Time of the first record. */
  firstNs: number | undefined;
  /** Last record's time by lane; none: minus infinity. Whoever makes rows may skip `record` where nothing waits and time goes on. */
  lastNs: Float64Array;
  readonly #pending = new Map<number, PendingLoss>();
  /** What ends with the next record of any lane. */
  #pendingAny: PendingLoss | undefined;
  /** Something waits for a next record, if only the first one. */
  waiting = true;

  constructor(lastNs: Float64Array = new Float64Array(64)) {
    this.lastNs = lastNs.fill(NONE);
  }

  /**
   * Call for each record, in line order.
   * @param toleranceNs - steps back up to this are rounding or races between CPUs, no step of the clock.
   */
  record(lane: number, cpu: number, tNs: number, toleranceNs: number, line: () => string): void {
    if (this.waiting) this.#close(lane, cpu, tNs);
    if (lane >= this.lastNs.length) this.#grow(lane);
    const last = this.lastNs[lane] as number;
    if (tNs + toleranceNs < last) this.#stepBack(cpu, tNs, last, line());
    this.lastNs[lane] = tNs;
    this.firstNs ??= tNs;
  }

  /** Latest time of any lane's last record; 0 without a record. */
  get latestNs(): number {
    const latest = this.lastNs.reduce((one, other) => Math.max(one, other), NONE);
    return latest === NONE ? 0 : latest;
  }

  /** Records of this lane are missing before its next one. `fromFirst`: since the recording's beginning. */
  loss(lane: number, reason: GapReason, lost: number | undefined, detail: string, fromFirst = false): void {
    const last = this.lastNs[lane] ?? NONE;
    const fromNs = fromFirst || last === NONE ? undefined : last;
    this.#pending.set(lane, sum(this.#pending.get(lane), { fromNs, reason, lost, detail }));
    this.waiting = true;
  }

  /** Records of no known lane are missing, between the last record and the next. */
  lossAnywhere(reason: GapReason, lost: number | undefined, detail: string): void {
    const fromNs = this.firstNs === undefined ? undefined : this.latestNs;
    this.#pendingAny = sum(this.#pendingAny, { fromNs, reason, lost, detail });
    this.waiting = true;
  }

  /** A record, or what should have been one, at one instant. */
  at(tNs: number, reason: GapReason, cpu: number | undefined, detail: string, lost?: number): void {
    this.push({ fromNs: tNs, toNs: tNs, reason, ...withNumbers(cpu, lost), detail });
  }

  push(gap: Gap): void {
    if (this.gaps.length < MAX_GAPS) {
      this.gaps.push(gap);
      return;
    }
    const last = this.gaps[MAX_GAPS - 1] ?? gap;
    this.gaps[MAX_GAPS - 1] = {
      fromNs: Math.min(last.fromNs, gap.fromNs),
      toNs: Math.max(last.toNs, gap.toNs),
      reason: last.reason,
      detail: `more than ${MAX_GAPS} gaps: one for all that follow`,
    };
  }

  /** Losses with no record after them reach to the recording's end. */
  finish(cpuOf: (lane: number) => number): void {
    const { latestNs } = this;
    this.#close(-1, 0, latestNs);
    for (const lane of [...this.#pending.keys()]) this.#close(lane, cpuOf(lane), latestNs);
  }

  #close(lane: number, cpu: number, toNs: number): void {
    const anywhere = this.#pendingAny;
    this.#pendingAny = undefined;
    if (anywhere) this.#pushLoss(anywhere, anywhere.fromNs ?? toNs, toNs, undefined);
    const loss = this.#pending.get(lane);
    this.#pending.delete(lane);
    this.waiting = this.#pending.size > 0;
    if (loss) this.#pushLoss(loss, loss.fromNs ?? this.firstNs ?? toNs, toNs, cpu);
  }

  #pushLoss({ reason, lost, detail }: PendingLoss, fromNs: number, toNs: number, cpu: number | undefined): void {
    this.push({ fromNs: Math.min(fromNs, toNs), toNs, reason, ...withNumbers(cpu, lost), detail });
  }

  #grow(lane: number): void {
    const larger = new Float64Array(lane * 2).fill(NONE);
    larger.set(this.lastNs);
    this.lastNs = larger;
  }

  #stepBack(cpu: number, tNs: number, lastNs: number, line: string): void {
    const detail = `${line}: the time steps back by ${lastNs - tNs} ns on this CPU`;
    this.push({ fromNs: tNs, toNs: lastNs, reason: "clock-step", cpu, detail });
  }
}

/** Two notes without a record between them: one loss. How many is known only if both tell. */
function sum(open: PendingLoss | undefined, next: PendingLoss): PendingLoss {
  if (!open) return next;
  const lost = open.lost === undefined || next.lost === undefined ? undefined : open.lost + next.lost;
  return { ...open, lost };
}

const withNumbers = (cpu: number | undefined, lost: number | undefined): { cpu?: number; lost?: number } => ({
  ...(cpu === undefined ? {} : { cpu }),
  ...(lost === undefined ? {} : { lost }),
});
