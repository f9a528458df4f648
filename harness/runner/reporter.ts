/**
 * Playwright reporter: a line a test while it runs, and at the end the run record with its report.
 *
 * The verdict comes from the record that the test's fixture wrote, not from Playwright's status, which knows only passed
 * and failed. A test that left no record (its worker was killed, a fixture timed out) is an infra fault, never a pass.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { FullConfig, FullResult, Reporter, Suite, TestCase, TestResult } from "@playwright/test/reporter";
import { headLine, skippedLines, summary, testLine } from "../../reports/console.ts";
import { renderHtml } from "../../reports/html/render.ts";
import { renderJunit } from "../../reports/junit.ts";
import { systemClock } from "../base/clock.ts";
import { coverageOf, edgesOf } from "../judge/coverage/index.ts";
import { knownById } from "../judge/known/index.ts";
import { familyById, familyIds } from "../mhi/families/index.ts";
import { exitCodeFor } from "../record/exit-code.ts";
import { type EarlierLookup, earlierIn, writeSignatures } from "../record/history.ts";
import {
  type Outcome,
  outcomeSchema,
  RUN_SCHEMA,
  type RunRecord,
  type SegmentRecord,
  type TestRecord,
} from "../record/schema.ts";
import { writeRun } from "../record/store.ts";
import { projectRoot, reportsDir, runId } from "./paths.ts";
import { RECORD_ATTACHMENT, type TestFile, testFileSchema } from "./rig-info.ts";
import { type RunEnv, readRunEnv } from "./run-env.ts";

export default class MhiReporter implements Reporter {
  readonly #run: RunEnv;
  readonly #out: NodeJS.WriteStream;
  readonly #earlier: EarlierLookup;
  readonly #final = new Map<string, TestRecord>();
  readonly #trouble: string[] = [];
  #rig: RunRecord["rig"] | undefined;
  #versions: Record<string, string> = {};

  constructor() {
    this.#run = readRunEnv() ?? byHand();
    this.#out = this.#run.json ? process.stderr : process.stdout;
    this.#earlier = earlierIn(dirname(this.#run.dir), this.#run.startedAt);
    mkdirSync(this.#run.dir, { recursive: true });
  }

  printsToStdio(): boolean {
    return true;
  }

  onBegin(_config: FullConfig, suite: Suite): void {
    if (suite.allTests().length === 0)
      this.#trouble.push("no test matches; see the titles with: npx playwright test --list");
  }

  onTestBegin(test: TestCase): void {
    if (this.#out.isTTY) this.#out.write(`  ..    ${areaOf(test)}  ${test.title}`);
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    if (this.#out.isTTY) this.#out.write("\r\u001b[K");
    const file = readTestFile(result);
    if (file) this.#takeRig(file);
    const record = this.#settle(test, result, file?.record ?? withoutRecord(test, result, this.#run.dir));
    this.#final.set(test.id, record);
    if (record.outcome !== "skipped") this.#print(testLine(record, undefined, this.#earlier));
  }

  onError(error: { message?: string }): void {
    const text = stripVTControlCharacters(error.message ?? "unknown error").trim();
    if (!/no tests found/i.test(text)) this.#trouble.push(text.split("\n", 1)[0] ?? text);
    if (process.env.MHI_HIL_DEBUG) process.stderr.write(`${text}\n`);
  }

  onEnd(result: FullResult): void {
    if (result.status === "interrupted") this.#trouble.push("the run was interrupted before all tests had run");
    if (result.status === "timedout") this.#trouble.push("the run's time limit passed before all tests had run");
    const record = this.#record();
    writeRun(this.#run.dir, record);
    writeSignatures(this.#run.dir, record);
    writeFileSync(join(this.#run.dir, "index.html"), renderHtml(record, { known: knownById }));
    writeFileSync(join(this.#run.dir, "junit.xml"), renderJunit(record));
    this.#print(skippedLines(record.tests));
    this.#print(summary(record, relative(process.cwd(), join(this.#run.dir, "index.html"))));
  }

  #takeRig(file: TestFile): void {
    if (!this.#rig) this.#print([headLine(file.rig)]);
    this.#rig = file.rig;
    this.#versions = { ...this.#versions, ...file.versions };
  }

  /**
   * A pass after a failed attempt is `flaky`: told as such, with the first attempt's words. A failure of the product that
   * was seen stays one, whatever a later attempt could not judge.
   */
  #settle(test: TestCase, result: TestResult, record: TestRecord): TestRecord {
    const before = this.#final.get(test.id);
    if (before?.outcome === "fail" && (record.outcome === "infra" || record.outcome === "inconclusive")) return before;
    if (result.retry > 0 && record.outcome === "pass" && before) {
      return { ...record, outcome: "flaky", summary: `passed on try ${result.retry + 1}; before: ${before.summary}` };
    }
    return record;
  }

  #record(): RunRecord {
    const tests = [...this.#final.values()];
    const outcomes = tests.map((test) => test.outcome);
    return {
      schema: RUN_SCHEMA,
      id: this.#run.id,
      startedAt: this.#run.startedAt,
      durationMs: (systemClock.monotonicNs() - this.#run.startNs) / 1e6,
      command: this.#run.command,
      versions: this.#versions,
      rig: this.#rig ?? {
        id: this.#run.rig,
        kind: "ssh",
        family: "unknown",
        host: "unknown",
        dut: "unknown",
        notes: [],
      },
      faults: this.#run.faults,
      tests,
      coverage: this.#coverage(tests),
      counts: countOutcomes(outcomes),
      exitCode: exitCodeFor(outcomes, this.#trouble),
      trouble: this.#trouble,
    };
  }

  #coverage(tests: readonly TestRecord[]): RunRecord["coverage"] {
    const segments = tests.flatMap((test) => test.segments);
    const family = familyIds().find((id) => id === this.#rig?.family);
    const kernel = segments[0]?.kernel;
    return coverageOf(edgesOf(withoutSeams(segments)), {
      ...(family === undefined ? {} : { family: familyById(family) }),
      ...(kernel === undefined ? {} : { kernel }),
      scenarios: tests.flatMap(({ scenarios }) => scenarios ?? []),
    });
  }

  #print(lines: readonly string[]): void {
    for (const line of lines) this.#out.write(`${line}\n`);
  }
}

