/** Texts to compare bytes with. */

/** ASCII text to compare with, four bytes at a time: half the cost of one at a time. */
export interface Literal {
  readonly length: number;
  /** Little-endian groups of four; the last one overlaps the one before it where the length is no multiple of four. */
  readonly words: Int32Array;
  /** Of texts shorter than four bytes, in place of the groups. */
  readonly bytes: Uint8Array;
}

export function ascii(text: string): Literal {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  const words: number[] = [];
  if (bytes.length >= 4) {
    for (let at = 0; at + 4 < bytes.length; at += 4) words.push(four(bytes, at));
    words.push(four(bytes, bytes.length - 4));
  }
  return { length: bytes.length, words: Int32Array.from(words), bytes };
}

/** Four bytes as a number. Past the buffer's end: some number without a line feed's byte missing. */
export const four = (bytes: Uint8Array, at: number): number =>
  (bytes[at] as number) |
  ((bytes[at + 1] as number) << 8) |
  ((bytes[at + 2] as number) << 16) |
  ((bytes[at + 3] as number) << 24);

/** Four characters as `four` reads them. */
export const word = (text: string): number => four(Uint8Array.from(Buffer.from(text, "latin1")), 0);

export function matches(literal: Literal, bytes: Uint8Array, at: number): boolean {
  const { words, length } = literal;
  const groups = words.length - 1;
  if (groups < 0) return matchesShort(literal.bytes, bytes, at);
  for (let i = 0; i < groups; i++) {
    if (four(bytes, at + 4 * i) !== words[i]) return false;
  }
  return four(bytes, at + length - 4) === words[groups];
}

function matchesShort(expected: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < expected.length; i++) {
    if (bytes[at + i] !== expected[i]) return false;
  }
  return true;
}
