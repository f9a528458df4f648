/**
 * zstd by libzstd in WebAssembly (package zstddec). Its own `decode` copies and passes over libzstd's errors, so its
 * exports are called here: errors are seen, no memory is taken per chunk, and what a frame says of its own size is never
 * believed.
 */
import { ZSTDDecoder } from "zstddec/stream";
import { RigFault } from "../../base/errors.ts";
import type { Expander } from "./expander.ts";

/** What the module exports: libzstd's own functions. C's `size_t` is 32 bits; errors are negative. */
interface Zstd {
  readonly memory: { readonly buffer: ArrayBuffer };
  malloc(bytes: number): number;
  free(pointer: number): void;
  ZSTD_decompress(target: number, capacity: number, source: number, length: number): number;
  ZSTD_createDCtx(): number;
  ZSTD_freeDCtx(context: number): number;
  ZSTD_decompressStream(context: number, output: number, input: number): number;
}

let loading: Promise<Zstd> | undefined;

/** The package hides its module; `_init`, which is in its types, is handed it by the first `init` of the process. */
export function loadZstd(): Promise<Zstd> {
  loading ??= new Promise<Zstd>((resolve, reject) => {
    const decoder = new ZSTDDecoder();
    const original = decoder._init;
    decoder._init = (result) => {
      original(result);
      resolve(result.instance.exports as unknown as Zstd);
    };
    decoder.init().catch(reject);
  });
  return loading;
}

/** Memory inside the module that grows when more is asked for. */
class Room {
  readonly #zstd: Zstd;
  #pointer = 0;
  #bytes = 0;

  constructor(zstd: Zstd) {
    this.#zstd = zstd;
  }

  /** @throws RigFault `trace-memory` */
  at(bytes: number): number {
    if (bytes <= this.#bytes) return this.#pointer;
    if (this.#pointer !== 0) this.#zstd.free(this.#pointer);
    this.#pointer = this.#zstd.malloc(bytes);
    this.#bytes = this.#pointer === 0 ? 0 : bytes;
    if (this.#pointer === 0) throw new RigFault("trace-memory", `no memory for ${bytes} bytes of zstd data`);
    return this.#pointer;
  }
}

/** Single frames, each into the same memory. */
export function zstdExpander(zstd: Zstd): Expander {
  const source = new Room(zstd);
  const target = new Room(zstd);
  return {
    expand(packed, expandedBytes, where) {
      const from = source.at(packed.length);
      const to = target.at(expandedBytes);
      new Uint8Array(zstd.memory.buffer, from, packed.length).set(packed);
      const made = zstd.ZSTD_decompress(to, expandedBytes, from, packed.length);
      if (made === expandedBytes) return new Uint8Array(zstd.memory.buffer, to, made);
      const found = made < 0 ? `zstd's error ${-made}` : `${made}`;
      throw new RigFault("trace-damaged", `${where}: expected ${expandedBytes} expanded bytes, found ${found}`);
    },
  };
}

const BLOCK_BYTES = 128 << 10;
/** Two buffer records of libzstd: pointer, size, position. */
const BUFFER_BYTES = 12;

/** A .zst stream, of several frames too. A block handed out is a copy. @throws Error when it is damaged or cut. */
export async function* expandZstd(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const zstd = await loadZstd();
  const context = zstd.ZSTD_createDCtx();
  const records = zstd.malloc(2 * BUFFER_BYTES);
  const source = zstd.malloc(BLOCK_BYTES);
  const target = zstd.malloc(BLOCK_BYTES);
  const output = records + BUFFER_BYTES;
  let wanted = 0; // 0: a frame ended exactly here
  try {
    for await (const chunk of packed) {
      for (let at = 0; at < chunk.length; at += BLOCK_BYTES) {
        const part = chunk.subarray(at, at + BLOCK_BYTES);
        new Uint8Array(zstd.memory.buffer, source, part.length).set(part);
        new Uint32Array(zstd.memory.buffer, records, 3).set([source, part.length, 0]);
        for (let more = true; more; ) {
          new Uint32Array(zstd.memory.buffer, output, 3).set([target, BLOCK_BYTES, 0]);
          wanted = zstd.ZSTD_decompressStream(context, output, records);
          if (wanted < 0) throw new Error(`zstd's error ${-wanted}`);
          const words = new Uint32Array(zstd.memory.buffer, records, 6);
          const used = words[2] ?? 0;
          const made = words[5] ?? 0;
          if (made > 0) yield new Uint8Array(zstd.memory.buffer, target, made).slice();
          // After a frame's end another call with nothing to read would ask for the next frame, as a cut one does.
          more = used < part.length || (made === BLOCK_BYTES && wanted !== 0);
        }
      }
    }
    if (wanted !== 0) throw new Error("the file is cut");
  } finally {
    zstd.ZSTD_freeDCtx(context);
    for (const pointer of [records, source, target]) zstd.free(pointer);
  }
}
