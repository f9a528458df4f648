/** The checker of the fuzz run must see what it is there for: readers that do wrong on purpose, and right ones that do not. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RigFault } from "../../harness/base/errors.ts";
import { openTrace } from "../../harness/trace/open/open-trace.ts";
import { CaseRunner } from "../fuzz/case-runner.ts";
import { dataReader, type FuzzInput, fuzzInputs, type PlaceOfPage } from "../fuzz/inputs.ts";
import type { Damage } from "../fuzz/mutations.ts";
import { type Plant, planted } from "../fuzz/plants.ts";
import type { Open } from "../fuzz/reading.ts";
import { root } from "../support/cli.ts";

const folder = mkdtempSync(join(tmpdir(), "mhi-hil-checker-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const inputs = fuzzInputs(dataReader(root));
const inputOf = (name: string): FuzzInput => {
  const input = inputs.get(name);
  if (!input) throw new Error(`no input ${name}`);
  return input;
};

const read = async (name: string, steps: Damage["steps"], open?: Open): Promise<readonly string[]> => {
  const input = inputOf(name);
  const { file = "recording" } = lastPage(name) ?? {};
  const { violations } = await new CaseRunner(folder, open).read(input, {
    input: name,
    file: file || "recording",
    steps,
  });
  return violations;
};

const lastPage = (name: string): PlaceOfPage | undefined =>
  [...inputOf(name).pages].sort((one, other) => one.at - other.at).at(-1);
const pageOf = (name: string): number => lastPage(name)?.at ?? 0;
/** A bit of the page's unused end. */
const harmless = (name: string): Damage["steps"] => [["flip", pageOf(name) + 4090, 0]];

describe.each(["dat6", "dat7", "dat7-guest", "raw"])("%s", (name) => {
  test("nothing is wrong with what is read rightly", async () => {
    expect(await read(name, harmless(name))).toEqual([]);
    expect(await read(name, [["zeros", pageOf(name), 4096]])).toEqual([]);
  });

  test.each<[Plant, RegExp]>([
    ["throw", /^an error of no kind of ours: TypeError: planted/],
    ["time", /time NaN/],
    ["order", /time -?\d+ after \d+, and no gap tells of it/],
    ["drop", /^one page is spoilt, and event \d+ of another page of .* is missing$/m],
  ])("a planted %s", async (plant, seen) => {
    expect((await read(name, harmless(name), planted(plant))).join("\n")).toMatch(seen);
  });
});

test("rows that go in silence from a recording that is cut", async () => {
  const silent: Open = async (path) => {
    const source = await openTrace(path);
    return { info: source.info, gaps: [], batches: () => source.batches(), close: () => source.close() };
  };
  const early: Damage["steps"] = [["truncate", pageOf("dat6") + 100]];
  expect(await read("dat6", early)).toEqual([]);
  expect((await read("dat6", early, planted("drop"))).join("\n")).toMatch(/^cut: event \d+ of .* is not that/);
  expect(await read("dat6", early, silent)).toContainEqual(
    expect.stringMatching(/^cut: \d+ events are missing, and nothing tells of it$/),
  );
});

test("gaps and messages that say nothing", async () => {
  const gap = { fromNs: 5, toNs: 4, reason: "cut", cpu: 0, lost: 0, detail: "" } as const;
  const backwards: Open = async (path) => {
    const source = await openTrace(path);
    return { info: source.info, gaps: [gap], batches: () => source.batches(), close: () => source.close() };
  };
  const told = await read("dat7", harmless("dat7"), backwards);
  expect(told).toContain("gap from 5 to 4 (cut)");
  expect(told).toContain("gap of 0 events (cut)");
  const vague: Open = async () => {
    throw new RigFault("trace-cut", "something is\nundefined");
  };
  const said = (await read("dat7", harmless("dat7"), vague)).join("; ");
  for (const what of ["more than one line", "says nothing", "does not name the file", "without an offset"])
    expect(said).toContain(what);
});

describe("the run", () => {
  const built = join(root, "dist", "fuzz-checker");
  beforeAll(() => {
    execFileSync(
      process.execPath,
      [join(root, "node_modules/typescript/bin/tsc"), "-p", "test/fuzz", "--outDir", built],
      {
        cwd: root,
      },
    );
  }, 120_000);
  afterAll(() => rmSync(built, { recursive: true, force: true }));

  const run = (args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      const main = join(built, "test/fuzz/main.js");
      const child = execFile(process.execPath, [main, ...args], { cwd: root }, (_, stdout, stderr) =>
        resolve({ code: child.exitCode ?? -1, stdout, stderr }),
      );
    });

  test.each<Plant>(["hang", "sleep"])("ends a reader that does not: %s", { timeout: 60_000 }, async (plant) => {
    const args = ["--plant", plant, "--cases", "2", "--seed", "4", "--input", "dat7-guest", "--hang-ms", "500"];
    const { code, stdout, stderr } = await run(args);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ cases: 2 });
    expect(stderr).toMatch(/^\{"told":\["hangs: no end after 500 ms"\],"index":\d,"damage":/);
  });

  test("ends well when all is well, and with 1 at one violation", { timeout: 60_000 }, async () => {
    const args = ["--cases", "30", "--seed", "4", "--input", "dat6", "--input", "trace"];
    expect(await run(args)).toMatchObject({ code: 0, stderr: "" });
    const { code, stderr } = await run([...args, "--plant", "throw"]);
    expect(code).toBe(1);
    expect(stderr).toContain("TypeError: planted");
  });
});
