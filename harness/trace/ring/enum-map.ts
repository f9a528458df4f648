/** The recording's numbers for an enum -> this project's, by the words that the recording's own format prints for them. */

/** No value: the number is not in the kernel's own table, or its word is unknown to this version. */
export const NO_VALUE = -0x80000000;
/** Recorded numbers that have an entry of their own: 0..0x100. */
export const ENUM_RAWS = 0x101;
/** One more entry tells what becomes of all others. */
export const ENUM_CELLS = ENUM_RAWS + 1;
/** A number outside the table is kept as it is (an all-ones register). */
export const KEEP = 1;

/** Dynamic probes record this project's numbers. */
export function identityMap(): Int32Array {
  const map = Int32Array.from({ length: ENUM_CELLS }, (_, raw) => raw);
  map[ENUM_RAWS] = KEEP;
  return map;
}

/** @param strict - a number outside the kernel's table is no value (a PM state). */
export function enumMap(
  symbols: ReadonlyMap<number, string>,
  words: ReadonlyMap<string, number>,
  strict: boolean,
): Int32Array {
  const map = Int32Array.from({ length: ENUM_CELLS }, (_, raw) => {
    const word = symbols.get(raw);
    if (word === undefined) return strict ? NO_VALUE : raw;
    return words.get(word) ?? NO_VALUE;
  });
  map[ENUM_RAWS] = strict ? NO_VALUE : KEEP;
  return map;
}
