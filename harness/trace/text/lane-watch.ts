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

export class LaneWatch {
  readonly gaps: Gap[] = [];
  /** Earliest and latest time of any record so far. */
  firstNs: number | undefined;
  latestNs = 0;
  /** Last record's time by lane. */
  readonly #lastNs: number[] = [];
  readonly #pending = new Map<number, PendingLoss>();
  /** Some lane waits for its next record. Read in the hot path. */
  waiting = false;

  /**
   * Call for each record, in line order.
   * @param toleranceNs - steps back up to this are rounding or races between CPUs, no step of the clock.
   */
  record(lane: number, cpu: number, tNs: number, toleranceNs: number, line: () => string): void {
    const last = this.#lastNs[lane] ?? NONE;
    if (this.waiting) this.#close(lane, cpu, tNs);
    if (tNs + toleranceNs < last) this.#stepBack(cpu, tNs, last, line());
    this.#lastNs[lane] = tNs;
    this.firstNs ??= tNs;
    if (tNs > this.latestNs) this.latestNs = tNs;
  }

  loss(lane: number, reason: GapReason, lost: number | undefined, detail: string, fromFirst = false): void {
    const open = this.#pending.get(lane);
    const fromNs = open ? open.fromNs : fromFirst ? undefined : this.#lastNs[lane];
    const sum = open?.lost === undefined || lost === undefined ? lost : open.lost + lost;
    this.#pending.set(lane, { fromNs, reason, lost: open && open.lost === undefined ? undefined : sum, detail });
    this.waiting = true;
  }

  /** A record, or what should have been one, at one instant. */
  at(tNs: number, reason: GapReason, cpu: number | undefined, detail: string, lost?: number): void {
    this.gaps.push({
      fromNs: tNs,
      toNs: tNs,
      reason,
      ...(cpu === undefined ? {} : { cpu }),
      ...(lost === undefined ? {} : { lost }),
      detail,
    });
  }

  /** Losses with no record after them reach to the recording's end. */
  finish(cpuOf: (lane: number) => number): void {
    for (const lane of [...this.#pending.keys()]) this.#close(lane, cpuOf(lane), this.latestNs);
  }

  #close(lane: number, cpu: number, toNs: number): void {
    const loss = this.#pending.get(lane);
    if (!loss) return;
    this.#pending.delete(lane);
    this.waiting = this.#pending.size > 0;
    const { reason, lost, detail } = loss;
    const fromNs = Math.min(loss.fromNs ?? this.firstNs ?? toNs, toNs);
    this.gaps.push({ fromNs, toNs, reason, cpu, ...(lost === undefined ? {} : { lost }), detail });
  }

  #stepBack(cpu: number, tNs: number, lastNs: number, line: string): void {
    this.gaps.push({
      fromNs: tNs,
      toNs: lastNs,
      reason: "clock-step",
      cpu,
      detail: `${line}: the time steps back by ${lastNs - tNs} ns on this CPU`,
    });
  }
}
