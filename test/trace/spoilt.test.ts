/**
 * Spoilt recordings of every form: an event, a gap or one sentence comes of each, never a crash, a hang or a row that makes
 * no sense. This is a slice; `npm run fuzz` does a hundred thousand.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { CaseRunner } from "../fuzz/case-runner.ts";
import { casesOf } from "../fuzz/cases.ts";
import { dataReader, type FuzzInput, fuzzInputs } from "../fuzz/inputs.ts";
import type { Damage } from "../fuzz/mutations.ts";
import type { Reading } from "../fuzz/reading.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const inputs = fuzzInputs(dataReader(root));
const folder = mkdtempSync(join(tmpdir(), "mhi-hil-spoilt-"));
const runner = new CaseRunner(folder);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const inputOf = (name: string): FuzzInput => {
  const input = inputs.get(name);
  if (!input) throw new Error(`no input ${name}`);
  return input;
};

const SEEDS = JSON.parse(readFileSync(`${root}/test/data/trace/fuzz/seeds.json`, "utf8")) as {
  readonly shows: string;
  readonly damage: Damage;
}[];

describe("what once went wrong", () => {
  test.each(SEEDS)("$damage.input: $shows", { timeout: 5000 }, async ({ damage }) => {
    expect((await runner.read(inputOf(damage.input), damage)).violations).toEqual([]);
  });
});

test("five hundred cases over all forms", { timeout: 60_000 }, async () => {
  const cases = casesOf({ root, seed: 20_261_124, cases: 500, inputs: [], everyByte: false });
  const outcomes = new Set<string>();
  for (let index = 0; index < cases.count; index++) {
    const { input, damage } = cases.at(index);
    const { violations, error, gaps } = await runner.read(input, damage);
    expect({ damage, violations }).toEqual({ damage, violations: [] });
    outcomes.add(error?.code ?? (gaps.length > 0 ? "gaps" : "whole"));
  }
  expect([...outcomes]).toEqual(
    expect.arrayContaining(["whole", "gaps", "trace-damaged", "trace-cut", "trace-unknown"]),
  );
});

const read = (input: FuzzInput, steps: Damage["steps"]): Promise<Reading> =>
  runner.read(input, { input: input.name, file: "recording", steps });

/** Events of each CPU of each buffer. */
const byLane = (events: readonly string[]): Map<string, string[]> => {
  const lanes = new Map<string, string[]>();
  for (const event of events) {
    const { cpu, kind, buffer = "" } = JSON.parse(event) as { cpu: number; kind: string; buffer?: string };
    const lane = `${buffer} ${cpu}`;
    // the last line of a text that is cut is kept as what it is
    if (kind === "other") continue;
    lanes.set(lane, [...(lanes.get(lane) ?? []), event]);
  }
  return lanes;
};

describe.each(["dat6", "dat7", "dat7-zstd", "trace", "trace-pipe", "report"])("%s, cut anywhere", (name) => {
  test("gives a beginning of each CPU's events, and an error or a gap tells what is missing", {
    timeout: 60_000,
  }, async () => {
    const input = inputOf(name);
    const size = input.files.get("recording")?.length ?? 0;
    const whole = await read(input, []);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: size - 1 }), async (bytes) => {
        const cut = await read(input, [["truncate", bytes]]);
        expect(cut.violations).toEqual([]);
        const all = byLane(whole.events);
        for (const [lane, events] of byLane(cut.events)) expect(events).toEqual(all.get(lane)?.slice(0, events.length));
        const lost = whole.events.length - cut.events.length;
        const binary = name.startsWith("dat");
        // Text that is cut at a line's end looks whole.
        if (lost > 0 && binary) expect(cut.error ?? cut.gaps[0]).toBeDefined();
      }),
      { numRuns: 60, seed: 7 },
    );
  });
});

/** Every byte would take half a minute: that is `npm run fuzz -- --every-byte`. */
const EVERY = 7;

test.each(["dat6-tiny", "dat7-tiny"])(
  "%s, cut at every seventh byte, and one bit of it flipped",
  {
    timeout: 60_000,
  },
  async (name) => {
    const input = inputOf(name);
    const size = input.files.get("recording")?.length ?? 0;
    const wrong: object[] = [];
    for (let at = 0; at < size; at += EVERY) {
      for (const step of [["truncate", at] as const, ["flip", at, (at / EVERY) % 8] as const]) {
        const { violations } = await read(input, [step]);
        if (violations.length > 0) wrong.push({ step, violations });
      }
    }
    expect(size).toBeGreaterThan(4096);
    expect(wrong).toEqual([]);
  },
);

test("a plain trace.dat with one bad page: the other CPU's events and those of its other pages are all there", async () => {
  const input = inputOf("dat7");
  const bytes = input.files.get("recording") ?? Buffer.alloc(0);
  const whole = await read(input, []);
  // cpu1 has two pages; the first one's commit word is spoilt
  const page = pageOfCpu1(bytes, input);
  const spoilt = await read(input, [["word", page + 8, 4, 0x3fff_fffc]]);
  expect(spoilt.violations).toEqual([]);
  expect(spoilt.events.length).toBeGreaterThan(0);
  expect(spoilt.events.length).toBeLessThan(whole.events.length);
  expect(whole.events).toEqual(expect.arrayContaining([...spoilt.events]));
  expect(spoilt.gaps.join()).toContain("damaged");
});

/** Place of the first page of cpu1 in the file: a whole page of the input's own, looked for by its bytes. */
function pageOfCpu1(bytes: Buffer, { name }: FuzzInput): number {
  const page = inputOf("raw").files.get("cpu1.bin")?.subarray(0, 512);
  const at = page ? bytes.indexOf(page) : -1;
  if (at < 0) throw new Error(`${name} does not hold the page of cpu1`);
  return at;
}
