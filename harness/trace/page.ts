/**
 * Ring-buffer pages ("sub-buffers") as `per_cpu/cpuN/trace_pipe_raw` gives them. Byte-level walk, no object per record.
 *
 *   header_page:  u64 timestamp | long commit | data ...
 *   commit:       low bits = valid bytes of data; bit 31 = records were lost before this page; bit 30 = their number
 *                 stands as one long right after the valid data
 *   record:       one word, type_len = bits 4:0, time_delta = bits 31:5, then by type_len
 *                 1..28  payload of type_len words
 *                 0      next word = payload bytes + 4, then the payload
 *                 29     padding: delta 0 ends the page, else skip (next word = bytes to skip)
 *                 30     time extend: delta += next word << 27
 *                 31     absolute time: (next word << 27) + delta, low 59 bits
 *
 * Source: kernel/trace/ring_buffer.c and include/linux/ring_buffer.h. Little-endian, as all hosts of this project are.
 * A delta counts from the record before it, whatever its type. The page's time stamp is that of the record before the
 * first one: on a whole page the first delta is 0, on the rest of a page that was read in parts it is not.
 */
import { RigFault } from "../base/errors.ts";
import { hex } from "../base/hex.ts";

export interface PageLayout {
  readonly pageBytes: number;
  readonly commitOffset: number;
  /** Size of the kernel's `long`. */
  readonly longBytes: number;
  readonly dataOffset: number;
}

const MISSED = 0x80000000;
const MISSED_STORED = 0x40000000;
const COMMIT_BYTES = 0x3fffffff;
const TWO_32 = 2 ** 32;
const TWO_27 = 2 ** 27;
const TWO_59 = 2 ** 59;
const MAX_PAGE_BYTES = 1 << 24;

/** @throws RigFault `trace-format` when `text` is not tracefs' `events/header_page`. */
export function parseHeaderPage(text: string): PageLayout {
  const field = (name: string): { offset: number; size: number } => {
    const parts = new RegExp(`field: [^;]*\\b${name};\\s*offset:(\\d+);\\s*size:(\\d+);`).exec(text);
    if (!parts)
      throw new RigFault("trace-format", `events/header_page: no field "${name}"; found "${text.slice(0, 80)}"`);
    return { offset: Number(parts[1]), size: Number(parts[2]) };
  };
  const commit = field("commit");
  const data = field("data");
  const pageBytes = data.offset + data.size;
  const sane = data.offset % 4 === 0 && pageBytes % 4096 === 0 && pageBytes <= MAX_PAGE_BYTES;
  if (field("timestamp").offset !== 0 || commit.offset !== 8 || data.offset !== commit.offset + commit.size || !sane) {
    throw new RigFault(
      "trace-format",
      `events/header_page: layout that this version does not know: "${text.slice(0, 300)}"`,
    );
  }
  return { pageBytes, commitOffset: commit.offset, longBytes: commit.size, dataOffset: data.offset };
}

/** Walks one page after the other; its fields hold the current record. */
export class PageCursor {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  /** Time of the current record, ns. */
  tNs = 0;
  /** Byte offset of the record's payload in the page, and the payload's bytes. */
  at = 0;
  length = 0;
  /** Records were lost before this page. */
  missed = false;
  /** How many; undefined when only the fact is known. */
  missedCount: number | undefined = undefined;
  /** Why the walk ended before the page's valid bytes did, with the offset in the page. */
  damage: string | undefined = undefined;

  readonly #layout: PageLayout;
  #pageNs = 0;
  #position = 0;
  #end = 0;

  constructor(layout: PageLayout) {
    const memory = new ArrayBuffer(layout.pageBytes);
    this.bytes = new Uint8Array(memory);
    this.words = new Uint32Array(memory);
    this.#layout = layout;
  }

  /** Time of the page's head; bytes that its records take. */
  get pageNs(): number {
    return this.#pageNs;
  }

  /** Starts on the page that the caller has copied into `bytes`. */
  open(): void {
    const { commitOffset, dataOffset, pageBytes, longBytes } = this.#layout;
    const commit = this.#word(commitOffset);
    const used = commit & COMMIT_BYTES;
    this.#pageNs = this.#word(0) + this.#word(4) * TWO_32;
    this.tNs = this.#pageNs;
    this.missed = (commit & MISSED) !== 0;
    this.missedCount = undefined;
    this.damage = undefined;
    this.#position = dataOffset;
    this.#end = dataOffset + used;
    if (this.#end > pageBytes || used % 4 !== 0) {
      this.#end = dataOffset;
      this.damage = `commit is ${hex(commit, 8)}, a page holds ${pageBytes - dataOffset} bytes: damaged, not a ring-buffer page, or of the other byte order`;
    } else if (this.missed && commit & MISSED_STORED && this.#end + longBytes <= pageBytes) {
      this.missedCount = this.#word(this.#end) + (longBytes === 8 ? this.#word(this.#end + 4) * TWO_32 : 0);
    }
  }

  /** Moves to the next record with a payload. False at the page's end; then look at `damage`. */
  next(): boolean {
    while (this.#position < this.#end) {
      const head = this.#word(this.#position);
      const type = head & 31;
      const delta = head >>> 5;
      if (type > 0 && type < 29) return this.#payload(delta, 4, type * 4);
      if (this.#position + 8 > this.#end) return type === 29 && delta === 0 ? this.#stop() : this.#broken(head);
      const second = this.#word(this.#position + 4);
      if (type === 0) {
        if (second < 4 || second % 4 !== 0) return this.#broken(head);
        return this.#payload(delta, 8, second - 4);
      }
      if (type === 29) {
        if (delta === 0) return this.#stop();
        if (second % 4 !== 0 || this.#position + 4 + second > this.#end) return this.#broken(head);
        // Delta 1 marks the tail of a page; any other is that of a record which was discarded after its time was taken.
        if (delta !== 1) this.tNs += delta;
        this.#position += 4 + second;
      } else {
        this.tNs = type === 30 ? this.tNs + second * TWO_27 + delta : this.#absolute(second * TWO_27 + delta);
        this.#position += 8;
      }
    }
    return false;
  }

  #payload(delta: number, headBytes: number, length: number): boolean {
    const next = this.#position + headBytes + length;
    if (next > this.#end) return this.#broken(this.#word(this.#position));
    this.tNs += delta;
    this.at = this.#position + headBytes;
    this.length = length;
    this.#position = next;
    return true;
  }

  /** The stamp holds 59 bits; the page's own has all 64. */
  #absolute(low: number): number {
    const full = Math.floor(this.#pageNs / TWO_59) * TWO_59 + low;
    return full < this.#pageNs ? full + TWO_59 : full;
  }

  #stop(): false {
    this.#position = this.#end;
    return false;
  }

  #broken(head: number): false {
    this.damage = `record at byte ${this.#position} of the page (head ${hex(head, 8)}) runs over the page's ${this.#end} valid bytes`;
    return this.#stop();
  }

  #word(offset: number): number {
    return this.words[offset >>> 2] ?? 0;
  }
}
