/** Chunks of bytes -> whole lines. Keeps no more than one unfinished line, of 64 KiB at most. */
import { LF } from "./byte-reader.ts";

/** A line above this is no record of anything. */
export const MAX_LINE_BYTES = 65_536;
/** Longer than every literal and number that is read in one go. */
export const READ_AHEAD_BYTES = 64;

/**
 * Takes whole lines, the last of which ends before `end`; `READ_AHEAD_BYTES` may be read behind it.
 * @param offset - of the bytes' index 0 in the input.
 * @returns where it stopped: `end`, or the beginning of a line for which the batch has no room.
 */
export type Scan = (bytes: Uint8Array, from: number, end: number, offset: number) => number;

export class LineFeeder {
  readonly #scan: Scan;
  /** Told once for each line that is passed over, with its place in the input. */
  readonly #onTooLong: (offset: number) => void;
  /** And once more where it ends. */
  readonly #onSkipped: () => void;
  #carry = new Uint8Array(1024);
  #carryLength = 0;
  #skipping = false;
  /** Bytes taken so far. */
  #taken = 0;

  constructor(scan: Scan, onTooLong: (offset: number) => void, onSkipped: () => void) {
    this.#scan = scan;
    this.#onTooLong = onTooLong;
    this.#onSkipped = onSkipped;
  }

  /** @returns the next offset; smaller than the chunk's length: no room. */
  append(chunk: Uint8Array, from: number): number {
    // One class of array in the hot loops.
    const plain = chunk.constructor === Uint8Array;
    const bytes = plain ? chunk : new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    const next = this.#append(bytes, from);
    this.#taken += next - from;
    return next;
  }

  /** The rest without a line feed, if there is one. @returns false: no room. */
  finish(): boolean {
    const length = this.#carryLength;
    if (length === 0) return true;
    const line = new Uint8Array(length + 1 + READ_AHEAD_BYTES);
    line.set(this.#carry.subarray(0, length));
    line[length] = LF;
    const done = this.#scan(line, 0, length + 1, this.#taken - length) > length;
    if (done) this.#carryLength = 0;
    return done;
  }

  #append(bytes: Uint8Array, from: number): number {
    let at = from;
    if (this.#skipping) {
      const feed = bytes.indexOf(LF, at);
      if (feed < 0) return bytes.length;
      this.#skipped();
      at = feed + 1;
    }
    if (this.#carryLength > 0) {
      at = this.#carried(bytes, at);
      if (at < 0) return from;
      if (this.#carryLength > 0 || this.#skipping) return at;
    }
    const offset = this.#taken - from;
    const near = bytes.length - READ_AHEAD_BYTES;
    const end = near > at ? bytes.lastIndexOf(LF, near) + 1 : 0;
    if (end > at) {
      const next = this.#scan(bytes, at, end, offset);
      if (next < end) return next;
      at = end;
    }
    const last = bytes.lastIndexOf(LF) + 1;
    if (last > at) {
      const next = this.#lastLines(bytes, at, last, offset);
      if (next < last) return next;
      at = last;
    }
    this.#keep(bytes, at, bytes.length, this.#taken + at - from);
    return bytes.length;
  }

  /** Reading over the end of an array would make V8's loops slow for good: the last lines go through a longer copy. */
  #lastLines(bytes: Uint8Array, from: number, end: number, offset: number): number {
    const padded = new Uint8Array(end - from + READ_AHEAD_BYTES);
    padded.set(bytes.subarray(from, end));
    return from + this.#scan(padded, 0, end - from, offset + from);
  }

  /** The line that an earlier chunk began. @returns -1: no room, nothing taken. */
  #carried(bytes: Uint8Array, from: number): number {
    const before = this.#carryLength;
    const feed = bytes.indexOf(LF, from);
    const to = feed < 0 ? bytes.length : feed + 1;
    this.#keep(bytes, from, to, this.#taken);
    if (feed < 0) return to;
    if (this.#skipping) {
      this.#skipped();
      return to;
    }
    const length = this.#carryLength;
    if (this.#scan(this.#carry, 0, length, this.#taken - before) < length) {
      this.#carryLength = before;
      return -1;
    }
    this.#carryLength = 0;
    return to;
  }

  #keep(bytes: Uint8Array, from: number, to: number, offset: number): void {
    const length = this.#carryLength + to - from;
    const content = to > from && bytes[to - 1] === LF ? length - 1 : length;
    if (content > MAX_LINE_BYTES) {
      this.#onTooLong(offset - this.#carryLength);
      this.#carryLength = 0;
      this.#skipping = true;
      return;
    }
    if (length + READ_AHEAD_BYTES > this.#carry.length) {
      const larger = new Uint8Array(length * 2 + READ_AHEAD_BYTES);
      larger.set(this.#carry.subarray(0, this.#carryLength));
      this.#carry = larger;
    }
    this.#carry.set(bytes.subarray(from, to), this.#carryLength);
    this.#carryLength = length;
  }

  #skipped(): void {
    this.#skipping = false;
    this.#onSkipped();
  }
}
