/** trace.dat -> an opened recording. */
import { UsageError } from "../../base/errors.ts";
import { parseComms } from "../comms.ts";
import { parsePrintkFormats } from "../format.ts";
import type { Expander } from "../open/expander.ts";
import { FormatSet } from "../ring/format-set.ts";
import type { PageLayout } from "../ring/layout.ts";
import type { PageFeed } from "../ring/page-feed.ts";
import { type LaneCounts, type LaneInput, PageSource } from "../ring/page-source.ts";
import { refuseOverlaps } from "./buffers.ts";
import { clockMapping } from "./clock-mapping.ts";
import type { DatBuffer, DatFile } from "./dat-file.ts";
import { ChunkFeed, PlainFeed } from "./feeds.ts";
import type { FileView } from "./file-view.ts";

const MAX_PAGE_BYTES = 1 << 24;
/** One page of every CPU is in memory: 128 CPUs with the largest sub-buffers that the kernel gives (4 MiB). */
const MAX_PAGES_BYTES = 512 << 20;

/**
 * @param buffer - name of the one to read; undefined: all.
 * @throws UsageError `trace-no-buffer`; RigFault `trace-format-changed`.
 */
export function pageSourceOf(file: FileView, dat: DatFile, expander: Expander, buffer: string | undefined): PageSource {
  const buffers = dat.buffers.filter(({ name }) => buffer === undefined || name === buffer);
  if (dat.buffers.length === 0) {
    throw new UsageError(
      "trace-no-buffer",
      `${file.name}: no buffer in this trace.dat: its recorder was ended before it wrote the pages; record again`,
    );
  }
  if (buffers.length === 0) {
    const there = dat.buffers.map(({ name }) => `"${name}"`).join(", ");
    throw new UsageError("trace-no-buffer", `${file.name} has no buffer "${buffer}"; it has ${there}`);
  }
  const { options } = dat;
  refuseOverlaps(file, dat.buffers);
  const inputs = buffers.flatMap((own) => laneInputs(file, dat, own, expander));
  return new PageSource(
    {
      form: `trace.dat version ${dat.version}${dat.compression === "none" ? "" : `, ${dat.compression}`}`,
      buffers: buffers.map(({ name, clock, regions }) => ({
        name,
        cpus: regions.map(({ cpu }) => cpu),
        ...(clock === undefined ? {} : { clock }),
      })),
      ...(options.kernel === undefined ? {} : { kernel: options.kernel }),
      formats: FormatSet.ofTexts(dat.formats, parsePrintkFormats(dat.printk)),
      comms: parseComms(dat.cmdlines),
      notes: notesOf(dat),
      offsetNs: options.offsetNs,
      counts: buffers.some(({ name }) => name === "") ? countsOf(options.cpuStats) : [],
      inputs,
    },
    () => file.close(),
  );
}

function laneInputs(file: FileView, dat: DatFile, buffer: DatBuffer, expander: Expander): LaneInput[] {
  const layout = layoutOf(file, dat.layout, buffer.pageBytes);
  const filled = buffer.regions.filter(({ bytes }) => bytes > 0);
  if (filled.length * layout.pageBytes > MAX_PAGES_BYTES) {
    const found = `${filled.length} CPUs with pages of ${layout.pageBytes} bytes`;
    file.fail("trace-damaged", filled[0]?.offset ?? 0, "pages", `at most ${MAX_PAGES_BYTES} bytes in memory`, found);
  }
  return buffer.regions.map((region) => {
    const feed = (): PageFeed =>
      buffer.compressed ? new ChunkFeed(file, region, expander) : new PlainFeed(file, region);
    const mapping = clockMapping(dat.options, region.cpu);
    return {
      cpu: region.cpu,
      buffer: buffer.name,
      layout,
      feed: feed(),
      firstTicks: firstTicks(feed(), layout),
      ...(mapping ? { mapping } : {}),
    };
  });
}

/** The buffer's own page size is the recorder's; header_page tells that of the top-level buffer. */
function layoutOf(file: FileView, layout: PageLayout, pageBytes: number): PageLayout {
  if (pageBytes === 0 || pageBytes === layout.pageBytes) return layout;
  if (pageBytes % 4096 !== 0 || pageBytes > MAX_PAGE_BYTES)
    file.fail("trace-damaged", 0, "page size", "a multiple of 4096", String(pageBytes));
  return { ...layout, pageBytes };
}

function firstTicks(feed: PageFeed, layout: PageLayout): bigint | undefined {
  const page = Buffer.alloc(layout.pageBytes);
  return feed.fill(page) < layout.dataOffset ? undefined : page.readBigUInt64LE(0);
}

function notesOf(dat: DatFile): string[] {
  const { guests, timeShift, tsc } = dat.options;
  return [
    ...(guests.length > 0 ? [`guests recorded beside this host, each in a file of its own: ${guests.join(", ")}`] : []),
    ...(timeShift ? ["a guest's recording: its times are mapped to the host's clock"] : []),
    ...(tsc ? ["times are mapped from TSC ticks to nanoseconds"] : []),
  ];
}

/** `CPU: 0\nentries: 0\noverrun: 0\n...dropped events: 0\n`, one text a CPU, of the top-level buffer. */
function countsOf(texts: readonly string[]): LaneCounts[] {
  const number = (text: string, name: string): number =>
    Number(new RegExp(`^${name}: *(\\d+)`, "m").exec(text)?.[1] ?? 0);
  return texts.map((text) => ({
    cpu: number(text, "CPU"),
    buffer: "",
    overrun: number(text, "overrun"),
    dropped: number(text, "dropped events"),
  }));
}
