/** The recording's numbers for an enum -> this project's, by the words that the recording's own format prints for them. */

/** No value: the number is not in the kernel's own table, or its word is unknown to this version. */
export const NO_VALUE = -0x80000000;
/** Recorded numbers that have an entry of their own: 0..0x100. */
const RAWS = 0x101;
/** One more entry tells what becomes of all others: kept as they are (an all-ones register), or no value. */
const CELLS = RAWS + 1;
const KEEP = 1;

/** Of a column that holds no enum, and of dynamic probes, which record this project's numbers. */
export const IDENTITY: Int32Array = Int32Array.from({ length: CELLS }, (_, raw) => (raw === RAWS ? KEEP : raw));

/** @param strict - a number outside the kernel's table is no value (a PM state). */
export function enumMap(
  symbols: ReadonlyMap<number, string>,
  words: ReadonlyMap<string, number>,
  strict: boolean,
): Int32Array {
  const map = Int32Array.from({ length: CELLS }, (_, raw) => {
    const word = symbols.get(raw);
    if (word === undefined) return strict ? NO_VALUE : raw;
    return words.get(word) ?? NO_VALUE;
  });
  map[RAWS] = strict ? NO_VALUE : KEEP;
  return map;
}

export const mapped = (map: Int32Array, raw: number): number =>
  raw >= 0 && raw < RAWS ? (map[raw] as number) : map[RAWS] === KEEP ? raw : NO_VALUE;
