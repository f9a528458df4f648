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
}

export class LaneLosses {
  readonly #cpu: number;
  readonly #onGap: (gap: Gap) => void;
  #open: OpenLoss | undefined;

  constructor(cpu: number, onGap: (gap: Gap) => void) {
    this.#cpu = cpu;
    this.#onGap = onGap;
  }

  /** @param afterNs - time of the last record before the loss. */
  lose(reason: GapReason, detail: string, afterNs: Nanoseconds, lost?: number): void {
    const before = this.#open;
    const sum = before?.lost === undefined ? lost : lost === undefined ? before.lost : before.lost + lost;
    const told = before ? `${before.detail}; ${detail}` : detail;
    this.#open = { reason: before?.reason ?? reason, fromNs: before?.fromNs ?? afterNs, lost: sum, detail: told };
  }

  /** The next record is here, or the recording has ended. */
  close(toNs: Nanoseconds): void {
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    this.gap(open.reason, open.detail, Math.min(open.fromNs, toNs), toNs, open.lost);
  }

  gap(reason: GapReason, detail: string, fromNs: Nanoseconds, toNs: Nanoseconds, lost?: number): void {
    this.#onGap({ fromNs, toNs, reason, cpu: this.#cpu, ...(lost === undefined ? {} : { lost }), detail });
  }
}
