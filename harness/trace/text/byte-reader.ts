/**
 * Reads numbers, words and literals from bytes of a line. Every read stops at the line feed that ends each line at the
 * latest (no literal, digit or word holds one), so that nothing here checks for the end of the buffer.
 */
import { MhiState } from "../../mhi/mhi-state.ts";
import { matches } from "./literal.ts";
import { MHI_STATE_WORDS, type WordTable } from "./word-table.ts";

export const LF = 10;
export const CR = 13;
export const SPACE = 32;

/** Value of a hex digit by its byte; -1 for other bytes. */
const HEX_VALUE = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++) {
  HEX_VALUE[digit.toString(16).charCodeAt(0)] = digit;
  HEX_VALUE[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

const X = 120;
const ZERO = 48;
const LETTER_F = 70;
const LETTER_M = 77;
const UNDERSCORE = 95;
const OPEN_PAREN = 40;
const CLOSE_PAREN = 41;
const MAX_TRAILING_SPACES = 64;

/**
 * Each read takes the bytes and where to begin, and returns where it ended; -1 when what it wants is not there. What was
 * read stands in the fields until the next read.
 */
export class ByteReader {
  /** Of the last word, decimal or 8-digit hex read. */
  value = 0;
  /** Of the last 64-bit hex read. */
  low = 0;
  high = 0;
  /** The last word was no word of its table but a hex number. */
  wasHex = false;

  /** A decimal of up to 9 digits, with or without a minus. */
  decimal(bytes: Uint8Array, start: number): number {
    const negative = bytes[start] === 45;
    const from = negative ? start + 1 : start;
    let at = from;
    let value = 0;
    for (let digit = (bytes[at] as number) - ZERO; digit >= 0 && digit <= 9; digit = (bytes[++at] as number) - ZERO) {
      value = value * 10 + digit;
      if (at - from > 9) return -1;
    }
    this.value = negative ? -value : value;
    return at === from ? -1 : at;
  }

  /** Hex digits, up to 16, into `low` and `high`. */
  hex(bytes: Uint8Array, from: number): number {
    let at = from;
    let low = 0;
    let high = 0;
    for (let digit = HEX_VALUE[bytes[at] as number] as number; digit >= 0; ) {
      if (at - from >= 8) high = (high << 4) | (low >>> 28);
      low = (low << 4) | digit;
      at++;
      digit = HEX_VALUE[bytes[at] as number] as number;
    }
    this.low = low;
    this.high = high;
    return at === from || at - from > 16 ? -1 : at;
  }

  /** 8 hex digits, as `%08x` prints them, into `value` as a signed number. A ninth is for the caller to refuse. */
  dword(bytes: Uint8Array, at: number): number {
    return this.#eight(bytes, at) ? at + 8 : -1;
  }

  /** Eight hex digits into `value`, whatever follows. */
  #eight(bytes: Uint8Array, at: number): boolean {
    const a = HEX_VALUE[bytes[at] as number] as number;
    const b = HEX_VALUE[bytes[at + 1] as number] as number;
    const c = HEX_VALUE[bytes[at + 2] as number] as number;
    const d = HEX_VALUE[bytes[at + 3] as number] as number;
    const e = HEX_VALUE[bytes[at + 4] as number] as number;
    const f = HEX_VALUE[bytes[at + 5] as number] as number;
    const g = HEX_VALUE[bytes[at + 6] as number] as number;
    const h = HEX_VALUE[bytes[at + 7] as number] as number;
    this.value = (a << 28) | (b << 24) | (c << 20) | (d << 16) | (e << 12) | (f << 8) | (g << 4) | h;
    // -1 has all bits set: one bad digit makes the union negative.
    return (a | b | c | d | e | f | g | h) >= 0;
  }

  /** A pointer after its `0x`: digits, a second `0x` (trace-cmd's `0x%p`) or `(____ptrval____)`, which reads as 0. */
  pointer(bytes: Uint8Array, start: number): number {
    const from = bytes[start] === ZERO && bytes[start + 1] === X ? start + 2 : start;
    // The kernel pads with zeros to 16 digits.
    if (this.#eight(bytes, from)) {
      const high = this.value;
      if (this.#eight(bytes, from + 8) && (HEX_VALUE[bytes[from + 16] as number] as number) < 0) {
        this.high = high;
        this.low = this.value;
        return from + 16;
      }
    }
    if (bytes[from] !== OPEN_PAREN) return this.hex(bytes, from);
    this.low = 0;
    this.high = 0;
    let at = from + 1;
    while (bytes[at] !== CLOSE_PAREN) {
      if (bytes[at] === LF || bytes[at] === SPACE) return -1;
      at++;
    }
    return at + 1;
  }

  /** An MHI state: M0 to M3 without a look into the table, which holds longer words that begin so. */
  state(bytes: Uint8Array, from: number): number {
    const digit = (bytes[from + 1] as number) - ZERO;
    const next = bytes[from + 2];
    if (bytes[from] === LETTER_M && digit >= 0 && digit <= 3 && next !== UNDERSCORE) {
      if (next !== SPACE || bytes[from + 3] !== LETTER_F) {
        this.wasHex = false;
        this.value = MhiState.M0 + digit;
        return from + 2;
      }
    }
    return this.word(MHI_STATE_WORDS, bytes, from);
  }

  /** A word of the table, or the hex of a sign-extended int that the driver prints for a value outside its table. */
  word(table: WordTable, bytes: Uint8Array, from: number): number {
    const candidates = table.byFirstByte[bytes[from] as number];
    this.wasHex = false;
    if (candidates !== undefined) {
      for (let i = 0; i < candidates.length; i++) {
        const candidate = candidates[i];
        if (candidate !== undefined && matches(candidate.text, bytes, from)) {
          this.value = candidate.value;
          return from + candidate.text.length;
        }
      }
    }
    if (bytes[from] !== ZERO || bytes[from + 1] !== X) return -1;
    this.wasHex = true;
    const at = this.hex(bytes, from + 2);
    this.value = this.low;
    return at;
  }
}

/** Nothing but spaces up to the line feed: where the next line begins; otherwise -1. */
export function endOfLine(bytes: Uint8Array, from: number): number {
  if (bytes[from] === LF) return from + 1;
  let at = from;
  const limit = at + MAX_TRAILING_SPACES;
  while ((bytes[at] === SPACE || bytes[at] === CR) && at < limit) at++;
  return bytes[at] === LF ? at + 1 : -1;
}
