/** Bounded reads of a recording's file, and a bounded little-endian walk over a part of it. Errors name file and offset. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { describeError, RigFault, UsageError } from "../../base/errors.ts";
import { oneLine } from "../../base/one-line.ts";

/** Formats, names, tables: the largest that is read at once, far above any that a kernel makes. Pages have their own blocks. */
export const MAX_PART_BYTES = 64 << 20;

export class FileView {
  readonly name: string;
  readonly size: number;
  #descriptor: number | undefined;

  /** @param name - for messages; `descriptor` is closed by `close`. */
  constructor(name: string, descriptor: number) {
    this.name = name;
    this.#descriptor = descriptor;
    this.size = fstatSync(descriptor).size;
  }

  /** @throws UsageError `trace-unreadable` */
  static open(path: string): FileView {
    try {
      return new FileView(path, openSync(path, "r"));
    } catch (cause) {
      throw new UsageError("trace-unreadable", `${path} cannot be opened: ${describeError(cause)}`, { cause });
    }
  }

  /** As many bytes as there are from `offset` on, at most `into.length`. @throws UsageError `trace-unreadable` */
  readSome(into: Uint8Array, offset: number): number {
    if (this.#descriptor === undefined) return 0;
    let done = 0;
    while (done < into.length) {
      const got = this.#readOnce(this.#descriptor, into, done, offset);
      if (got === 0) break;
      done += got;
    }
    return done;
  }

  /** @throws RigFault `trace-cut` when the file ends before; `trace-damaged` above `MAX_PART_BYTES`. */
  read(offset: number, length: number, what: string): Buffer {
    if (offset + length > this.size) this.fail("trace-cut", offset, what, `${length} bytes`, this.#rest(offset));
    if (length > MAX_PART_BYTES)
      this.fail("trace-damaged", offset, what, `at most ${MAX_PART_BYTES} bytes`, String(length));
    const bytes = Buffer.allocUnsafe(length);
    const got = this.readSome(bytes, offset);
    if (got < length) this.fail("trace-cut", offset, what, `${length} bytes`, `${got}`);
    return bytes;
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  fail(code: string, offset: number, what: string, expected: string, found: string): never {
    throw new RigFault(
      code,
      `${this.name}, byte ${offset}: ${oneLine(what)}: expected ${expected}, found ${oneLine(found)}`,
    );
  }

  #readOnce(descriptor: number, into: Uint8Array, done: number, offset: number): number {
    try {
      return readSync(descriptor, into, done, into.length - done, offset + done);
    } catch (cause) {
      const where = `${this.name}, byte ${offset + done}`;
      throw new UsageError("trace-unreadable", `${where}: cannot be read: ${describeError(cause)}`, { cause });
    }
  }

  #rest = (offset: number): string =>
    offset >= this.size ? `the file's end at byte ${this.size}` : `${this.size - offset} to the file's end`;
}

/** Bytes that a walk reads ahead of need. */
const AHEAD_BYTES = 64 << 10;

/** Walks a part of a file: bytes in memory, or the file itself from some offset on. Errors name the offset. */
export class ByteWalk {
  readonly #file: FileView;
  /** Offset of the part in the file; where the part was compressed, of its compressed form. */
  readonly #base: number;
  readonly #length: number;
  /** What is in memory, and where in the part it begins. */
  #window: Buffer;
  #windowAt = 0;
  at = 0;

  /** @param bytes - undefined: the file, from `base` to its end, read piece by piece. */
  constructor(file: FileView, bytes: Buffer | undefined, base: number) {
    this.#file = file;
    this.#base = base;
    this.#window = bytes ?? Buffer.alloc(0);
    this.#length = bytes ? bytes.length : Math.max(0, file.size - base);
  }

  get left(): number {
    return this.#length - this.at;
  }

  get offset(): number {
    return this.#base + this.at;
  }

  u8(what: string): number {
    return this.#take(1, what).readUInt8(0);
  }

  u16(what: string): number {
    return this.#take(2, what).readUInt16LE(0);
  }

  u32(what: string): number {
    return this.#take(4, what).readUInt32LE(0);
  }

  u64(what: string): bigint {
    return this.#take(8, what).readBigUInt64LE(0);
  }

  /** A size or an offset: what is not an exact double is no place in a file. */
  size(what: string): number {
    const value = this.u64(what);
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    return this.#file.fail("trace-damaged", this.offset - 8, what, "a place in the file", `0x${value.toString(16)}`);
  }

  bytes(length: number, what: string): Buffer {
    return this.#take(length, what);
  }

  skip(length: number, what: string): void {
    if (length > this.left) this.#short(length, what);
    this.at += length;
  }

  /** Text up to its NUL. */
  text(what: string): string {
    const from = this.at;
    for (let bytes = Math.min(256, this.left); ; bytes = Math.min(bytes * 4, this.left)) {
      const seen = this.#take(bytes, what);
      const nul = seen.indexOf(0);
      this.at = from;
      if (nul >= 0) {
        this.at = from + nul + 1;
        return seen.toString("utf8", 0, nul);
      }
      if (bytes === this.left || bytes > AHEAD_BYTES)
        this.fail(what, "text that ends in NUL", `none in ${bytes} bytes`);
    }
  }

  fail(what: string, expected: string, found: string): never {
    return this.#file.fail("trace-damaged", this.offset, what, expected, found);
  }

  #take(length: number, what: string): Buffer {
    if (length > this.left) this.#short(length, what);
    const from = this.at - this.#windowAt;
    this.at += length;
    if (from >= 0 && from + length <= this.#window.length) return this.#window.subarray(from, from + length);
    this.#windowAt = this.at - length;
    const wanted = Math.min(Math.max(length, AHEAD_BYTES), this.#length - this.#windowAt);
    this.#window = this.#file.read(this.#base + this.#windowAt, wanted, what);
    return this.#window.subarray(0, length);
  }

  #short(length: number, what: string): never {
    return this.#file.fail("trace-cut", this.offset, what, `${length} bytes`, `${this.left} left`);
  }
}
