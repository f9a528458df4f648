import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UsageError } from "../../harness/base/errors.ts";
import { findNewestRun, readRun, writeRun } from "../../harness/record/store.ts";
import { FIXTURE, fixtureRun, longRun } from "./support/fixture.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mhi-hil-store-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What `readRun` says of a file with this text. */
function complaint(text: string): UsageError {
  const file = join(folder, "run.json");
  writeFileSync(file, text);
  try {
    readRun(file);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error("the damaged record was read without a word");
}

describe("run record on disk", () => {
  test("what is written is read back, field by field", () => {
    const run = fixtureRun();
    const path = writeRun(join(folder, "new", "folder"), run);
    expect(readRun(path)).toEqual(run);
    expect(readRun(join(folder, "new", "folder"))).toEqual(run);
    expect(readdirSync(join(folder, "new", "folder"))).toEqual(["run.json"]);
  });

  test("a run without tests and one of 100,000 events come back too", () => {
    const empty = { ...fixtureRun(), tests: [] };
    expect(readRun(writeRun(join(folder, "empty"), empty))).toEqual(empty);
    const long = longRun(fixtureRun(), 100_000);
    expect(readRun(writeRun(join(folder, "long"), long)).tests[0]?.segments[0]?.events).toHaveLength(100_000);
  });

  test("a record that breaks the schema is kept and told with its place", () => {
    const run = fixtureRun();
    const broken = { ...run, durationMs: Number.NaN };
    expect(() => writeRun(folder, broken)).toThrow(/run\.json breaks its own schema at durationMs/);
    expect(existsSync(join(folder, "run.json"))).toBe(true);
  });

  test("a write that fails leaves the old record and no half file", () => {
    const run = fixtureRun();
    writeRun(folder, run);
    const circular: Record<string, unknown> = { kind: "pm", tNs: 1, cpu: 0 };
    circular.self = circular;
    const first = run.tests[0];
    if (!first) throw new Error("no test");
    const segment = { bootId: "", kernel: "", clock: [], gaps: [], dmesg: [], events: [circular] };
    // @ts-expect-error an event that no JSON can hold
    expect(() => writeRun(folder, { ...run, tests: [{ ...first, segments: [segment] }] })).toThrow();
    expect(readdirSync(folder)).toEqual(["run.json"]);
    expect(readRun(folder)).toEqual(run);
  });
});

describe("a record that cannot be used is told in one sentence", () => {
  const whole = readFileSync(FIXTURE, "utf8");

  test.each([
    ["cut off", whole.slice(0, whole.length / 2), "run-damaged", /run\.json is not a whole run record: .*JSON/],
    ["empty", "", "run-damaged", /the file is empty/],
    ["not a record", '{"a":1}', "run-invalid", /no "schema": "mhi-hil\/run\/1"/],
    ["null", "null", "run-invalid", /is not a run record/],
    [
      "newer",
      whole.replace("mhi-hil/run/1", "mhi-hil/run/2"),
      "run-version",
      /version "mhi-hil\/run\/2", this mhi-hil reads "mhi-hil\/run\/1"/,
    ],
  ])("%s", (_name, text, code, message) => {
    const error = complaint(text);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain("\n");
  });

  test("a wrong value deep inside, with its place and what was found", () => {
    const run = JSON.parse(whole);
    run.tests[2].segments[0].clock[1].hostNs = "soon";
    expect(complaint(JSON.stringify(run)).message).toMatch(
      /damaged at tests\[2\]\.segments\[0\]\.clock\[1\]\.hostNs: expected number, found "soon"$/,
    );
  });

  test("a missing file, a folder without a record", () => {
    expect(() => readRun(join(folder, "nowhere"))).toThrow(/there is no run at .*nowhere/);
    expect(() => readRun(folder)).toThrow(/holds no run\.json: the run did not get that far/);
  });
});

describe("the newest run", () => {
  test("is the one whose record was written last; folders without one do not count", () => {
    expect(findNewestRun(join(folder, "nothing"))).toBeUndefined();
    for (const [name, atS] of Object.entries({ b: 2000, a: 3000, c: 1000 })) {
      writeRun(join(folder, name), fixtureRun());
      utimesSync(join(folder, name, "run.json"), atS, atS);
    }
    mkdirSync(join(folder, "z"));
    writeFileSync(join(folder, "file"), "");
    expect(findNewestRun(folder)).toBe(join(folder, "a"));
  });
});
