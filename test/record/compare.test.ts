import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { changedModules, differences, stockRun } from "../../harness/record/compare.ts";
import type { RunRecord } from "../../harness/record/schema.ts";
import { writeRun } from "../../harness/record/store.ts";
import { fixtureRun } from "../reports/support/fixture.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mhi-hil-compare-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const stock: RunRecord = { ...fixtureRun(), id: "2026-11-20T1000-00", faults: [] };
const changed: RunRecord = {
  ...stock,
  id: "2026-11-23T1000-00",
  versions: { ...stock.versions, "module mhi": "ab".repeat(32) },
};
const keep = (name: string, run: RunRecord): void => void writeRun(join(folder, name), run);

test("modules that are not the kernel's own", () => {
  expect([changedModules(stock), changedModules(changed)]).toEqual([[], ["mhi"]]);
});

describe("the run to compare with", () => {
  test("the newest with the kernel's own drivers, of the same family and kernel, without faults", () => {
    keep("1", { ...stock, id: "old" });
    keep("2", { ...stock, id: "right" });
    keep("3", { ...stock, id: "faulty", faults: ["m3-not-acked"] });
    keep("4", { ...stock, id: "other-family", rig: { ...stock.rig, family: "sdx65" } });
    keep("5", { ...stock, id: "other-kernel", versions: { ...stock.versions, kernel: "6.1.0" } });
    keep("6", { ...changed, id: "changed-too" });
    keep("7", { ...stock, id: "other-tests", tests: [] });
    mkdirSync(join(folder, "8"));
    writeFileSync(join(folder, "8", "run.json"), "cut o");
    expect(stockRun(folder, changed)?.id).toBe("right");
  });

  test("none", () => {
    expect(stockRun(folder, changed)).toBeUndefined();
    expect(stockRun(join(folder, "none"), changed)).toBeUndefined();
  });
});

describe("differences", () => {
  const [first, ...rest] = stock.tests;
  if (!first) throw new Error("fixture without tests");

  test("none where all ended alike", () => {
    expect(differences(changed, stock)).toEqual([]);
  });

  test("a test that ended otherwise, and why; one that only one of them ran is passed over", () => {
    const passed = { ...stock, tests: [{ ...first, outcome: "pass" as const, summary: "booted" }, ...rest] };
    const failed = {
      ...changed,
      tests: [
        { ...first, outcome: "fail" as const, summary: "no M3" },
        { ...first, id: "new", title: "new one" },
      ],
    };
    expect(differences(failed, passed)).toEqual([
      `${first.area} ${first.title}: pass with the stock driver, now fail: no M3`,
    ]);
    expect(differences({ ...changed, tests: passed.tests }, { ...stock, tests: failed.tests })).toEqual([
      `${first.area} ${first.title}: fail with the stock driver, now pass: no M3`,
    ]);
  });
});
