import { describe, expect, test } from "vitest";
import { DutFault, RigFault, UsageError } from "../../harness/base/errors.ts";
import type { FindingRecord } from "../../harness/record/schema.ts";
import {
  classifyError,
  type EndingInput,
  endingOf,
  NotJudged,
  type ThrownError,
} from "../../harness/runner/outcome.ts";

const finding = (outcome: "fail" | "inconclusive", title: string): FindingRecord => ({
  rule: "r",
  outcome,
  title,
  expected: "",
  found: "",
  segment: 0,
  atNs: 0,
  because: [],
});
const thrown = (kind: ThrownError["kind"], message: string = kind): ThrownError => ({ kind, message });

const end = (input: Partial<EndingInput>) =>
  endingOf({ findings: [], thrown: [], rigTrouble: [], story: "boot ok in 0.31 s", ...input });

const fail = finding("fail", "device did not acknowledge M0 within 8 s");
const missing = finding("inconclusive", "the trace has a hole");

describe("how a test ends", () => {
  test.each<[string, Partial<EndingInput>, string, string]>([
    ["nothing wrong", {}, "pass", "boot ok in 0.31 s"],
    ["a test that its suite does not run here", { skipped: "no DIAG channel" }, "skipped", "no DIAG channel"],
    ["skipped, but something went wrong before it", { skipped: "x", findings: [fail] }, "fail", fail.title],
    ["skipped in a broken lab", { skipped: "x", rigTrouble: ["QEMU died"] }, "infra", "QEMU died"],
    ["a finding", { findings: [missing, fail] }, "fail", fail.title],
    ["the first of two failures", { findings: [fail, finding("fail", "later")] }, "fail", fail.title],
    ["missing evidence", { findings: [missing] }, "inconclusive", missing.title],
    ["the product failed an action", { thrown: [thrown("dut")] }, "fail", "dut"],
    ["an expectation of the test", { thrown: [thrown("assertion")] }, "fail", "assertion"],
    ["what the test itself threw", { thrown: [thrown("other")] }, "fail", "other"],
    ["a test that could not begin", { thrown: [thrown("not-judged")] }, "inconclusive", "not-judged"],
    ["the lab, by what was thrown", { thrown: [thrown("rig")] }, "infra", "rig"],
    ["the lab, by its own word", { rigTrouble: ["QEMU ended", "console lost"] }, "infra", "QEMU ended"],
    ["time was up", { thrown: [thrown("timeout")] }, "infra", "timeout"],
  ])("%s", (_name, input, outcome, summary) => {
    expect(end(input)).toEqual({ outcome, summary });
  });

  test.each<[string, Partial<EndingInput>, string, string]>([
    [
      "a failure that was seen stays one when the lab breaks after it",
      { findings: [fail], rigTrouble: ["QEMU ended"] },
      "fail",
      fail.title,
    ],
    [
      "... and when the product's fault was thrown",
      { thrown: [thrown("rig"), thrown("dut")], rigTrouble: ["QEMU ended"] },
      "fail",
      "dut",
    ],
    [
      "a broken lab outranks missing evidence",
      { findings: [missing], rigTrouble: ["QEMU ended"] },
      "infra",
      "QEMU ended",
    ],
    ["... and a test that could not begin", { thrown: [thrown("not-judged"), thrown("rig")] }, "infra", "rig"],
    [
      "... and an expectation, which a dead lab cannot meet",
      { thrown: [thrown("assertion")], rigTrouble: ["QEMU ended"] },
      "infra",
      "QEMU ended",
    ],
    [
      "the lab's own word is told before what followed from it",
      { thrown: [thrown("rig", "ssh lost")], rigTrouble: ["QEMU ended"] },
      "infra",
      "QEMU ended",
    ],
    [
      "missing evidence outranks an expectation: nothing can be held against the product",
      { findings: [missing], thrown: [thrown("assertion")] },
      "inconclusive",
      missing.title,
    ],
    [
      "a failure outranks missing evidence",
      { findings: [missing, fail], thrown: [thrown("not-judged")] },
      "fail",
      fail.title,
    ],
  ])("%s", (_name, input, outcome, summary) => {
    expect(end(input)).toEqual({ outcome, summary });
  });

  test("whatever was thrown, it is never a pass", () => {
    for (const kind of ["rig", "dut", "not-judged", "assertion", "timeout", "other"] as const) {
      expect(end({ thrown: [thrown(kind)] }).outcome, kind).not.toBe("pass");
    }
  });
});

test.each<[unknown, ThrownError]>([
  [new RigFault("c", "lab"), { kind: "rig", message: "lab" }],
  [new DutFault("c", "product"), { kind: "dut", message: "product" }],
  [new NotJudged("no start"), { kind: "not-judged", message: "no start" }],
  [new UsageError("c", "a wrong option"), { kind: "other", message: "a wrong option" }],
  [new Error("bug"), { kind: "other", message: "bug" }],
  ["text", { kind: "other", message: "text" }],
])("%s is of its kind", (error, expected) => {
  expect(classifyError(error)).toEqual(expected);
});
