/** Numbers and words of a line of trace text. Whoever reads on checks what comes behind: nothing here looks for an end. */

// Tables of words: entries of three groups of eight bytes, their masks, u32 length, i32 value; length 0 ends a table.
const WORD_BYTES: usize = 64;
const WORD_LENGTH: usize = 48;
const WORD_VALUE: usize = 52;
export const HEX_MARK: u32 = 0x7830;

/** Value of the hexadecimal, decimal or word read last. */
export let wide: u64 = 0;
export let value: i32 = 0;

/** Values of 16 hexadecimal digits in a vector, the first digit the highest; bit of each byte that is one into `digits`. */
export let digits: i32 = 0;
export function sixteen(text: v128): u64 {
  const decimal = i8x16.sub(text, i8x16.splat(48));
  const isDecimal = i8x16.lt_u(decimal, i8x16.splat(10));
  const letter = i8x16.sub(v128.or(text, i8x16.splat(32)), i8x16.splat(97));
  const isLetter = i8x16.lt_u(letter, i8x16.splat(6));
  digits = i8x16.bitmask(v128.or(isDecimal, isLetter));
  const nibbles = v128.and(v128.bitselect(decimal, i8x16.add(letter, i8x16.splat(10)), isDecimal), i8x16.splat(15));
  // two digits are a byte: the first one counts sixteen
  const pairs = v128.or(i16x8.shl(nibbles, 4), i16x8.shr_u(nibbles, 8));
  const bytes = i8x16.shuffle(pairs, pairs, 14, 12, 10, 8, 6, 4, 2, 0, 14, 12, 10, 8, 6, 4, 2, 0);
  return i64x2.extract_lane(bytes, 0);
}

/** 1 to 16 hexadecimal digits. @returns where they end; 0: none, or more. */
export function hex(at: usize): usize {
  const sum = sixteen(v128.load(at));
  const count = ctz(~digits);
  if (count == 0) return 0;
  if (count >= 16) {
    const next = load<u8>(at, 16);
    if (next - 48 < 10 || (next | 32) - 97 < 6) return 0;
    wide = sum;
    return at + 16;
  }
  wide = sum >>> ((16 - count) << 2);
  return at + <usize>count;
}

/** 1 to 9 decimal digits. @returns where they end; 0: none, or more. */
export function decimal(from: usize): usize {
  let at = from;
  let sum: u32 = 0;
  for (let digit = <u32>load<u8>(at) - 48; digit < 10; digit = <u32>load<u8>(++at) - 48) sum = sum * 10 + digit;
  value = <i32>sum;
  return at - from - 1 > 8 ? 0 : at;
}

/** A word of the table, or the number that is printed for none. @returns where it ends; 0: neither. */
export function word(table: usize, at: usize): usize {
  const first = load<u64>(at);
  const second = load<u64>(at, 8);
  let entry = table;
  for (let length = load<u32>(entry, WORD_LENGTH); length != 0; length = load<u32>(entry, WORD_LENGTH)) {
    const matches =
      (first & load<u64>(entry, 24)) == load<u64>(entry) &&
      (second & load<u64>(entry, 32)) == load<u64>(entry, 8) &&
      (load<u64>(at, 16) & load<u64>(entry, 40)) == load<u64>(entry, 16);
    if (matches) {
      value = load<i32>(entry, WORD_VALUE);
      return at + <usize>length;
    }
    entry += WORD_BYTES;
  }
  if ((<u32>first & 0xffff) != HEX_MARK) return 0;
  const end = hex(at + 2);
  value = <i32>wide;
  return end;
}
