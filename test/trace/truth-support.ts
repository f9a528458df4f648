/** Recordings of test/data/trace/truth, opened by the engine and, beside it, taken apart record by record. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { ChunkFeed, PlainFeed } from "../../harness/trace/dat/feeds.ts";
import { FileView } from "../../harness/trace/dat/file-view.ts";
import { readDat } from "../../harness/trace/dat/read-dat.ts";
import { type EventFormat, parseFormat, parsePrintkFormats } from "../../harness/trace/format.ts";
import type { Gap, TraceEvent } from "../../harness/trace/mhi-events.ts";
import { expanderOf } from "../../harness/trace/open/compression.ts";
import { openTrace } from "../../harness/trace/open/open-trace.ts";
import { compilePrint, type Printer } from "../../harness/trace/print-fmt/print.ts";
import type { TraceInfo } from "../../harness/trace/source.ts";
import { recordsOf } from "../support/page-records.ts";

const ROOT = fileURLToPath(new URL("../data/trace/truth/", import.meta.url));

export const KERNELS = ["6.12", "7.2"] as const;

export const pathOf = (kernel: string, name: string): string => `${ROOT}linux-${kernel}/${name}`;
export const textOf = (kernel: string, name: string): string =>
  gunzipSync(readFileSync(pathOf(kernel, `${name}.gz`))).toString("utf8");

/** Names of a kernel's recordings, as `nominal.dat` or `v6.dat.gz`, that a report stands beside. */
export function recordingsOf(kernel: string): string[] {
  const names = readdirSync(pathOf(kernel, ""));
  return names.filter((name) => /\.dat(\.gz)?$/.test(name) && names.includes(`${stem(name)}.report.txt.gz`));
}

export const stem = (name: string): string => name.replace(/\.dat(\.gz)?$/, "");

export interface Row {
  readonly event: TraceEvent;
  /** common_flags | common_preempt_count << 8 */
  readonly flags: number;
  /** The clock's own value. */
  readonly clock: bigint;
  readonly comm: string | undefined;
}

export interface Opened {
  readonly info: TraceInfo;
  readonly gaps: readonly Gap[];
  readonly rows: readonly Row[];
}

export async function readAll(path: string): Promise<Opened> {
  const source = await openTrace(path);
  const rows: { event: TraceEvent; flags: number; tNs: number }[] = [];
  try {
    for await (const batch of source.batches())
      for (let i = 0; i < batch.length; i++) {
        const event = batch.event(i);
        rows.push({ event, flags: batch.flags[i] ?? 0, tNs: event.tNs });
      }
    const { info, gaps } = source;
    const clockOf = (tNs: number): bigint => info.originNs + BigInt(tNs);
    return {
      info,
      gaps: [...gaps],
      rows: rows.map(({ event, flags, tNs }) => ({
        event,
        flags,
        clock: clockOf(tNs),
        comm: info.comms.get(event.pid),
      })),
    };
  } finally {
    source.close();
  }
}

/** One CPU of one buffer: each of its records as its own print fmt prints it. */
export interface PrintedCpu {
  readonly buffer: string;
  readonly cpu: number;
  /** Event and text; undefined text: the event's format is not in the recording. */
  readonly records: readonly { readonly name: string; readonly text: string }[];
}

/** @param path - of a trace.dat, which may be packed by gzip. */
export async function printedRecords(path: string): Promise<PrintedCpu[]> {
  if (!path.endsWith(".gz")) return printedOf(path);
  const folder = mkdtempSync(join(tmpdir(), "mhi-hil-truth-"));
  try {
    writeFileSync(join(folder, "trace.dat"), gunzipSync(readFileSync(path)));
    return await printedOf(join(folder, "trace.dat"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function printedOf(path: string): Promise<PrintedCpu[]> {
  const file = FileView.open(path);
  try {
    const { dat, expander } = await readDat(file, expanderOf);
    const formats = new Map<number, EventFormat>();
    for (const { text, system } of dat.formats) {
      const format = parseFormat(text, system);
      formats.set(format.id, format);
    }
    const strings = parsePrintkFormats(dat.printk);
    const printers = new Map<number, Printer>();
    return dat.buffers.flatMap(({ name: buffer, regions, compressed, pageBytes }) =>
      regions.map((region) => {
        const feed = compressed ? new ChunkFeed(file, region, expander) : new PlainFeed(file, region);
        const pages = wholeStream(feed, pageBytes);
        const records = recordsOf(pages, pageBytes).map((record) => {
          const id = pages.readUInt16LE(record.at);
          const format = formats.get(id);
          if (!format) throw new Error(`no format for event ${id}`);
          const print = printers.get(id) ?? compilePrint(format, { style: "trace-cmd", strings }).print;
          printers.set(id, print);
          return { name: format.name, text: print(record) };
        });
        return { buffer, cpu: region.cpu, records };
      }),
    );
  } finally {
    file.close();
  }
}

function wholeStream(feed: PlainFeed | ChunkFeed, pageBytes: number): Buffer {
  const parts: Buffer[] = [];
  for (;;) {
    const page = Buffer.alloc(pageBytes);
    const got = feed.fill(page);
    if (got === 0) return Buffer.concat(parts);
    parts.push(page.subarray(0, got));
  }
}
