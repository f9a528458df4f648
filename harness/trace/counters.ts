/**
 * What the kernel counted against what was decoded, CPU by CPU: is everything here, and what can never come?
 *
 * `stats` of a CPU: entries (in the buffer), read events (taken out by readers), overrun, dropped events. With nothing
 * under way, decoded - base = read events. The counters begin anew when the buffer is cleared, as unloading a traced
 * module does.
 */
import type { Nanoseconds } from "../base/clock.ts";
import type { SegmentDecoder } from "./decoder.ts";
import type { CpuStats } from "./tracefs.ts";

interface CpuCount {
  readonly cpu: number;
  base: number;
  missedBase: number;
  dropped: number;
}

export class Counters {
  readonly #decoder: SegmentDecoder;
  readonly #cpus: readonly CpuCount[];

  constructor(decoder: SegmentDecoder, cpus: readonly number[]) {
    this.#decoder = decoder;
    this.#cpus = cpus.map((cpu) => ({ cpu, base: 0, missedBase: 0, dropped: 0 }));
  }

  /** Records decoded since the kernel's counters began, by CPU. */
  decoded(): ReadonlyMap<number, number> {
    return new Map(this.#cpus.map((count) => [count.cpu, this.#got(count)]));
  }

  /** Everything that `wanted` tells of has been decoded or is known to be lost. `latest`: the newest look. */
  reached(wanted: readonly CpuStats[], latest: readonly CpuStats[]): boolean {
    return this.#cpus.every((count) => {
      const goal = wanted.find(({ cpu }) => cpu === count.cpu);
      const now = latest.find(({ cpu }) => cpu === count.cpu);
      if (!goal || !now) return true; // the CPU went offline, its file with it
      const got = this.#got(count);
      const missed = this.#decoder.position(count.cpu).missed - count.missedBase;
      if (got >= goal.read + goal.entries) return true;
      if (missed > 0 && got + missed >= goal.read + goal.entries + goal.overrun) return true;
      return now.entries === 0 && got >= now.read;
    });
  }

  /** The kernel's counters began anew, and nothing is under way. */
  rebase(all: readonly CpuStats[]): void {
    this.#each(all, (count, own) => {
      const position = this.#decoder.position(own.cpu);
      count.base = position.decoded - own.read;
      count.missedBase = position.missed - own.overrun;
      count.dropped = own.dropped;
    });
  }

  /** Records that the kernel refused since the last look become a gap; no page tells of them. */
  noteDropped(all: readonly CpuStats[], sinceNs: Nanoseconds): void {
    this.#each(all, (count, own) => {
      const lost = own.dropped - count.dropped;
      count.dropped = own.dropped;
      if (lost <= 0) return;
      const detail = `cpu${own.cpu}: the kernel refused ${lost} records`;
      this.#decoder.addGap({ fromNs: sinceNs, toNs: own.nowNs, reason: "dropped", cpu: own.cpu, lost, detail });
    });
  }

  /** The streams are down: what was taken out of the buffer and is not here will never come. */
  noteUndelivered(all: readonly CpuStats[], why: string): void {
    this.#each(all, (count, own) => {
      const lost = own.read - this.#got(count);
      // Fewer read than decoded: the buffers were cleared meanwhile, and nobody knows what was in them.
      if (lost === 0) this.#decoder.dropPartial(own.cpu);
      else this.#decoder.cut(own.cpu, "stream-lost", `cpu${own.cpu}: ${why}`, lost > 0 ? lost : undefined);
      count.base -= lost;
    });
  }

  describe(latest: readonly CpuStats[]): string {
    const told = this.#cpus.map((count) => {
      const own = latest.find(({ cpu }) => cpu === count.cpu);
      return `cpu${count.cpu}: ${this.#got(count)} decoded, the kernel gave ${own?.read ?? "?"} and holds ${own?.entries ?? "?"}`;
    });
    return told.join("; ");
  }

  #got(count: CpuCount): number {
    return this.#decoder.position(count.cpu).decoded - count.base;
  }

  #each(all: readonly CpuStats[], visit: (count: CpuCount, own: CpuStats) => void): void {
    for (const own of all) {
      const count = this.#cpus.find(({ cpu }) => cpu === own.cpu);
      if (count) visit(count, own);
    }
  }
}
