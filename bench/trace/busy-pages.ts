/**
 * One CPU's ring-buffer pages, each packed as full as the kernel packs them: page head, then records with the time since
 * the one before in their headers, and a time extend where 27 bits of nanoseconds do not hold it.
 *
 * Times get up to 2 µs of jitter and the DMA addresses of TREs and completions wander, both from a fixed seed: else a file
 * would be one page again and again, and compress as no recording does.
 */
import type { Cycle } from "./cycle.ts";

const PAGE_BYTES = 4096;
const HEAD_BYTES = 16;
const MAX_DELTA_NS = 2 ** 27;
const TIME_EXTEND = 30;
const JITTER_NS = 2048;
const BLOCK_PAGES = 256;
/** Of the recording's first event, ns after boot. */
const START_NS = 5_893_310_899;

/** @param write - takes blocks of whole pages; the block is used again. @returns pages written. */
export function writePages(cycle: Cycle, lane: number, cycles: number, write: (block: Uint8Array) => void): number {
  const { timesNs, payloads, addressAt } = cycle.lanes[lane] ?? { timesNs: [], payloads: [], addressAt: [] };
  const pages = new PageWriter(write);
  let random = 0x9e3779b9 + lane;
  for (let round = 0; round < cycles; round++) {
    const fromNs = START_NS + round * cycle.spanNs;
    for (const [i, payload] of payloads.entries()) {
      random ^= random << 13;
      random ^= random >>> 17;
      random ^= random << 5;
      pages.add(fromNs + (timesNs[i] ?? 0) + ((random >>> 8) % JITTER_NS), payload, addressAt[i] ?? -1, random);
    }
  }
  return pages.end();
}

class PageWriter {
  readonly #block = Buffer.alloc(BLOCK_PAGES * PAGE_BYTES);
  readonly #write: (block: Uint8Array) => void;
  #page = 0;
  #at = HEAD_BYTES;
  #lastNs = 0;
  #written = 0;

  constructor(write: (block: Uint8Array) => void) {
    this.#write = write;
  }

  add(wantedNs: number, payload: Buffer, addressAt: number, random: number): void {
    const tNs = Math.max(wantedNs, this.#lastNs); // jitter never turns the order around
    const first = this.#at === HEAD_BYTES;
    let delta = first ? 0 : tNs - this.#lastNs;
    const bytes = 4 + payload.length + (delta >= MAX_DELTA_NS ? 8 : 0);
    if (this.#at + bytes > PAGE_BYTES) {
      this.#closePage();
      this.add(tNs, payload, addressAt, random);
      return;
    }
    if (first) this.#block.writeBigUInt64LE(BigInt(tNs), this.#page * PAGE_BYTES);
    this.#lastNs = tNs;
    if (delta >= MAX_DELTA_NS) {
      this.#word(((delta % MAX_DELTA_NS) * 32 + TIME_EXTEND) >>> 0);
      this.#word(Math.floor(delta / MAX_DELTA_NS));
      delta = 0;
    }
    this.#word((delta * 32 + payload.length / 4) >>> 0);
    const at = this.#page * PAGE_BYTES + this.#at;
    this.#block.set(payload, at);
    // Another page of the same size of memory: bits 12 to 27.
    if (addressAt >= 0) this.#block.writeUInt32LE((random & 0x0ffff000) >>> 0, at + addressAt);
    this.#at += payload.length;
  }

  end(): number {
    if (this.#at > HEAD_BYTES) this.#closePage();
    this.#flush();
    return this.#written;
  }

  #word(word: number): void {
    this.#block.writeUInt32LE(word, this.#page * PAGE_BYTES + this.#at);
    this.#at += 4;
  }

  #closePage(): void {
    const page = this.#page * PAGE_BYTES;
    this.#block.writeBigUInt64LE(BigInt(this.#at - HEAD_BYTES), page + 8);
    this.#block.fill(0, page + this.#at, page + PAGE_BYTES);
    this.#at = HEAD_BYTES;
    this.#page++;
    if (this.#page === BLOCK_PAGES) this.#flush();
  }

  #flush(): void {
    if (this.#page > 0) this.#write(this.#block.subarray(0, this.#page * PAGE_BYTES));
    this.#written += this.#page;
    this.#page = 0;
  }
}