export const areaOf = (test: TestCase): string => test.location.file.split("/suites/")[1]?.split("/")[0] ?? "suite";

/** One test's record begins where the one before it ended, so an edge may lead from one to the next, in one boot. */
function withoutSeams(segments: readonly SegmentRecord[]): SegmentRecord["events"][] {
  const newest = new Map<string, SegmentRecord["events"]>();
  const all: SegmentRecord["events"][] = [];
  for (const { bootId, events, gaps } of segments) {
    const before = gaps.length === 0 ? newest.get(bootId) : undefined;
    if (before) before.push(...events);
    else {
      const own = [...events];
      all.push(own);
      newest.set(bootId, own);
    }
  }
  return all;
}

function countOutcomes(outcomes: readonly Outcome[]): RunRecord["counts"] {
  const counts = Object.fromEntries(outcomeSchema.options.map((outcome) => [outcome, 0])) as RunRecord["counts"];
  for (const outcome of outcomes) counts[outcome] += 1;
  return counts;
}

function readTestFile(result: TestResult): TestFile | undefined {
  const path = result.attachments.findLast((attachment) => attachment.name === RECORD_ATTACHMENT)?.path;
  return path === undefined ? undefined : testFileSchema.parse(JSON.parse(readFileSync(path, "utf8")));
}

function withoutRecord(test: TestCase, result: TestResult, dir: string): TestRecord {
  const message = stripVTControlCharacters(result.error?.message ?? "").split("\n", 1)[0] ?? "";
  const skipped = result.status === "skipped";
  const reason = test.annotations.find((annotation) => annotation.type === "skip")?.description;
  return {
    id: test.id,
    area: areaOf(test),
    title: test.title,
    file: relative(process.cwd(), test.location.file),
    attempt: result.retry,
    outcome: skipped ? "skipped" : "infra",
    durationMs: result.duration,
    startControllerNs: 0,
    summary: skipped ? (reason ?? "skipped") : `no evidence was left: ${message || result.status} (see ${dir})`,
    story: "",
    findings: [],
    measures: [],
    segments: [],
    actions: [],
    console: [],
    device: [],
    files: [],
  };
}

/** Somebody started Playwright itself (an editor's test view): the run has a folder of its own all the same. */
function byHand(): RunEnv {
  const now = systemClock.now();
  return {
    id: runId(now),
    dir: join(reportsDir(), runId(now)),
    rig: "by-hand",
    suites: join(projectRoot, "suites"),
    faults: [],
    command: ["playwright", "test"],
    startedAt: now.toISOString(),
    startNs: systemClock.monotonicNs(),
    json: false,
  };
}
