/** gzip, xz and zstd, as streams and as single pieces of known size. Libraries behind one door. */
import { type Duplex, pipeline, Readable } from "node:stream";
import { createGunzip, inflateSync } from "node:zlib";
import { describeError, RigFault } from "../../base/errors.ts";
import { oneLine } from "../../base/one-line.ts";
import type { Expander } from "./expander.ts";

export type Compression = "gzip" | "xz" | "zstd";

const MAGICS: readonly (readonly [Compression, Uint8Array])[] = [
  ["gzip", Uint8Array.of(0x1f, 0x8b)],
  ["xz", Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)],
  ["zstd", Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd)],
];

export function sniffCompression(head: Uint8Array): Compression | undefined {
  return MAGICS.find(([, magic]) => magic.every((byte, i) => head[i] === byte))?.[0];
}

/** @throws whatever the library throws when the data is damaged or cut: the caller knows where it stood. */
export function expandStream(compression: Compression, packed: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  if (compression === "gzip") return through(packed, createGunzip({ chunkSize: 256 << 10 }));
  return compression === "zstd" ? expandZstdLater(packed) : expandXz(packed);
}

/** The libraries are loaded when a file needs them. */
async function* expandZstdLater(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { expandZstd } = await import("./zstd.ts");
  yield* expandZstd(packed);
}

/** The library reads one .xz at a time in a process: the next waits until this one is read or given up. */
async function* expandXz(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { default: xz } = await import("xz-decompress");
  yield* new xz.XzReadableStream(Readable.toWeb(Readable.from(packed)) as ReadableStream<Uint8Array>);
}

/** The last stream ends with whatever error any of them meets. */
function through(packed: AsyncIterable<Uint8Array>, expander: Duplex): AsyncIterable<Uint8Array> {
  pipeline(Readable.from(packed), expander, () => undefined);
  return expander;
}

/**
 * @param fileName - for the message.
 * @throws RigFault `trace-compression` for a name that is none of trace-cmd's.
 */
export async function expanderOf(compression: string, fileName: string): Promise<Expander> {
  if (compression === "none") return { expand: (packed) => packed };
  if (compression === "zstd") {
    const { loadZstd, zstdExpander } = await import("./zstd.ts");
    return zstdExpander(await loadZstd());
  }
  if (compression === "zlib") return checked((packed) => inflateSync(packed));
  throw new RigFault(
    "trace-compression",
    `${fileName}: compression "${oneLine(compression, 20)}" is unknown: expected none, zlib or zstd`,
  );
}

function checked(expandAll: (packed: Uint8Array, expandedBytes: number) => Uint8Array): Expander {
  return {
    expand(packed, expandedBytes, where) {
      let expanded: Uint8Array;
      try {
        expanded = expandAll(packed, expandedBytes);
      } catch (cause) {
        throw new RigFault("trace-damaged", `${where}: compressed data is damaged: ${describeError(cause)}`, { cause });
      }
      if (expanded.length === expandedBytes) return expanded;
      throw new RigFault(
        "trace-damaged",
        `${where}: expected ${expandedBytes} expanded bytes, found ${expanded.length}`,
      );
    },
  };
}
