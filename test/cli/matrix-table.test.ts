import { describe, expect, test } from "vitest";
import { type Cell, cellText, matrixExitCode, matrixTable } from "../../harness/cli/matrix-table.ts";

const none = { pass: 0, fail: 0, inconclusive: 0, infra: 0, flaky: 0, skipped: 0 };
const cell = (family: string, kernel: string, more: Partial<Cell> = {}): Cell => ({
  family,
  kernel,
  exitCode: 0,
  durationMs: 1000,
  counts: { ...none, pass: 9, skipped: 2 },
  ...more,
});
const notKnown = { notApplicable: true, note: "not in this kernel's drivers; they know it from 6.12 on" };
const failed = { exitCode: 1, counts: { ...none, pass: 8, fail: 1 }, note: "S3: device did not acknowledge M3" };
const { counts: _, ...broken } = cell("aic100", "6.12", { exitCode: 2, note: "mhi-hil: no mirror" });

test("families down, kernels across, notes below", () => {
  const cells = [
    cell("sdx55", "6.1"),
    cell("sdx75", "6.1", notKnown),
    cell("sdx55", "7.2", failed),
    cell("sdx75", "7.2"),
  ];
  expect(matrixTable(cells)).toEqual([
    "family   6.1           7.2",
    "sdx55    9 ok 2 skip   8 ok 1 FAIL",
    "sdx75    -             9 ok 2 skip",
    "",
    "sdx75 on 6.1: not in this kernel's drivers; they know it from 6.12 on",
    "sdx55 on 7.2: S3: device did not acknowledge M3",
  ]);
});

test("a run that left no record, and one in which nothing ran", () => {
  expect(cellText(broken)).toBe("none");
  expect(cellText(cell("sdx55", "6.1", { counts: none }))).toBe("none");
});

describe("exit code: the worst cell's", () => {
  test.each([
    ["all pass", [cell("a", "1"), cell("b", "1", notKnown)], 0],
    ["a failure", [cell("a", "1"), cell("b", "1", failed), broken], 1],
    ["a rig fault", [cell("a", "1"), broken], 2],
    ["missing evidence", [cell("a", "1"), cell("b", "1", { exitCode: 3 })], 3],
    ["nothing that a kernel can do", [cell("a", "1", notKnown)], 2],
  ])("%s", (_name, cells, code) => {
    expect(matrixExitCode(cells)).toBe(code);
  });
});
