/** Chance that the same seed makes again. */
import { randomOf } from "../fuzz/mutations.ts";

export class Random {
  /** 0 <= n < limit. */
  readonly below: (limit: number) => number;

  constructor(seed: number) {
    this.below = randomOf(seed);
  }

  pick<T>(from: readonly T[]): T | undefined {
    return from[this.below(from.length)];
  }

  shuffled<T>(from: readonly T[]): T[] {
    const all = [...from];
    for (let at = all.length - 1; at > 0; at--) {
      const other = this.below(at + 1);
      [all[at], all[other]] = [all[other] as T, all[at] as T];
    }
    return all;
  }
}
