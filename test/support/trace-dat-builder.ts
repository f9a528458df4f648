/**
 * Small trace.dat files, version 6 and 7, from pages and format texts: what the recorder of trace-cmd would have
 * written, without the megabytes of kallsyms. Layout by trace-cmd.dat.v6(5) and trace-cmd.dat.v7(5); `trace-cmd report`
 * reads what is made here.
 */
import { storedZstd } from "./stored-zstd.ts";

export interface DatFormat {
  readonly system: string;
  /** Text of the event's `format` file. */
  readonly text: string;
}

export interface DatCpu {
  readonly cpu: number;
  /** Whole ring-buffer pages. */
  readonly pages: Uint8Array;
}

export interface DatBufferContent {
  /** tracefs instance; empty for the top-level buffer, which comes first. */
  readonly name: string;
  readonly cpus: readonly DatCpu[];
  /** Version 7 keeps one a buffer. */
  readonly clock?: string;
}

export interface DatOption {
  readonly id: number;
  readonly data: Uint8Array;
}

export interface DatContent {
  readonly version: 6 | 7;
  /** `zstd` makes frames of stored blocks: real frames, nothing smaller. Version 7 only. */
  readonly compression?: "none" | "zstd";
  readonly headerPage: string;
  readonly headerEvent?: string;
  readonly formats: readonly DatFormat[];
  /** Formats of ftrace's own events, the marker's for one. */
  readonly ftraceFormats?: readonly string[];
  readonly kallsyms?: string;
  readonly printkFormats?: string;
  readonly cmdlines?: string;
  readonly buffers: readonly DatBufferContent[];
  /** Text of `trace` in place of pages, as a latency tracer leaves it. Version 6 only. */
  readonly latencyText?: string;
  /** Besides those that say where parts stand. */
  readonly options?: readonly DatOption[];
  /** Pages of a compressed chunk. */
  readonly chunkPages?: number;
  readonly pageBytes?: number;
}

/** Ids that a builder's caller may want. */
export const DatOptionId = {
  CPUSTAT: 2,
  TRACECLOCK: 4,
  UNAME: 5,
  OFFSET: 7,
  CPUCOUNT: 8,
  TRACEID: 11,
  TIME_SHIFT: 12,
  TSC2NSEC: 14,
} as const;

export const textOption = (id: number, text: string): DatOption => ({ id, data: Buffer.from(`${text}\0`) });

const HEADER_EVENT = `# compressed entry header
	type_len    :    5 bits
	time_delta  :   27 bits
	array       :   32 bits

	padding     : type == 29
	time_extend : type == 30
	time_stamp : type == 31
	data max type_len  == 28
`;

const u16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
};
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const text = (value: string): Buffer => Buffer.from(`${value}\0`);
const sized = (value: string): Buffer => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
const sizedShort = (value: string): Buffer => Buffer.concat([u32(Buffer.byteLength(value)), Buffer.from(value)]);

const magic = (version: 6 | 7, pageBytes: number): Buffer =>
  Buffer.concat([
    Buffer.from([0x17, 0x08, 0x44]),
    Buffer.from(`tracing${version}\0`),
    Buffer.from([0, 8]),
    u32(pageBytes),
  ]);

const headerInfo = ({ headerPage, headerEvent = HEADER_EVENT }: DatContent): Buffer =>
  Buffer.concat([text("header_page"), sized(headerPage), text("header_event"), sized(headerEvent)]);

const formatList = (formats: readonly string[]): Buffer => Buffer.concat([u32(formats.length), ...formats.map(sized)]);

function systems(formats: readonly DatFormat[]): Buffer {
  const names = [...new Set(formats.map(({ system }) => system))];
  const parts = names.map((name) => {
    const own = formats.filter(({ system }) => system === name).map((format) => format.text);
    return Buffer.concat([text(name), formatList(own)]);
  });
  return Buffer.concat([u32(names.length), ...parts]);
}

export function buildTraceDat(content: DatContent): Buffer {
  return content.version === 6 ? buildVersion6(content) : new Version7(content).build();
}

const option = (id: number, data: Uint8Array): Buffer => Buffer.concat([u16(id), u32(data.length), data]);

const aligned = (offset: number, to: number): number => Math.ceil(offset / to) * to;

/** Grows a file; parts whose place is told before they are written are filled in later. */
class Writer {
  readonly #parts: Buffer[] = [];
  length = 0;

  add(part: Uint8Array): number {
    const at = this.length;
    this.#parts.push(Buffer.from(part));
    this.length += part.length;
    return at;
  }

  align(to: number): void {
    this.add(Buffer.alloc(aligned(this.length, to) - this.length));
  }

