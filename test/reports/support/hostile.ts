import type { RunRecord, TestRecord } from "../../../harness/record/schema.ts";
import { fixtureRun, testOf } from "./fixture.ts";

export const NASTY = '</script><img src=x onerror="globalThis.pwned=1"><!--<script>\u001b[31m\u202e';

/** The nasty line in every place where a text from outside can stand. */
export function hostileRun(): RunRecord {
  const run = fixtureRun();
  const failed = testOf(run, "fail");
  const finding = failed.findings[0];
  const segment = failed.segments[0];
  if (!finding || !segment) throw new Error("fixture without finding");
  const hostile: TestRecord = {
    ...failed,
    id: NASTY,
    area: NASTY,
    title: NASTY,
    file: NASTY,
    summary: NASTY,
    story: NASTY,
    findings: [
      {
        ...finding,
        rule: NASTY,
        title: NASTY,
        expected: NASTY,
        found: NASTY,
        cause: NASTY,
        signature: NASTY,
        known: { id: NASTY, name: NASTY, evidence: [NASTY] },
      },
    ],
    measures: [{ name: NASTY, valueNs: 1 }],
    actions: [{ name: NASTY, detail: NASTY, error: NASTY, controllerNs: 9e9, endControllerNs: 10e9 }],
    console: [{ controllerNs: 9e9, text: NASTY }],
    device: [{ controllerNs: 9e9, kind: NASTY, text: NASTY }],
    files: [NASTY, `javascript:${NASTY}`, "../../etc/passwd", "//elsewhere/x", "evidence/a b.log"],
    segments: [
      {
        ...segment,
        kernel: NASTY,
        bootId: NASTY,
        dmesg: [{ tNs: 9e9, level: 3, text: NASTY }],
        gaps: [{ fromNs: 8e9, toNs: 9e9, reason: "overrun", detail: NASTY }],
        events: [
          ...segment.events,
          { kind: "marker", tNs: 14.2e9, cpu: 0, text: NASTY },
          { kind: "other", tNs: 14.2e9, cpu: 0, name: NASTY, fields: { [NASTY]: NASTY } },
          { kind: "tre", tNs: 14.2e9, cpu: 0, controller: NASTY, channel: 4, ptr: NASTY },
          { kind: "pm", tNs: 14.3e9, cpu: 0, pmState: NASTY },
        ],
      },
    ],
  };
  const rig = { ...run.rig, id: NASTY, host: NASTY, dut: NASTY, notes: [NASTY] };
  const coverage = { pmEdgesSeen: [NASTY], pmEdgesTotal: 27 };
  return {
    ...run,
    id: NASTY,
    rig,
    coverage,
    tests: [hostile],
    faults: [NASTY],
    trouble: [NASTY],
    versions: { [NASTY]: NASTY },
    command: [NASTY],
  };
}
