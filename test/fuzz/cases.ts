/** Which damage is done in which case. A case can be done again without those before it. */
import { dataReader, type FuzzInput, fuzzInputs } from "./inputs.ts";
import { type Damage, damageOf, everyByte, pageDamageOf } from "./mutations.ts";
import type { Plant } from "./plants.ts";

export interface Plan {
  /** Of the repository. */
  readonly root: string;
  readonly seed: number;
  /** Random cases; with `everyByte` this is not looked at. */
  readonly cases: number;
  /** Names of inputs; empty for all. */
  readonly inputs: readonly string[];
  readonly everyByte: boolean;
  /** A reader that does wrong on purpose. */
  readonly plant?: Plant;
}

/** In every third round over the inputs, those that have pages are spoilt inside one of them. */
const PAGE_ROUNDS = 3;

export interface Cases {
  readonly count: number;
  at(index: number): { readonly input: FuzzInput; readonly damage: Damage };
}

const seedOf = (seed: number, index: number): number =>
  (Math.imul(seed, 0x9e3779b1) + Math.imul(index, 0x85ebca6b)) >>> 0;

export function casesOf({ root, seed, cases, inputs: names, everyByte: every }: Plan): Cases {
  const all = fuzzInputs(dataReader(root));
  const inputs = [...all.values()].filter(({ name }) => names.length === 0 || names.includes(name));
  const withInput = (damage: Damage): { input: FuzzInput; damage: Damage } => {
    const input = all.get(damage.input);
    if (!input) throw new Error(`no input ${damage.input}`);
    return { input, damage };
  };
  if (every) {
    const list = [...everyByte(inputs)];
    return { count: list.length, at: (index) => withInput(list[index] as Damage) };
  }
  return {
    count: cases,
    at: (index) => {
      const input = inputs[index % inputs.length] as FuzzInput;
      const own = seedOf(seed, index);
      const inPage = Math.floor(index / inputs.length) % PAGE_ROUNDS === 0 ? pageDamageOf(input, own) : undefined;
      return withInput(inPage ?? damageOf(input, own));
    },
  };
}
