/** The buffers of a trace.dat, as they are found: what many small claims could add up to is bounded here. */
import type { CpuRegion, DatBuffer } from "./dat-file.ts";
import type { FileView } from "./file-view.ts";

/** The largest NR_CPUS of the kernel. */
export const MAX_CPUS = 8192;
/** CPUs of all buffers: each takes memory, even where it has no pages. */
const MAX_REGIONS = 16_384;

/** @throws RigFault `trace-damaged` */
export function addBuffer(file: FileView, buffers: DatBuffer[], buffer: DatBuffer): void {
  const before = buffers.reduce((sum, { regions }) => sum + regions.length, 0);
  const { regions, name } = buffer;
  if (before + regions.length > MAX_REGIONS) {
    const found = `${before + regions.length} with buffer "${name}"`;
    file.fail("trace-damaged", regions[0]?.offset ?? 0, "CPUs of all buffers", `${MAX_REGIONS} or fewer`, found);
  }
  buffers.push(buffer);
}

/**
 * Two CPUs' pages in the same place: one would be read as the other's.
 *
 * @throws RigFault `trace-damaged`
 */
export function refuseOverlaps(file: FileView, buffers: readonly DatBuffer[]): void {
  const regions = buffers.flatMap((buffer) => buffer.regions.map((region) => ({ ...region, buffer: buffer.name })));
  const filled = regions.filter(({ bytes }) => bytes > 0).sort((a, b) => a.offset - b.offset);
  for (const [i, region] of filled.entries()) {
    const next = filled[i + 1];
    if (!next || region.offset + region.bytes <= next.offset) continue;
    const expected = `them to end before ${placeOf(next)}`;
    file.fail("trace-damaged", region.offset, `pages of ${placeOf(region)}`, expected, `${region.bytes} bytes`);
  }
}

const placeOf = ({ cpu, buffer, offset }: CpuRegion & { readonly buffer: string }): string =>
  `cpu${cpu}${buffer === "" ? "" : ` of buffer "${buffer}"`} at byte ${offset}`;
