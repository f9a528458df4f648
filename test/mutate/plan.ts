/** Which mutants are judged: by the same seed always the same, each mutation as often as the others as far as there are as many. */
import { MUTATIONS, type Mutant, mutantsOf } from "./mutants.ts";
import { Random } from "./random.ts";
import type { Healthy } from "./sources.ts";

export interface Plan {
  /** All that there are. */
  readonly possible: number;
  /** Those taken; a mutant's number is its place here. */
  readonly mutants: readonly Mutant[];
}

export function planOf(sources: readonly Healthy[], seed: number, count: number): Plan {
  const random = new Random(seed);
  const all = sources.flatMap((source) => [...mutantsOf(source, random)]);
  const piles = MUTATIONS.map((mutation) => random.shuffled(all.filter((mutant) => mutant.mutation === mutation)));
  const mutants: Mutant[] = [];
  for (let round = 0; mutants.length < Math.min(count, all.length); round++) {
    for (const pile of piles) {
      const mutant = pile[round];
      if (mutant && mutants.length < count) mutants.push(mutant);
    }
  }
  return { possible: all.length, mutants };
}
