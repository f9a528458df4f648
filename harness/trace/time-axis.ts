/** Times of a recording as people write them, and back: exact, whatever the clock's origin. */
import type { TraceInfo, TraceSource } from "./source.ts";

/** Trace clocks that count something else than nanoseconds; the kernel prints them as whole numbers, and so do we. */
const COUNTERS: ReadonlySet<string> = new Set(["counter", "x86-tsc", "uptime"]);
const NS = 1_000_000_000;

export class TimeAxis {
  readonly #source: TraceSource;
  #info: TraceInfo;
  /** The clock's values are a count, not seconds. */
  counts = false;

  constructor(source: TraceSource) {
    this.#source = source;
    this.#info = source.info;
    this.refresh();
  }

  /** What is known of the recording as of the last `refresh`. */
  get info(): TraceInfo {
    return this.#info;
  }

  /** Text tells its clock and its form while it is read: to be called with every batch, and at the end. */
  refresh(): void {
    this.#info = this.#source.info;
    this.counts = this.#info.buffers.some(({ clock }) => clock !== undefined && COUNTERS.has(clock));
  }

  /** `5.893319682`: as many digits as were recorded. A count as it is. */
  text(tNs: number): string {
    if (this.counts) return this.clockNs(tNs);
    const { originNs, resolutionNs } = this.#info;
    const whole = Math.floor(tNs / NS);
    const rest = tNs - whole * NS;
    const seconds = originNs === 0n ? String(whole) : String(originNs / BigInt(NS) + BigInt(whole));
    return resolutionNs >= 1000
      ? `${seconds}.${String(1_000_000 + Math.floor(rest / 1000)).slice(1)}`
      : `${seconds}.${String(NS + Math.floor(rest)).slice(1)}`;
  }

  /** The trace clock's own value, exact decimal text. */
  clockNs(tNs: number): string {
    const { originNs } = this.#info;
    return originNs === 0n ? String(tNs) : String(originNs + BigInt(tNs));
  }

  /** From the clock's own value to `tNs`. */
  fromClock(clockNs: bigint): number {
    return Number(clockNs - this.#info.originNs);
  }
}
