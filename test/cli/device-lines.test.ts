/** The device's log on the recording's axis: each line by the clock sample nearest to it, of the right boot only. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UsageError } from "../../harness/base/errors.ts";
import { type DeviceLogOptions, deviceLinesOf, type PlacedLines } from "../../harness/cli/device-lines.ts";
import type { DeviceLine } from "../../harness/trace/export/feed.ts";
import { TimeAxis } from "../../harness/trace/time-axis.ts";
import { FIXTURE } from "../reports/support/fixture.ts";
import { type Made, madeSource } from "../trace/export-support.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mhi-hil-device-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const sample = (hostNs: number, controllerNs: number, uncertaintyNs = 1e6) => ({ hostNs, controllerNs, uncertaintyNs });
const FIRST = "aaaa-first";
const SECOND = "bbbb-second";
const logLine = (controllerNs: number, text: string) => ({ controllerNs, kind: "power", text });

/** A run's folder: one test over the boots that are given. */
function addRun(boots: Record<string, object[]>, device: object[] = []): string {
  const run = JSON.parse(readFileSync(FIXTURE, "utf8"));
  const [template] = run.tests;
  const segments = Object.entries(boots).map(([bootId, clock]) => ({
    bootId,
    kernel: "6.12",
    clock,
    events: [],
    gaps: [],
    dmesg: [],
  }));
  run.tests = [{ ...template, segments, device }];
  const dir = join(folder, "run");
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "run.json"), JSON.stringify(run));
  return dir;
}

function addLog(lines: readonly (object | string)[]): string {
  const path = join(folder, "device.jsonl");
  writeFileSync(path, lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join(""));
  return path;
}

function open(options: DeviceLogOptions, recording = folder, info: Made["info"] = {}): PlacedLines {
  const lines = deviceLinesOf(recording, options, new TimeAxis(madeSource({ events: [], info })));
  if (!lines) throw new Error("no lines");
  return lines;
}

function taken(lines: PlacedLines): [number, string][] {
  const all: DeviceLine[] = [];
  while (lines.nextNs !== Number.POSITIVE_INFINITY) all.push(lines.take());
  lines.close();
  return all.map(({ tNs, text }) => [tNs, text]);
}

describe("a line stands", () => {
  test("where the nearest sample puts it", () => {
    const run = addRun({ [FIRST]: [sample(1000, 50_000), sample(2500, 51_000)] });
    const log = addLog([logLine(50_100, "a"), logLine(50_499, "b"), logLine(50_501, "c"), logLine(52_000, "d")]);
    const lines = open({ deviceLog: log, clockSamples: run });
    expect(lines.placement).toContain(`2 clock samples of boot ${FIRST}: each line is right to 1.000 ms at worst`);
    expect(taken(lines)).toEqual([
      [1100, "a"],
      [1499, "b"],
      [2001, "c"],
      [3500, "d"],
    ]);
    expect(lines.notes).toEqual([]);
  });

  test("on the axis' own zero", () => {
    const run = addRun({ [FIRST]: [sample(5_000_000_100, 50)] });
    const log = addLog([logLine(60, "a")]);
    const info = { originNs: 5_000_000_000n };
    expect(taken(open({ deviceLog: log, clockSamples: join(run, "run.json") }, folder, info))).toEqual([[110, "a"]]);
  });

  test("nowhere when it is of another boot, which is told", () => {
    const run = addRun({ [FIRST]: [sample(1000, 50_000)], [SECOND]: [sample(700, 90_000)] });
    const log = addLog([logLine(50_001, "first"), logLine(89_999, "second")]);
    const lines = open({ deviceLog: log, clockSamples: run, boot: "bbbb" });
    expect(taken(lines)).toEqual([[699, "second"]]);
    expect(lines.notes).toEqual([expect.stringContaining("1 lines of")]);
  });

  test("by the boot that a folder of pages tells", () => {
    const run = addRun({ [FIRST]: [sample(1000, 50_000)], [SECOND]: [sample(700, 90_000)] });
    const pages = join(folder, "boot-2");
    mkdirSync(join(pages, "part-0"), { recursive: true });
    writeFileSync(join(pages, "part-0", "boot_id"), `${SECOND}\n`);
    const log = addLog([logLine(90_001, "x")]);
    expect(taken(open({ deviceLog: log, clockSamples: run }, pages))).toEqual([[701, "x"]]);
  });
});

test("a run is its own log: the lines that its tests kept, in order of time", () => {
  const run = addRun({ [FIRST]: [sample(1000, 50_000)] }, [logLine(50_002, "b"), logLine(50_001, "a")]);
  expect(taken(open({ deviceLog: run }))).toEqual([
    [1001, "a"],
    [1002, "b"],
  ]);
});

test("lines that are none are counted, empty ones are not; a cut last line, a long log", () => {
  const run = addRun({ [FIRST]: [sample(0, 0)] });
  const many = Array.from({ length: 5000 }, (_, at) => logLine(at, `line ${at} ${"x".repeat(at % 50)}`));
  const log = addLog(["", "not JSON", '{"kind":"power"}', ...many]);
  writeFileSync(log, readFileSync(log, "utf8").trimEnd());
  const lines = open({ deviceLog: log, clockSamples: run });
  expect(taken(lines)).toEqual(many.map(({ controllerNs, text }) => [controllerNs, text]));
  expect(lines.notes).toEqual([`2 lines of ${log} are none of a device's log: left out`]);
});

test("another clock than the samples' is told", () => {
  const run = addRun({ [FIRST]: [sample(0, 0)] });
  const info = { buffers: [{ name: "", cpus: [0], clock: "local" }] };
  expect(open({ deviceLog: addLog([]), clockSamples: run }, folder, info).notes).toEqual([
    expect.stringContaining("the recording's clock is local"),
  ]);
});

describe("refused in a sentence", () => {
  const refusal = (options: DeviceLogOptions): string => {
    try {
      open(options);
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      return (error as UsageError).message;
    }
    throw new Error("not refused");
  };
  test("samples without a log", () => {
    expect(refusal({ clockSamples: addRun({ [FIRST]: [sample(0, 0)] }) })).toContain("name it with --device-log");
  });
  test("a log without samples", () =>
    expect(refusal({ deviceLog: addLog([]) })).toContain("name it with --clock-samples"));
  test("samples that are no run", () => {
    const log = addLog([]);
    expect(refusal({ deviceLog: log, clockSamples: log })).toContain("is no run");
  });
  test("several boots and none named", () => {
    const run = addRun({ [FIRST]: [sample(0, 0)], [SECOND]: [sample(0, 9)] });
    expect(refusal({ deviceLog: addLog([]), clockSamples: run })).toMatch(
      /samples of 2 boots.*--boot ID.*aaaa-first, bbbb-second/,
    );
    expect(refusal({ deviceLog: addLog([]), clockSamples: run, boot: "cccc" })).toContain("no one boot cccc");
  });
  test("a run without samples", () => {
    expect(refusal({ deviceLog: addLog([]), clockSamples: addRun({ [FIRST]: [] }) })).toContain(
      "holds no clock samples",
    );
  });
  test("files that are not there", () => {
    expect(refusal({ deviceLog: join(folder, "none") })).toMatch(/none cannot be opened/);
  });
  test("a run of another version", () => {
    const path = join(folder, "run.json");
    writeFileSync(path, '{"schema":"mhi-hil/run/99"}');
    expect(refusal({ deviceLog: path })).toContain("no record of a run that this version reads");
  });
});
