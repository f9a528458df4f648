/**
 * trace.dat version 7: a chain of option sections, which say where the other sections stand. Source: trace-cmd.dat.v7(5).
 *
 *   section header: u16 id | u16 flags (1 = compressed) | u32 description | u64 size
 *   compressed body: u32 compressed bytes | u32 expanded bytes | data
 */
import type { Expander } from "../open/expander.ts";
import type { CpuRegion, DatBuffer, DatFile, DatText } from "./dat-file.ts";
import { ByteWalk, type FileView } from "./file-view.ts";
import { newOptions, Option, readOption } from "./options.ts";
import { readFormats, readHeaderInfo, readSystems, sized, sizedShort } from "./sections.ts";

const HEADER_BYTES = 16;
const COMPRESSED = 1;
const MAX_CPUS = 8192;
/** kallsyms, which is never read, is the only section that could come near it. */
const MAX_SECTION_BYTES = 256 << 20;

interface Section {
  readonly id: number;
  readonly compressed: boolean;
  /** Offset and bytes of the body. */
  readonly at: number;
  readonly bytes: number;
}

class SectionReader {
  readonly file: FileView;
  readonly #expander: Expander;

  constructor(file: FileView, expander: Expander) {
    this.file = file;
    this.#expander = expander;
  }

  header(at: number, id: number): Section {
    const walk = new ByteWalk(this.file, this.file.read(at, HEADER_BYTES, `header of section ${id}`), at);
    const found = walk.u16("section id");
    if (found !== id) walk.fail("section id", String(id), String(found));
    const flags = walk.u16("section flags");
    walk.u32("section description");
    const bytes = walk.size("section size");
    return { id, compressed: (flags & COMPRESSED) !== 0, at: at + HEADER_BYTES, bytes };
  }

  body(at: number, id: number): ByteWalk {
    const section = this.header(at, id);
    const what = `section ${id}`;
    if (section.bytes > MAX_SECTION_BYTES)
      this.file.fail("trace-damaged", at, what, `at most ${MAX_SECTION_BYTES} bytes`, `${section.bytes}`);
    const bytes = this.file.read(section.at, section.bytes, what);
    if (!section.compressed) return new ByteWalk(this.file, bytes, section.at);
    const walk = new ByteWalk(this.file, bytes, section.at);
    const packedBytes = walk.u32(`${what}: compressed bytes`);
    const expandedBytes = walk.u32(`${what}: expanded bytes`);
    if (expandedBytes > MAX_SECTION_BYTES)
      walk.fail(`${what}: expanded bytes`, `at most ${MAX_SECTION_BYTES}`, String(expandedBytes));
    const packed = walk.bytes(packedBytes, `${what}: data`);
    const expanded = this.#expander.expand(packed, expandedBytes, `${this.file.name}, byte ${section.at}: ${what}`);
    return new ByteWalk(this.file, Buffer.from(expanded.buffer, expanded.byteOffset, expanded.length), section.at);
  }
}

type Found = {
  layout?: DatFile["layout"];
  ftrace: DatFile["formats"];
  events: DatFile["formats"];
  printk: string;
  cmdlines: string;
  text?: DatText;
};

export function readVersion7(file: FileView, start: number, compression: string, expander: Expander): DatFile {
  const reader = new SectionReader(file, expander);
  const options = newOptions();
  const buffers: DatBuffer[] = [];
  const found: Found = { ftrace: [], events: [], printk: "", cmdlines: "" };
  const seen = new Set<number>();
  for (let at = start; at !== 0; ) {
    if (seen.has(at))
      file.fail("trace-damaged", at, "chain of option sections", "an end", "a section that was read already");
    seen.add(at);
    at = readOptionSection(reader, at, (id, option) => {
      if (id === Option.BUFFER) buffers.push(readBuffer(reader, option));
      else if (!readOption(options, id, option)) readPlace(reader, found, id, option);
    });
  }
  const { layout } = found;
  if (!layout) return file.fail("trace-damaged", start, "options", "HEADER_INFO among them", "none");
  const { printk, cmdlines, text } = found;
  return {
    version: 7,
    compression,
    layout,
    formats: [...found.ftrace, ...found.events],
    printk,
    cmdlines,
    options,
    buffers,
    ...(text ? { text } : {}),
  };
}

/** @returns offset of the next option section, 0 after the last. */
function readOptionSection(reader: SectionReader, at: number, take: (id: number, option: ByteWalk) => void): number {
  const walk = reader.body(at, Option.DONE);
  while (walk.left > 0) {
    const id = walk.u16("id of an option");
    const bytes = walk.u32(`size of option ${id}`);
    const offset = walk.offset;
    const option = new ByteWalk(reader.file, walk.bytes(bytes, `option ${id}`), offset);
    if (id === Option.DONE) return option.size("next option section");
    take(id, option);
  }
  return walk.fail("options", "an option with id 0 at the end", "none");
}

/** An option that says where a section stands. */
function readPlace(reader: SectionReader, found: Found, id: number, option: ByteWalk): void {
  const body = (): ByteWalk => reader.body(option.size(`option ${id}: offset`), id);
  if (id === Option.HEADER_INFO) found.layout = readHeaderInfo(body());
  else if (id === Option.FTRACE_EVENTS) found.ftrace = readFormats(body(), "ftrace");
  else if (id === Option.EVENT_FORMATS) found.events = readSystems(body());
  else if (id === Option.PRINTK) found.printk = sizedShort(body(), "printk_formats");
  else if (id === Option.CMDLINES) found.cmdlines = sized(body(), "saved_cmdlines");
  else if (id === Option.BUFFER_TEXT) {
    const section = reader.header(option.size("option BUFFER_TEXT: offset"), id);
    found.text = { offset: section.at, bytes: section.bytes, compressed: section.compressed };
  }
}

function readBuffer(reader: SectionReader, option: ByteWalk): DatBuffer {
  const section = reader.header(option.size("option BUFFER: offset"), Option.BUFFER);
  const name = option.text("option BUFFER: name");
  const clock = option.text("option BUFFER: clock");
  const pageBytes = option.u32("option BUFFER: page size");
  const count = option.u32("option BUFFER: CPUs");
  if (count > MAX_CPUS) option.fail("option BUFFER: CPUs", `${MAX_CPUS} or fewer`, String(count));
  const regions = Array.from({ length: count }, (): CpuRegion => {
    const cpu = option.u32("option BUFFER: cpu");
    return { cpu, offset: option.size(`offset of cpu${cpu}`), bytes: option.size(`size of cpu${cpu}`) };
  });
  return { name, clock, pageBytes, regions, compressed: section.compressed };
}
