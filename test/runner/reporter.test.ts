import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FullResult, TestCase, TestResult } from "@playwright/test/reporter";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Outcome, RunRecord } from "../../harness/record/schema.ts";
import { readRun } from "../../harness/record/store.ts";
import MhiReporter from "../../harness/runner/reporter.ts";
import { RECORD_ATTACHMENT } from "../../harness/runner/rig-info.ts";
import { writeRunEnv } from "../../harness/runner/run-env.ts";
import { fixtureRun } from "../reports/support/fixture.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mhi-hil-reporter-"));
  const run = { id: "r", dir, rig: "rig", faults: [], command: [], startedAt: "", startNs: 0, json: true, suites: "" };
  for (const [name, value] of Object.entries(writeRunEnv(run))) vi.stubEnv(name, value);
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true });
});

const testCase = {
  id: "t1",
  title: "resumes",
  annotations: [],
  location: { file: "/x/suites/power/s3.spec.ts", line: 1, column: 1 },
} as unknown as TestCase;

/** One test with an attempt an outcome; `undefined`: its process died and left nothing. */
function runOf(attempts: readonly (Outcome | undefined)[]): RunRecord {
  const reporter = new MhiReporter();
  const { rig, versions, tests } = fixtureRun();
  for (const [retry, outcome] of attempts.entries()) {
    const path = join(dir, `${retry}.json`);
    const record = { ...tests[0], id: "t1", outcome, attempt: retry, summary: `try ${retry + 1}: ${outcome}` };
    if (outcome) writeFileSync(path, JSON.stringify({ rig, versions, record }));
    const attachments = outcome ? [{ name: RECORD_ATTACHMENT, path, contentType: "application/json" }] : [];
    const result = { retry, attachments, status: "failed", duration: 5, error: { message: "worker ended" } };
    reporter.onTestEnd(testCase, result as unknown as TestResult);
  }
  reporter.onEnd({ status: "failed" } as FullResult);
  return readRun(dir);
}

describe("what becomes of a test that is tried again", () => {
  test.each<[(Outcome | undefined)[], Outcome, number]>([
    [["pass"], "pass", 0],
    [["fail", "pass"], "flaky", 3],
    [["infra", "pass"], "flaky", 3],
    [["fail", "fail", "pass"], "flaky", 3],
    [["fail", "infra"], "fail", 1],
    [["fail", "inconclusive"], "fail", 1],
    [["fail", undefined], "fail", 1],
    [["infra", "fail"], "fail", 1],
    [[undefined], "infra", 2],
  ])("%j ends as %s", (attempts, outcome, exitCode) => {
    const run = runOf(attempts);
    expect(run.tests.map((entry) => entry.outcome)).toEqual([outcome]);
    expect(run.exitCode).toBe(exitCode);
    expect(run.counts[outcome]).toBe(1);
  });

  test("flaky tells what was before; a test that left nothing tells why", () => {
    expect(runOf(["fail", "pass"]).tests[0]?.summary).toBe("passed on try 2; before: try 1: fail");
    expect(runOf([undefined]).tests[0]?.summary).toMatch(/^no evidence was left: worker ended/);
  });
});

test("a run without any test is never a pass", () => {
  const run = runOf([]);
  expect([run.tests.length, run.exitCode]).toEqual([0, 2]);
});
