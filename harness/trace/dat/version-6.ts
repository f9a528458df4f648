/**
 * trace.dat version 6: its parts in a fixed order without ids. Source: trace-cmd.dat.v6(5).
 *
 *   header info | ftrace formats | event formats | kallsyms | printk_formats | saved_cmdlines | CPU count
 *   "options  \0" options | "flyrecord\0" (offset, size) of each CPU        or "latency  \0" text to the end
 */
import { addBuffer, MAX_CPUS } from "./buffers.ts";
import type { CpuRegion, DatBuffer, DatFile, DatText } from "./dat-file.ts";
import { ByteWalk, type FileView } from "./file-view.ts";
import { newOptions, Option, readOption } from "./options.ts";
import { readFormats, readHeaderInfo, readSystems, sized, sizedShort } from "./sections.ts";

const TAG_BYTES = 10;

interface NamedPlace {
  readonly name: string;
  readonly at: number;
}

export function readVersion6(file: FileView, start: number, filePageBytes: number): DatFile {
  const walk = new ByteWalk(file, undefined, start);
  const layout = readHeaderInfo(walk);
  const formats = [...readFormats(walk, "ftrace"), ...readSystems(walk)];
  walk.skip(walk.u32("size of kallsyms"), "kallsyms");
  const printk = sizedShort(walk, "printk_formats");
  const cmdlines = sized(walk, "saved_cmdlines");
  const cpus = walk.u32("number of CPUs");
  if (cpus > MAX_CPUS) walk.fail("number of CPUs", `${MAX_CPUS} or fewer`, String(cpus));
  const options = newOptions();
  const instances: NamedPlace[] = [];
  let tag = readTag(walk);
  if (tag === "options") {
    readOptions(walk, file, (id, option) => {
      if (id === Option.BUFFER) instances.push(instancePlace(option));
      else readOption(options, id, option);
    });
    tag = readTag(walk);
  }
  const shared = { version: 6 as const, compression: "none", layout, formats, printk, cmdlines, options };
  if (tag === "latency") return { ...shared, buffers: [], text: restOf(file, walk) };
  if (tag !== "flyrecord") walk.fail("tag before the pages", '"flyrecord" or "latency"', `"${tag}"`);
  const common = { pageBytes: filePageBytes || layout.pageBytes, compressed: false };
  const top: DatBuffer = { name: "", ...clockOf(options.clock), ...common, regions: readRegions(walk, cpus) };
  const buffers: DatBuffer[] = [];
  addBuffer(file, buffers, top);
  for (const { name, at } of instances) {
    const own = new ByteWalk(file, file.read(at, TAG_BYTES + cpus * 16, `table of buffer "${name}"`), at);
    const found = readTag(own);
    if (found !== "flyrecord") own.fail(`tag of buffer "${name}"`, '"flyrecord"', `"${found}"`);
    addBuffer(file, buffers, { name, ...clockOf(options.clock), ...common, regions: readRegions(own, cpus) });
  }
  return { ...shared, buffers };
}

const clockOf = (clock: string | undefined): { clock?: string } => (clock === undefined ? {} : { clock });

const readTag = (walk: ByteWalk): string =>
  walk
    .bytes(TAG_BYTES, "tag")
    .toString("latin1")
    .replace(/[\s\0]+$/, "");

function readRegions(walk: ByteWalk, cpus: number): CpuRegion[] {
  return Array.from({ length: cpus }, (_, cpu) => ({
    cpu,
    offset: walk.size(`offset of cpu${cpu}`),
    bytes: walk.size(`size of cpu${cpu}`),
  }));
}

/** Walks the options up to the one with id 0. */
function readOptions(walk: ByteWalk, file: FileView, take: (id: number, option: ByteWalk) => void): void {
  for (;;) {
    const id = walk.u16("id of an option");
    if (id === Option.DONE) return;
    const bytes = walk.u32(`size of option ${id}`);
    const at = walk.offset;
    take(id, new ByteWalk(file, walk.bytes(bytes, `option ${id}`), at));
  }
}

function instancePlace(option: ByteWalk): NamedPlace {
  const at = option.size("option BUFFER: offset");
  return { at, name: option.text("option BUFFER: name") };
}

const restOf = (file: FileView, walk: ByteWalk): DatText => ({
  offset: walk.offset,
  bytes: file.size - walk.offset,
  compressed: false,
});
