import { HEADER_BYTES, type Header, MAX_FRAME_BYTES, type Message, readHeader } from "./message.ts";

export type Frame =
  | { readonly kind: "message"; readonly message: Message }
  /** The header announces more than anyone may send; its bytes are skipped, the stream goes on. */
  | { readonly kind: "too-long"; readonly header: Header }
  /** The header announces less than itself: where the next frame starts is unknown, the stream is lost. */
  | { readonly kind: "broken"; readonly header: Header };

/**
 * Cuts a byte stream into frames: `append` what came, then `next` until it returns undefined (= not yet).
 * Frames may be split anywhere and joined. Memory is bounded by one frame and one chunk.
 */
export class FrameReader {
  #chunks: Buffer[] = [];
  #length = 0;
  #skip = 0;
  #wanted = HEADER_BYTES;

  append(chunk: Buffer): void {
    const skipped = Math.min(this.#skip, chunk.length);
    this.#skip -= skipped;
    if (skipped === chunk.length) return;
    this.#chunks.push(skipped === 0 ? chunk : chunk.subarray(skipped));
    this.#length += chunk.length - skipped;
  }

  next(): Frame | undefined {
    if (this.#length < this.#wanted) return undefined;
    const bytes = this.#joined();
    const header = readHeader(bytes);
    if (header.size < HEADER_BYTES) return { kind: "broken", header };
    if (header.size > MAX_FRAME_BYTES) return this.#tooLong(bytes, header);
    if (bytes.length < header.size) {
      this.#wanted = header.size;
      return undefined;
    }
    this.#keep(bytes.subarray(header.size));
    return { kind: "message", message: { ...header, payload: bytes.subarray(HEADER_BYTES, header.size) } };
  }

  #tooLong(bytes: Buffer, header: Header): Frame {
    const here = Math.min(bytes.length, header.size);
    this.#skip = header.size - here;
    this.#keep(bytes.subarray(here));
    return { kind: "too-long", header };
  }

  #joined(): Buffer {
    const [first] = this.#chunks;
    const bytes = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks, this.#length);
    this.#chunks = [bytes];
    return bytes;
  }

  #keep(rest: Buffer): void {
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#length = rest.length;
    this.#wanted = HEADER_BYTES;
  }
}
