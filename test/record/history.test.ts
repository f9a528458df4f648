import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { earlierIn, SIGNATURES_FILE, writeSignatures } from "../../harness/record/history.ts";
import type { RunRecord } from "../../harness/record/schema.ts";
import { fixtureRun, testOf } from "../reports/support/fixture.ts";

let out = "";
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), "mhi-hil-history-"));
});
afterEach(() => rmSync(out, { recursive: true }));

function left(id: string, startedAt: string, rig: string, ...signatures: string[]): RunRecord {
  const run = fixtureRun();
  const failed = testOf(run, "fail");
  const [finding] = failed.findings;
  if (!finding) throw new Error("fixture without finding");
  const findings = signatures.map((signature) => ({ ...finding, signature }));
  const record = { ...run, id, startedAt, rig: { ...run.rig, id: rig }, tests: [{ ...failed, findings }] };
  mkdirSync(join(out, id));
  writeSignatures(join(out, id), record);
  return record;
}

describe("earlier runs", () => {
  it("counts runs, not findings, and tells the last", () => {
    left("2026-11-19T0100-00", "2026-11-19T01:00:00Z", "rack-1", "S-00000001", "S-00000001");
    left("2026-11-20T0100-00", "2026-11-20T01:00:00Z", "rack-3", "S-00000001", "S-00000002");
    const earlier = earlierIn(out, "2026-11-24T00:00:00Z");
    expect(earlier("S-00000001")).toEqual({ count: 2, lastDay: "2026-11-20", lastRig: "rack-3" });
    expect(earlier("S-00000002")?.count).toBe(1);
    expect(earlier("S-00000003")).toBeUndefined();
  });

  it("neither itself nor what came after it", () => {
    const run = left("2026-11-20T0100-00", "2026-11-20T01:00:00Z", "rack-3", "S-00000001");
    left("2026-11-21T0100-00", "2026-11-21T01:00:00Z", "rack-3", "S-00000001");
    expect(earlierIn(out, run.startedAt)("S-00000001")).toBeUndefined();
  });

  it("a run without failures leaves nothing", () => {
    left("2026-11-20T0100-00", "2026-11-20T01:00:00Z", "rack-3");
    expect(readdirSync(join(out, "2026-11-20T0100-00"))).toEqual([]);
  });

  it("passes over what is damaged, of another version, or not there", () => {
    left("2026-11-20T0100-00", "2026-11-20T01:00:00Z", "rack-3", "S-00000001");
    for (const [name, text] of [
      ["cut", '{"schema":"mhi-hil/signat'],
      ["newer", '{"schema":"mhi-hil/signatures/2","run":"x"}'],
      ["empty", ""],
    ] as const) {
      mkdirSync(join(out, name));
      writeFileSync(join(out, name, SIGNATURES_FILE), text);
    }
    expect(earlierIn(out, "2026-11-24T00:00:00Z")("S-00000001")?.count).toBe(1);
    expect(earlierIn(join(out, "nowhere"), "2026-11-24T00:00:00Z")("S-00000001")).toBeUndefined();
  });
});
