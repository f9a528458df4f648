/** Bytes of a recording that come one after the other: a pipe, or a compressed file. Recognised by content, never by name. */
import { createReadStream, createWriteStream, mkdtempSync, openSync, rmSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { describeError, RigFault, UsageError } from "../../base/errors.ts";
import { FileView } from "../dat/file-view.ts";
import { type Compression, expandStream, sniffCompression } from "./compression.ts";

/** Enough to tell what it is. */
export const HEAD_BYTES = 64 << 10;
/** A file that expands to more than this, and this much, is no recording: traces shrink to a twentieth, not to a two-hundredth. */
const BOMB_BYTES = 512 << 20;
const BOMB_RATIO = 200;

export interface Input {
  readonly name: string;
  /** First bytes: `HEAD_BYTES`, or all there are. */
  readonly head: Uint8Array;
  /** All bytes, the head among them. */
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly compression: Compression | undefined;
}

/**
 * @param enough - of a pipe that is still written to: this much of its head is enough to tell what it is.
 * @throws UsageError `trace-unreadable`; RigFault `trace-damaged` of a compressed stream that is none.
 */
export async function openInput(
  name: string,
  bytes: AsyncIterable<Uint8Array>,
  enough: (head: Uint8Array) => boolean = () => false,
): Promise<Input> {
  const packed = await withHead(readable(name, bytes), enough);
  const compression = sniffCompression(packed.head);
  if (!compression) return { name, ...packed, compression };
  const expanded = await withHead(bounded(name, compression, packed.chunks));
  return { name, ...expanded, compression };
}

/** Opened with the first step and closed when the reader stops: a file that nobody reads is never opened. */
export async function* fileBytes(path: string): AsyncGenerator<Uint8Array> {
  yield* readable(path, createReadStream(path, { highWaterMark: 256 << 10 }));
}

async function* readable(name: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError("trace-unreadable", `${name} cannot be read: ${describeError(cause)}`, { cause });
  }
}

async function* bounded(
  name: string,
  compression: Compression,
  packed: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let taken = 0;
  let given = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of packed) {
      taken += chunk.length;
      yield chunk;
    }
  };
  try {
    for await (const chunk of expandStream(compression, counted())) {
      given += chunk.length;
      if (given > BOMB_BYTES && given > taken * BOMB_RATIO) {
        throw new RigFault(
          "trace-bomb",
          `${name}: ${taken} bytes of ${compression} expand to more than ${given}: no recording does; expand it yourself if you trust it`,
        );
      }
      yield chunk;
    }
  } catch (cause) {
    if (cause instanceof RigFault || cause instanceof UsageError) throw cause;
    throw new RigFault(
      "trace-damaged",
      `${name}: ${compression} data is damaged or cut near byte ${taken}, after ${given} expanded bytes: ${describeError(cause)}`,
      { cause },
    );
  }
}

/** Reads ahead until the head is there. */
async function withHead(
  bytes: AsyncIterable<Uint8Array>,
  enough: (head: Uint8Array) => boolean = () => false,
): Promise<{ head: Uint8Array; chunks: AsyncIterable<Uint8Array> }> {
  const iterator = bytes[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let heldBytes = 0;
  while (heldBytes < HEAD_BYTES) {
    const next = await iterator.next();
    if (next.done) break;
    held.push(next.value);
    heldBytes += next.value.length;
    if (enough(Buffer.concat(held))) break;
  }
  const head = Buffer.concat(held).subarray(0, HEAD_BYTES);
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* held;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  };
  return { head, chunks: chunks() };
}

/** Recordings whose parts are read side by side need a file: a copy that has no name and goes with its descriptor. */
export async function spool(input: Input): Promise<FileView> {
  const folder = mkdtempSync(join(tmpdir(), "mhi-hil-"));
  const path = join(folder, "spool");
  try {
    await pipeline(input.chunks, createWriteStream(path, { mode: 0o600 }));
    const descriptor = openSync(path, "r");
    unlinkSync(path);
    return new FileView(input.name, descriptor);
  } catch (cause) {
    if (cause instanceof RigFault || cause instanceof UsageError) throw cause;
    throw new RigFault(
      "trace-spool",
      `${input.name}: no room for an expanded copy in ${tmpdir()}: ${describeError(cause)}`,
      {
        cause,
      },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
