/**
 * A folder of raw pages, as the collector keeps them: `part-0`, `part-1`... (a new part with every set of formats), or
 * the files of one part: `cpuN.bin`, `header_page`, `*.format`, and where they are, `printk_formats`, `saved_cmdlines`,
 * `osrelease`.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describeError, UsageError } from "../../base/errors.ts";
import type { EventBatch } from "../batch.ts";
import { parseComms } from "../comms.ts";
import { PlainFeed } from "../dat/feeds.ts";
import { FileView } from "../dat/file-view.ts";
import { parsePrintkFormats } from "../format.ts";
import type { Gap } from "../mhi-events.ts";
import { standIn } from "../probe/stand-in.ts";
import { FormatSet, type FormatText } from "../ring/format-set.ts";
import { type PageLayout, parseHeaderPage } from "../ring/layout.ts";
import { type LaneInput, PageSource } from "../ring/page-source.ts";
import type { TraceInfo, TraceSource } from "../source.ts";

const CPU_FILE = /^cpu(\d+)\.bin$/;
/** `mhi_gen_tre.format` is of mhi_host; others carry their system. The marker's is called `format`. */
const FORMAT_FILE = /^(?:([\w-]+)\.)?([\w-]+)\.format$/;

/** @throws UsageError `trace-no-pages` with what was looked for; RigFault of the formats. */
export function openRawFolder(folder: string): TraceSource {
  const records = openRawRecords(folder);
  const names = new Set(partsOf(folder).flatMap(namesIn));
  return standIn(
    records,
    [...names].flatMap((name) => {
      const [, system = "mhi_host", event] = FORMAT_FILE.exec(name) ?? [];
      return event === undefined ? [] : [`${system}:${event}`];
    }),
  );
}

function partsOf(folder: string): string[] {
  const parts = namesIn(folder)
    .filter((name) => /^part-\d+$/.test(name))
    .sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)));
  return parts.length > 0 ? parts.map((name) => join(folder, name)) : [folder];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (cause) {
    throw new UsageError("trace-unreadable", `${folder} cannot be read: ${describeError(cause)}`, { cause });
  }
}

function textOf(path: string): string {
  if (!existsSync(path)) return "";
  const file = FileView.open(path);
  try {
    return file.read(0, file.size, "a text").toString("utf8");
  } finally {
    file.close();
  }
}

/** The records as they are, probes too. */
export function openRawRecords(folder: string): TraceSource {
  const sources = partsOf(folder).flatMap((part) => openPart(part) ?? []);
  const [first] = sources;
  if (!first) {
    throw new UsageError(
      "trace-no-pages",
      `${folder}: no recording in this folder: expected cpuN.bin beside header_page and *.format files, or folders part-0, part-1... with them`,
    );
  }
  return sources.length === 1 ? first : new PartsInTurn(first, sources);
}

/** Undefined: nothing was recorded in this part. */
function openPart(folder: string): PageSource | undefined {
  const names = namesIn(folder);
  const cpus = names.flatMap((name) => CPU_FILE.exec(name)?.[1] ?? []).map(Number);
  if (cpus.length === 0) return undefined;
  const text = (name: string): string => textOf(join(folder, name));
  if (!names.includes("header_page")) {
    throw new UsageError(
      "trace-no-formats",
      `${folder}: raw pages without header_page: expected the format files that were read from the same kernel beside them`,
    );
  }
  const layout = parseHeaderPage(text("header_page"));
  const formats = names.flatMap((name) => formatText(name, text) ?? []);
  const files: FileView[] = [];
  const inputs = cpus.sort((a, b) => a - b).map((cpu) => laneInput(join(folder, `cpu${cpu}.bin`), cpu, layout, files));
  const kernel = text("osrelease").trim() || text("uname").trim();
  return new PageSource(
    {
      form: "raw pages",
      buffers: [{ name: "", cpus }],
      ...(kernel === "" ? {} : { kernel }),
      formats: FormatSet.ofTexts(formats, parsePrintkFormats(text("printk_formats"))),
      comms: parseComms(text("saved_cmdlines")),
      notes: [],
      offsetNs: 0n,
      counts: [],
      inputs,
    },
    () => {
      for (const file of files) file.close();
    },
  );
}

function formatText(name: string, text: (name: string) => string): FormatText | undefined {
  if (name === "format") return { system: "ftrace", text: text(name) };
  const parts = FORMAT_FILE.exec(name);
  return parts ? { system: parts[1] ?? "mhi_host", text: text(name) } : undefined;
}

function laneInput(path: string, cpu: number, layout: PageLayout, files: FileView[]): LaneInput {
  const file = FileView.open(path);
  files.push(file);
  const head = Buffer.alloc(8);
  const firstTicks = file.readSome(head, 0) < 8 ? undefined : head.readBigUInt64LE(0);
  return { cpu, buffer: "", layout, feed: new PlainFeed(file, { cpu, offset: 0, bytes: file.size }), firstTicks };
}

/** Parts of one capture: each begins when the one before has ended. */
class PartsInTurn implements TraceSource {
  readonly info: TraceInfo;
  readonly gaps: Gap[] = [];
  readonly #parts: readonly PageSource[];

  constructor(first: PageSource, parts: readonly PageSource[]) {
    this.info = first.info;
    this.#parts = parts;
  }

  async *batches(): AsyncGenerator<EventBatch, void, undefined> {
    for (const part of this.#parts) {
      let told = 0;
      const tell = (): void => {
        for (; told < part.gaps.length; told++) this.gaps.push(part.gaps[told] as Gap);
      };
      for await (const batch of part.batches()) {
        tell();
        yield batch;
      }
      tell();
    }
  }

  close(): void {
    for (const part of this.#parts) part.close();
  }
}
