/**
 * Records of one CPU -> ring-buffer pages, as kernel/trace/ring_buffer.c lays them out (harness/trace/ring/layout.ts
 * tells how). The page's time is that of its first record, whose delta is 0.
 */
import type { Extent, SpoolFile } from "./spool-file.ts";

export const PAGE_BYTES = 4096;
const DATA_OFFSET = 16;
const COMMIT_WORD = 2;
const MISSED = 0x80000000;
const MISSED_STORED = 0x40000000;
const COUNT_BYTES = 8;
const MAX_SHORT_PAYLOAD = 28 * 4;
const MAX_DELTA = 2 ** 27 - 1;
const TIME_EXTEND = 30;
const TWO_27 = 2 ** 27;
const TWO_32 = 2 ** 32;
/** An absolute delta above this does not fit one time extend: a page of its own. */
const MAX_EXTENDED = 2 ** 59;
/** The longest payload that any page takes: its time extend, head and length word, and a count of losses, beside it. */
export const MAX_PAYLOAD_BYTES = PAGE_BYTES - DATA_OFFSET - COUNT_BYTES - 8 - 8;
const BLOCK_PAGES = 16;

export class LanePages {
  readonly cpu: number;
  readonly buffer: string;
  readonly #spool: SpoolFile;
  readonly #originNs: () => bigint;
  readonly #extents: Extent[] = [];
  /** One page at first, more once the lane shows to be a busy one. */
  #block = new Uint8Array(PAGE_BYTES);
  #words = new Uint32Array(this.#block.buffer);
  /** Page under way: its first byte in the block, and bytes of its data. */
  #page = 0;
  #used = 0;
  #open = false;
  #lastNs = 0;
  /** Loss before the next page; its number where that is known. */
  #missed = false;
  #missedCount: number | undefined = 0;
  #missedToNs = 0;
  /** Data bytes that the page under way may take. */
  #room = 0;

  constructor(cpu: number, buffer: string, spool: SpoolFile, originNs: () => bigint) {
    this.cpu = cpu;
    this.buffer = buffer;
    this.#spool = spool;
    this.#originNs = originNs;
  }

  /** @param payload - words of the record, of which `bytes` (a multiple of 4, `MAX_PAYLOAD_BYTES` at most) are taken. */
  add(tNs: number, payload: Uint32Array, bytes: number): void {
    const head = bytes <= MAX_SHORT_PAYLOAD ? 4 : 8;
    const delta = this.#open ? tNs - this.#lastNs : 0;
    const extend = delta > MAX_DELTA ? 8 : 0;
    const fits = this.#open && delta >= 0 && delta < MAX_EXTENDED && this.#used + extend + head + bytes <= this.#room;
    if (!fits) this.#begin(tNs);
    let at = (this.#page + DATA_OFFSET + this.#used) >>> 2;
    const words = this.#words;
    let low = fits ? delta : 0;
    if (fits && extend > 0) {
      low = 0;
      words[at++] = (((delta % TWO_27) << 5) | TIME_EXTEND) >>> 0;
      words[at++] = Math.floor(delta / TWO_27);
    }
    if (head === 4) words[at++] = ((low << 5) | (bytes >>> 2)) >>> 0;
    else {
      words[at++] = (low << 5) >>> 0;
      words[at++] = bytes + 4;
    }
    for (let i = 0; i < bytes >>> 2; i++) words[at + i] = payload[i] ?? 0;
    this.#used = ((at << 2) + bytes - this.#page - DATA_OFFSET) | 0;
    this.#lastNs = tNs;
  }

  /** Records were lost up to `toNs`; `lost` where their number is known. */
  lose(toNs: number, lost: number | undefined): void {
    this.#end();
    this.#missed = true;
    this.#missedToNs = toNs;
    this.#missedCount = lost === undefined || this.#missedCount === undefined ? undefined : this.#missedCount + lost;
  }

  /** Ends the last page. A loss that no record follows is an empty page's. @returns bytes of all pages. */
  finish(): number {
    if (this.#missed) this.#begin(Math.max(this.#missedToNs, this.#lastNs));
    this.#end();
    this.#flush();
    return this.#extents.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  *chunks(): Generator<Uint8Array> {
    for (const extent of this.#extents) yield this.#spool.read(extent);
  }

  #begin(tNs: number): void {
    this.#end();
    if (this.#page === this.#block.length) this.#flush();
    const at = this.#page >>> 2;
    this.#block.fill(0, this.#page, this.#page + PAGE_BYTES);
    const origin = this.#originNs();
    const clock = origin === 0n ? undefined : origin + BigInt(tNs);
    this.#words[at] = clock === undefined ? tNs % TWO_32 : Number(clock & 0xffffffffn);
    this.#words[at + 1] = clock === undefined ? Math.floor(tNs / TWO_32) : Number(clock >> 32n);
    this.#room = PAGE_BYTES - DATA_OFFSET - (this.#missed ? COUNT_BYTES : 0);
    this.#used = 0;
    this.#open = true;
    this.#lastNs = tNs;
  }

  #end(): void {
    if (!this.#open) return;
    const at = (this.#page >>> 2) + COMMIT_WORD;
    let commit = this.#used;
    if (this.#missed) {
      commit += MISSED;
      const count = this.#missedCount;
      if (count !== undefined && count > 0) {
        commit += MISSED_STORED;
        const countAt = (this.#page + DATA_OFFSET + this.#used) >>> 2;
        this.#words[countAt] = count % TWO_32;
        this.#words[countAt + 1] = Math.floor(count / TWO_32);
      }
    }
    this.#words[at] = commit;
    this.#missed = false;
    this.#missedCount = 0;
    this.#open = false;
    this.#page += PAGE_BYTES;
  }

  #flush(): void {
    if (this.#page === 0) return;
    this.#extents.push(this.#spool.append(this.#block.subarray(0, this.#page)));
    this.#page = 0;
    if (this.#block.length > PAGE_BYTES) return;
    this.#block = new Uint8Array(BLOCK_PAGES * PAGE_BYTES);
    this.#words = new Uint32Array(this.#block.buffer);
  }
}
