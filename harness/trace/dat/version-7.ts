/**
 * trace.dat version 7: a chain of option sections, which say where the other sections stand. Source: trace-cmd.dat.v7(5).
 *
 *   section header: u16 id | u16 flags (1 = compressed) | u32 description | u64 size
 *   compressed body: u32 compressed bytes | u32 expanded bytes | data
 */
import type { Expander } from "../open/expander.ts";
import { addBuffer, MAX_CPUS } from "./buffers.ts";
import type { CpuRegion, DatBuffer, DatFile, DatText } from "./dat-file.ts";
import { ByteWalk, type FileView, MAX_PART_BYTES } from "./file-view.ts";
import { newOptions, Option, readOption } from "./options.ts";
import { readFormats, readHeaderInfo, readSystems, sized, sizedShort } from "./sections.ts";

const HEADER_BYTES = 16;
const COMPRESSED = 1;
/** All sections that are read, expanded: kallsyms, the largest one, is not. */
const MAX_SECTIONS_BYTES = 4 * MAX_PART_BYTES;

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
  readonly #seen = new Set<number>();
  #left = MAX_SECTIONS_BYTES;

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
    if (this.#seen.has(at))
      this.file.fail("trace-damaged", at, what, "a section of its own", "one that was read already");
    this.#seen.add(at);
    const bytes = this.file.read(section.at, section.bytes, what);
    this.#spend(at, section.bytes);
    if (!section.compressed) return new ByteWalk(this.file, bytes, section.at);
    const walk = new ByteWalk(this.file, bytes, section.at);
    const packedBytes = walk.u32(`${what}: compressed bytes`);
    const expandedBytes = walk.u32(`${what}: expanded bytes`);
    if (expandedBytes > MAX_PART_BYTES)
      walk.fail(`${what}: expanded bytes`, `at most ${MAX_PART_BYTES}`, String(expandedBytes));
    this.#spend(at, expandedBytes);
    const packed = walk.bytes(packedBytes, `${what}: data`);
    const expanded = this.#expander.expand(packed, expandedBytes, `${this.file.name}, byte ${section.at}: ${what}`);
    return new ByteWalk(this.file, Buffer.from(expanded.buffer, expanded.byteOffset, expanded.length), section.at);
  }

  /** Small sections may expand to large ones, again and again. */
  #spend(at: number, bytes: number): void {
    this.#left -= bytes;
    if (this.#left >= 0) return;
    this.file.fail("trace-damaged", at, "sections", `at most ${MAX_SECTIONS_BYTES} bytes in all`, "more");
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
      if (id === Option.BUFFER) addBuffer(file, buffers, readBuffer(reader, option));
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
