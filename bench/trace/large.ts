/** A trace.dat of two gigabytes: memory has to stay where it is for a small one. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { MEMORY_MIB, memory, speed } from "./contest.ts";
import { type MadeInput, makeInput } from "./make-input.ts";
import type { Peers } from "./peers.ts";
import { interleaved } from "./processes.ts";
import { checkRuns, ours } from "./programs.ts";
import type { Part, TargetFigure } from "./targets.ts";

const LARGE_BYTES = 2 ** 31;

export async function large(dir: string, peers: Peers | undefined, runs: number): Promise<Part> {
  const plain = makeInput(join(dir, "large.dat"), LARGE_BYTES);
  const forms: [string, MadeInput][] = [["version 6", plain]];
  if (peers) {
    const packed = { ...plain, path: join(dir, "large-zstd.dat") };
    await peers.convert(plain.path, packed.path, "zstd");
    forms.push(["version 7, zstd", packed]);
  }
  const all = await interleaved(
    forms.map(([name, input]) => ({ ...ours(input.path), name })),
    runs,
  );
  const figures = forms.flatMap(([name, input]): TargetFigure[] => {
    const own = all.get(name) ?? [];
    checkRuns(input, name, own);
    return [speed(name, input, own), { ...memory(name, own), target: { atMost: MEMORY_MIB } }];
  });
  for (const [, { path }] of forms) rmSync(path, { force: true });
  return { title: `trace.dat of 2 GB, ${plain.events} events`, figures };
}
