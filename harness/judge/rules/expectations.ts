/**
 * "After this, that within so long": what most rules of a handshake protocol are. It is shown every event but buffers and
 * transfer events, of which no handshake consists. An expectation ends when it is met, excused (something else took
 * over), refuted (the host's own log says that it gave up), or when its time has run out.
 */
import type { Nanoseconds } from "../../base/clock.ts";
import { formatSeconds, formatSpan } from "../../base/clock.ts";
import type { MhiEvent } from "../../trace/mhi-events.ts";
import type { LogLine } from "../evidence.ts";

export interface Expectation {
  readonly fromNs: Nanoseconds;
  readonly deadlineNs: Nanoseconds;
  readonly because: readonly number[];
  met(event: MhiEvent, index: number): boolean;
  excused?(event: MhiEvent, index: number): boolean;
  /** An event that proves that it will not come any more. */
  refuted?(event: MhiEvent, index: number): boolean;
  refutedByLog?(line: LogLine): boolean;
  /** `how` is the found text: "nothing for 8.007 s", "... then "Did not enter M0 state"". */
  failed(atNs: Nanoseconds, how: string, because: readonly number[]): void;
}

/**
 * The driver's plain waits end at `timeout_ms`, its register polls (25 ms sleeps, counted as such) later; under emulation
 * plain waits were seen 5 to 10 % long and polled ones 1.28 times (design facts 6 and 10.2).
 */
export const PLAIN_MARGIN = 1.25;
export const POLLED_MARGIN = 2.5;

export class Expectations {
  #open: Expectation[] = [];
  /** No deadline is before this: most events need not look any further. */
  #earliestNs = Number.POSITIVE_INFINITY;

  add(expectation: Expectation): void {
    this.#open.push(expectation);
    this.#earliestNs = Math.min(this.#earliestNs, expectation.deadlineNs);
  }

  /** Fires what has run out before `nowNs`. */
  advance(nowNs: Nanoseconds): void {
    if (nowNs <= this.#earliestNs) return;
    const late = this.#open.filter((entry) => entry.deadlineNs < nowNs);
    this.#open = this.#open.filter((entry) => entry.deadlineNs >= nowNs);
    this.#earliestNs = this.#open.reduce((least, entry) => Math.min(least, entry.deadlineNs), Number.POSITIVE_INFINITY);
    for (const entry of late.sort((a, b) => a.deadlineNs - b.deadlineNs)) {
      entry.failed(entry.deadlineNs, `nothing for ${formatSpan(entry.deadlineNs - entry.fromNs)}`, entry.because);
    }
  }

  event(event: MhiEvent, index: number): void {
    if (this.#open.length === 0) return;
    const open = this.#open;
    this.#open = [];
    for (const entry of open) {
      if (entry.met(event, index) || entry.excused?.(event, index)) continue;
      if (entry.refuted?.(event, index)) {
        const how = `nothing for ${formatSpan(event.tNs - entry.fromNs)}, and the host went on without it`;
        entry.failed(event.tNs, how, [...entry.because, index]);
      } else this.#open.push(entry);
    }
  }

  log(line: LogLine): void {
    if (this.#open.length === 0) return;
    const open = this.#open;
    this.#open = [];
    for (const entry of open) {
      if (line.tNs > entry.fromNs && entry.refutedByLog?.(line)) {
        const span = formatSpan(line.tNs - entry.fromNs);
        entry.failed(
          line.tNs,
          `nothing for ${span}, then "${line.text}" at ${formatSeconds(line.tNs, 3)}`,
          entry.because,
        );
      } else this.#open.push(entry);
    }
  }
}
