/** How a run with changed drivers differs from one with the kernel's own. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { RunRecord, TestRecord } from "./schema.ts";
import { readRun } from "./store.ts";

/** In `versions`: a module that is not the kernel's own, by `module mhi`. */
export const MODULE_VERSION = "module ";

export const changedModules = ({ versions }: Pick<RunRecord, "versions">): string[] =>
  Object.keys(versions)
    .filter((name) => name.startsWith(MODULE_VERSION))
    .map((name) => name.slice(MODULE_VERSION.length));

/** Runs that are looked through, newest first. */
const MAX_RUNS = 200;

/** The newest run of the same family and kernel with the kernel's own drivers and no faults; undefined where there is none. */
export function stockRun(outFolder: string, run: RunRecord): RunRecord | undefined {
  const names = existsSync(outFolder) ? readdirSync(outFolder).sort().reverse().slice(0, MAX_RUNS) : [];
  for (const name of names) {
    const other = tryRead(join(outFolder, name));
    if (other && isStock(other, run)) return other;
  }
  return undefined;
}

const isStock = (other: RunRecord, run: RunRecord): boolean =>
  other.id !== run.id &&
  changedModules(other).length === 0 &&
  other.faults.length === 0 &&
  other.rig.family === run.rig.family &&
  other.versions.kernel === run.versions.kernel &&
  other.tests.some(({ title }) => run.tests.some((test) => test.title === title));

function tryRead(folder: string): RunRecord | undefined {
  try {
    return readRun(folder);
  } catch {
    return undefined; // broken off, or of another version: nothing to compare with
  }
}

/** One line a test that ended otherwise; empty where all that both ran ended alike. */
export function differences(run: RunRecord, stock: RunRecord): string[] {
  const before = new Map(stock.tests.map((test) => [keyOf(test), test]));
  return run.tests.flatMap((test) => {
    const was = before.get(keyOf(test));
    if (!was || was.outcome === test.outcome) return [];
    const why = test.outcome === "pass" ? was.summary : test.summary;
    return [`${test.area} ${test.title}: ${was.outcome} with the stock driver, now ${test.outcome}: ${why}`];
  });
}

const keyOf = ({ area, title }: TestRecord): string => `${area} ${title}`;
