const PAGE_BYTES = 4096;

/** A stretch of registers that hold what was written to them. A page comes with its first write; the rest reads as 0. */
export class PagedMemory {
  readonly #sizeBytes: number;
  readonly #pages = new Map<number, Buffer>();

  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
  }

  clear(): void {
    this.#pages.clear();
  }

  read(offset: number, lengthBytes: number): Buffer {
    const bytes = Buffer.alloc(lengthBytes);
    for (let at = 0; at < lengthBytes; at++) {
      bytes[at] = this.#pages.get(pageOf(offset + at))?.[(offset + at) % PAGE_BYTES] ?? 0;
    }
    return bytes;
  }

  /** What lies beyond the end is dropped. */
  write(offset: number, data: Uint8Array): void {
    const end = Math.min(data.length, this.#sizeBytes - offset);
    for (let at = 0; at < end; at++) this.#page(pageOf(offset + at))[(offset + at) % PAGE_BYTES] = data[at] ?? 0;
  }

  read32(offset: number): number {
    return this.read(offset, 4).readUInt32LE(0);
  }

  write32(offset: number, value: number): void {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value >>> 0);
    this.write(offset, bytes);
  }

  #page(index: number): Buffer {
    const known = this.#pages.get(index);
    if (known) return known;
    const page = Buffer.alloc(PAGE_BYTES);
    this.#pages.set(index, page);
    return page;
  }
}

const pageOf = (offset: number): number => Math.floor(offset / PAGE_BYTES);
