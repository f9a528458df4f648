/** Our own programs, and what must be true of their results before a figure is told. */
import { join } from "node:path";
import { RigFault } from "../../harness/base/errors.ts";
import { projectRoot } from "../../harness/runner/paths.ts";
import type { MadeInput } from "./make-input.ts";
import { type Program, type Run, timed } from "./processes.ts";

export const OURS = "ours: typed, in columns, merged";
export const FLOOR = "floor: page and event headers only";

/** In one file each, as `mhi-hil decode` is (rolldown.config.js). */
const script = (name: string): string => join(projectRoot, "dist", "bundle", name);

export const ours = (path: string): Program => ({
  name: OURS,
  argv: [process.execPath, script("decode-all.js"), path],
  tells: true,
});

export const floor = (path: string): Program => ({
  name: FLOOR,
  argv: [process.execPath, script("header-walk.js"), path],
  tells: true,
});

/** Every row once over, apart from the runs that are timed. @throws RigFault `bench-wrong` */
export async function checkRows(input: MadeInput): Promise<void> {
  const { name, argv } = ours(input.path);
  checkRuns(input, name, [await timed({ name, argv: [...argv, "--rows"], tells: true })]);
}

/** @throws RigFault `bench-wrong`: a fast answer that is wrong is no figure. */
export function checkRuns(input: MadeInput, name: string, runs: readonly Run[]): void {
  for (const { result } of runs) {
    if (!result) continue;
    const { events, unknown = 0, backwards = 0, gaps = 0 } = result;
    if (events === input.events && unknown === 0 && backwards === 0 && gaps === 0) continue;
    throw new RigFault(
      "bench-wrong",
      `${name} on ${input.path}: expected ${input.events} known events in order without gaps, found ${events} events, ${unknown} unknown, ${backwards} out of order, ${gaps} gaps`,
    );
  }
}
