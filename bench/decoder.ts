/** The decoder alone: pages of a real kernel, again and again from memory. No machine, no link. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { RigFault } from "../harness/base/errors.ts";
import { projectRoot } from "../harness/runner/paths.ts";
import { SegmentDecoder } from "../harness/trace/decoder.ts";
import { parseFormat } from "../harness/trace/format.ts";
import { FormatSet } from "../harness/trace/ring/format-set.ts";
import { parseHeaderPage } from "../harness/trace/ring/layout.ts";
import type { Figure } from "./figures.ts";

const ROUNDS = 5;
const REPEATS = 4000;
const PAGES = join(projectRoot, "test", "data", "trace", "linux-6.12-sdx55", "raw");

export async function benchDecoder(): Promise<Figure[]> {
  const read = (name: string): Buffer => readFileSync(join(PAGES, name));
  const names = readdirSync(PAGES).filter((name) => name.endsWith(".format"));
  const formats = new FormatSet(names.map((name) => parseFormat(read(name).toString(), "mhi_host")));
  const layout = parseHeaderPage(read("header_page").toString());
  const streams = [read("cpu0.bin"), read("cpu1.bin")];
  const bytes = streams.reduce((sum, stream) => sum + stream.length, 0);
  const events: number[] = [];
  const volume: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const decoder = new SegmentDecoder({ layout, formats });
    const startedAt = performance.now();
    let count = 0;
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      for (const [cpu, stream] of streams.entries()) decoder.append(cpu, stream);
      count += decoder.timeline.take(Number.POSITIVE_INFINITY).length;
    }
    const seconds = (performance.now() - startedAt) / 1000;
    if (decoder.gaps.length > 0) throw new RigFault("bench-gaps", `whole pages gave ${decoder.gaps.length} gaps`);
    if (round === 0) continue; // the compiler warms up
    events.push(count / seconds);
    volume.push((bytes * REPEATS) / seconds / 1e6);
  }
  return [
    { name: "decoder alone, merged into time order", unit: "events/s", values: events },
    { name: "  in whole pages", unit: "MB/s", values: volume },
  ];
}
