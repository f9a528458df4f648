/**
 * Missing evidence on one lane: what was lost lies between the last record that was read and the next one, so a loss
 * stays open until that is known.
 */
import type { Nanoseconds } from "../../base/clock.ts";
import type { Gap, GapReason } from "../mhi-events.ts";

interface OpenLoss {
  readonly reason: GapReason;
  readonly fromNs: Nanoseconds;
  readonly lost: number | undefined;
  readonly detail: string;
  /** How many losses without a record between them. */
  readonly count: number;
}

/** A gap of thousands of damaged pages is told by the first ones. */
const MAX_TOLD = 3;
/** Records that have a gap each. */
const MAX_UNREADABLE = 1000;

export class LaneLosses {
  readonly #cpu: number;
  readonly #onGap: (gap: Gap) => void;
  #open: OpenLoss | undefined;
  #unreadable = 0;

  constructor(cpu: number, onGap: (gap: Gap) => void) {
    this.#cpu = cpu;
    this.#onGap = onGap;
  }

  /** @param afterNs - time of the last record before the loss. */
  lose(reason: GapReason, detail: string, afterNs: Nanoseconds, lost?: number): void {
    const before = this.#open;
    const sum = before?.lost === undefined ? lost : lost === undefined ? before.lost : before.lost + lost;
    const count = (before?.count ?? 0) + 1;
    const told = !before ? detail : count > MAX_TOLD ? before.detail : `${before.detail}; ${detail}`;
    this.#open = {
      reason: before?.reason ?? reason,
      fromNs: before?.fromNs ?? afterNs,
      lost: sum,
      detail: told,
      count,
    };
  }

  /** The next record is here, or the recording has ended. */
  close(toNs: Nanoseconds): void {
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    const more = open.count > MAX_TOLD ? `; and ${open.count - MAX_TOLD} more up to the next record` : "";
    this.gap(open.reason, `${open.detail}${more}`, Math.min(open.fromNs, toNs), toNs, open.lost);
  }

  /** One record. Where a recording has no end of such, a gap stands for those up to the next records that are indexed. */
  unreadable(detail: string, atNs: Nanoseconds): void {
    this.#unreadable++;
    if (this.#unreadable > MAX_UNREADABLE) this.lose("damaged", detail, atNs, 1);
    else this.gap("damaged", detail, atNs, atNs, 1);
  }

  gap(reason: GapReason, detail: string, fromNs: Nanoseconds, toNs: Nanoseconds, lost?: number): void {
    this.#onGap({ fromNs, toNs, reason, cpu: this.#cpu, ...(lost === undefined ? {} : { lost }), detail });
  }
}