  done(patches: readonly { at: number; value: number }[]): Buffer {
    const file = Buffer.concat(this.#parts);
    for (const { at, value } of patches) file.writeBigUInt64LE(BigInt(value), at);
    return file;
  }
}

function buildVersion6(content: DatContent): Buffer {
  const pageBytes = content.pageBytes ?? 4096;
  const writer = new Writer();
  const patches: { at: number; value: number }[] = [];
  writer.add(magic(6, pageBytes));
  writer.add(headerInfo(content));
  writer.add(formatList(content.ftraceFormats ?? []));
  writer.add(systems(content.formats));
  writer.add(sizedShort(content.kallsyms ?? ""));
  writer.add(sizedShort(content.printkFormats ?? ""));
  writer.add(sized(content.cmdlines ?? ""));
  const cpus = Math.max(1, ...content.buffers.flatMap((buffer) => buffer.cpus.map(({ cpu }) => cpu + 1)));
  writer.add(u32(cpus));
  writer.add(Buffer.from("options  \0"));
  for (const { id, data } of content.options ?? []) writer.add(option(id, data));
  const [top, ...instances] = content.buffers;
  const places = instances.map(({ name }) => writer.add(option(3, Buffer.concat([u64(0), text(name)]))) + 6);
  writer.add(u16(0));
  if (content.latencyText !== undefined) {
    writer.add(Buffer.from(`latency  \0${content.latencyText}`));
    return writer.done(patches);
  }
  addRegions(writer, top?.cpus ?? [], cpus, pageBytes, patches);
  for (const [i, { cpus: own }] of instances.entries()) {
    patches.push({ at: places[i] ?? 0, value: writer.length });
    addRegions(writer, own, cpus, pageBytes, patches);
  }
  return writer.done(patches);
}

/** `flyrecord`, the table of (offset, size), then every CPU's pages on a page's boundary. */
function addRegions(
  writer: Writer,
  own: readonly DatCpu[],
  cpus: number,
  pageBytes: number,
  patches: { at: number; value: number }[],
): void {
  writer.add(Buffer.from("flyrecord\0"));
  const table = writer.add(Buffer.alloc(cpus * 16));
  for (let cpu = 0; cpu < cpus; cpu++) {
    const pages = own.find((one) => one.cpu === cpu)?.pages ?? new Uint8Array(0);
    writer.align(pageBytes);
    patches.push({ at: table + cpu * 16, value: writer.add(pages) }, { at: table + cpu * 16 + 8, value: pages.length });
  }
}

const COMPRESSED = 1;

class Version7 {
  readonly #content: DatContent;
  readonly #writer = new Writer();
  readonly #packs: boolean;
  readonly #pageBytes: number;

  constructor(content: DatContent) {
    this.#content = content;
    this.#packs = content.compression === "zstd";
    this.#pageBytes = content.pageBytes ?? 4096;
  }

  build(): Buffer {
    const content = this.#content;
    const writer = this.#writer;
    writer.add(magic(7, this.#pageBytes));
    writer.add(this.#packs ? Buffer.concat([text("zstd"), text("1.5.4")]) : Buffer.concat([text("none"), text("")]));
    const first = writer.add(u64(0));
    const places = [
      option(16, u64(this.#section(16, headerInfo(content)))),
      option(17, u64(this.#section(17, formatList(content.ftraceFormats ?? [])))),
      option(18, u64(this.#section(18, systems(content.formats)))),
      option(19, u64(this.#section(19, sizedShort(content.kallsyms ?? "")))),
      option(20, u64(this.#section(20, sizedShort(content.printkFormats ?? "")))),
      option(21, u64(this.#section(21, sized(content.cmdlines ?? "")))),
    ];
    const others = (content.options ?? []).map(({ id, data }) => option(id, data));
    // As trace-cmd does: the buffers stand in a second option section, which the first one's end points to.
    const body = Buffer.concat([...places, ...others, option(0, u64(0))]);
    const main = writer.add(Buffer.concat([sectionHeader(0, 0, body.length), body]));
    const buffers = content.buffers.map((buffer) => option(3, this.#buffer(buffer)));
    const second = this.#plainSection(0, Buffer.concat([...buffers, option(0, u64(0))]));
    return writer.done([
      { at: first, value: main },
      { at: main + 16 + body.length - 8, value: second },
    ]);
  }

  #plainSection(id: number, body: Buffer): number {
    return this.#writer.add(Buffer.concat([sectionHeader(id, 0, body.length), body]));
  }

  #section(id: number, body: Buffer): number {
    if (!this.#packs) return this.#plainSection(id, body);
    const packed = storedZstd(body);
    const whole = Buffer.concat([u32(packed.length), u32(body.length), packed]);
    return this.#writer.add(Buffer.concat([sectionHeader(id, COMPRESSED, whole.length), whole]));
  }

  /** Writes a buffer's pages; returns the option that tells where. */
  #buffer({ name, cpus, clock = "boot" }: DatBufferContent): Buffer {
    const writer = this.#writer;
    const regions: Buffer[] = [];
    const bodies: { padding: number; data: Buffer }[] = [];
    const section = writer.length;
    let at = section + 16;
    for (const { cpu, pages } of cpus) {
      const from = aligned(at, this.#pageBytes);
      const data = this.#packs ? this.#chunks(pages) : Buffer.from(pages);
      bodies.push({ padding: from - at, data });
      // The size that trace-cmd writes does not count the number of chunks before them.
      regions.push(Buffer.concat([u32(cpu), u64(from), u64(this.#packs ? Math.max(0, data.length - 4) : data.length)]));
      at = from + data.length;
    }
    writer.add(sectionHeader(3, this.#packs ? COMPRESSED : 0, at - section - 16));
    for (const { padding, data } of bodies) {
      writer.add(Buffer.alloc(padding));
      writer.add(data);
    }
    return Buffer.concat([u64(section), text(name), text(clock), u32(this.#pageBytes), u32(cpus.length), ...regions]);
  }

  #chunks(pages: Uint8Array): Buffer {
    const bytes = this.#pageBytes * (this.#content.chunkPages ?? 10);
    const chunks: Buffer[] = [];
    for (let at = 0; at < pages.length; at += bytes) {
      const part = pages.subarray(at, at + bytes);
      const packed = storedZstd(part);
      chunks.push(Buffer.concat([u32(packed.length), u32(part.length), packed]));
    }
    return Buffer.concat([u32(chunks.length), ...chunks]);
  }
}

const sectionHeader = (id: number, flags: number, bytes: number): Buffer =>
  Buffer.concat([u16(id), u16(flags), u32(0), u64(bytes)]);
