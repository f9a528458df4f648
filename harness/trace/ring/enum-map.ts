/** The recording's numbers for an enum -> this project's, by the words that the recording's own format prints for them. */

/** No value: the number is not in the kernel's own table, or its word is unknown to this version. */
export const NO_VALUE = -0x80000000;
const TABLE = 0x101;

export interface EnumMap {
  /** By the recorded number, 0..0x100. */
  readonly table: Int32Array;
  /** A number outside the kernel's table is no value (a PM state); else it is kept as it is (an all-ones register). */
  readonly strict: boolean;
}

/** Dynamic probes record this project's numbers. */
export const identityMap = (): EnumMap => ({
  table: Int32Array.from({ length: TABLE }, (_, raw) => raw),
  strict: false,
});

export function enumMap(
  symbols: ReadonlyMap<number, string>,
  words: ReadonlyMap<string, number>,
  strict: boolean,
): EnumMap {
  const table = Int32Array.from({ length: TABLE }, (_, raw) => {
    const word = symbols.get(raw);
    if (word === undefined) return strict ? NO_VALUE : raw;
    return words.get(word) ?? NO_VALUE;
  });
  return { table, strict };
}

export const mapEnum = (map: EnumMap, raw: number): number =>
  raw >= 0 && raw < TABLE ? (map.table[raw] as number) : map.strict ? NO_VALUE : raw;
