/** Any recording that the trace engine reads, by its content. */
import { statSync } from "node:fs";
import { describeError, RigFault, UsageError } from "../../base/errors.ts";
import { FileView } from "../dat/file-view.ts";
import { pageSourceOf } from "../dat/open-dat.ts";
import { isDat, readDat } from "../dat/read-dat.ts";
import type { TraceSource } from "../source.ts";
import { expanderOf, sniffCompression } from "./compression.ts";
import type { Input } from "./input.ts";

export interface OpenOptions {
  /** tracefs instance to read from a trace.dat; undefined: all, "" the top-level buffer. */
  readonly buffer?: string;
  /** Text that is still written to: events are handed out as they come, not when a batch is full; ends at this signal. */
  readonly live?: AbortSignal;
}

/**
 * Opens trace.dat (versions 6 and 7), a folder of raw pages, or text of ftrace or the kernel log, plain or in gzip, xz or
 * zstd. A trace.dat from a pipe or in compressed form is expanded into a nameless temporary file.
 *
 * @param path - a file, a folder, or `-` for standard input.
 * @throws UsageError `trace-unreadable`, `trace-unknown` (says what was expected), `trace-no-buffer`, `trace-live`; RigFault
 * `trace-cut`, `trace-damaged`, `trace-version`, `trace-byte-order`, `trace-format-changed`, `trace-bomb`.
 */
export async function openTrace(path: string, options: OpenOptions = {}): Promise<TraceSource> {
  // The parts for other forms are loaded when they are met: half of a short decode would be loading them.
  const kind = path === "-" ? "stream" : statOf(path);
  if (kind === "folder") return (await import("./raw-folder.ts")).openRawFolder(path);
  if (kind === "file") {
    const file = FileView.open(path);
    const head = Buffer.alloc(Math.min(HEAD_BYTES, file.size));
    file.readSome(head, 0);
    if (isDat(head)) return openDat(file, options);
    if (!sniffCompression(head)) return openText({ name: path, head, chunks: partOf(file, 0) }, () => file.close());
    file.close();
  }
  const { fileBytes, openInput } = await import("./input.ts");
  const [name, bytes] = path === "-" ? ["standard input", process.stdin] : [path, fileBytes(path)];
  if (!options.live) return openStream(await openInput(name, bytes), options);
  const { isTold, until } = await import("./live-input.ts");
  return openStream(await openInput(name, until(options.live, bytes), isTold), options);
}

/** Enough to tell what it is. */
const HEAD_BYTES = 64 << 10;

function statOf(path: string): "folder" | "file" | "stream" {
  try {
    const stat = statSync(path);
    return stat.isDirectory() ? "folder" : stat.isFile() ? "file" : "stream";
  } catch (cause) {
    throw new UsageError("trace-unreadable", `${path} cannot be opened: ${describeError(cause)}`, { cause });
  }
}

async function openStream(input: Input, options: OpenOptions): Promise<TraceSource> {
  if (!isDat(input.head)) return openText(input, undefined, options.live !== undefined);
  if (options.live) {
    throw new UsageError(
      "trace-live",
      `${input.name}: a trace.dat is read when it is whole; to watch a host, give the text of its trace_pipe`,
    );
  }
  const { spool } = await import("./input.ts");
  return openDat(await spool(input), options);
}

/** @param close - what is open for the chunks; called here when it is no text of ours. */
async function openText(
  input: Pick<Input, "name" | "head" | "chunks">,
  close?: () => void,
  live = false,
): Promise<TraceSource> {
  const { sniffText } = await import("../text/sniff.ts");
  const { TextSource } = await import("./text-source.ts");
  const { name, head, chunks } = input;
  const sniffed = sniffText(head);
  if (!("notText" in sniffed)) return new TextSource(name, chunks, close, live);
  close?.();
  throw new UsageError("trace-unknown", `${name}: ${sniffed.notText}${pagesHint(head)}; ${EXPECTED}`);
}

const EXPECTED =
  "expected a trace.dat, a folder of raw pages with their format files, or text of trace, trace_pipe, trace-cmd report or the kernel log";

/** A page begins with a time stamp and a commit that fits in it. */
function pagesHint(head: Uint8Array): string {
  if (head.length < 4096) return "";
  const commit = Buffer.from(head.buffer, head.byteOffset, head.length).readUInt32LE(8) & 0x3fffffff;
  const plausible = commit > 0 && commit <= 4080 && commit % 4 === 0;
  return plausible ? " (it may be raw ring-buffer pages: name the folder that holds them and the format files)" : "";
}

async function openDat(file: FileView, options: OpenOptions): Promise<TraceSource> {
  try {
    const { dat, expander } = await readDat(file, expanderOf);
    if (dat.buffers.length === 0 && dat.text) {
      const { offset, bytes, compressed } = dat.text;
      if (compressed)
        throw new RigFault(
          "trace-latency",
          `${file.name}: holds compressed text of a latency tracer, which is not read; convert it with trace-cmd report`,
        );
      const { TextSource } = await import("./text-source.ts");
      return new TextSource(file.name, partOf(file, offset, bytes), () => file.close());
    }
    const records = pageSourceOf(file, dat, expander, options.buffer);
    if (dat.formats.some(({ system }) => system === "mhi_host")) return records;
    const { standIn } = await import("../probe/stand-in.ts");
    return standIn(
      records,
      dat.formats.map(({ system, text }) => `${system}:${/^name: (\S+)/.exec(text)?.[1]}`),
    );
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Each chunk is good until the next is asked for. */
async function* partOf(file: FileView, offset: number, bytes = Number.POSITIVE_INFINITY): AsyncGenerator<Uint8Array> {
  const chunk = Buffer.alloc(256 << 10);
  for (let done = 0; done < bytes; ) {
    const got = file.readSome(chunk.subarray(0, Math.min(chunk.length, bytes - done)), offset + done);
    if (got === 0) return;
    done += got;
    yield chunk.subarray(0, got);
  }
}
