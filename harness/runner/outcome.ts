/** How a test's end is read: from what was thrown and what was found, to one of the outcomes. */
import { DutFault, RigFault } from "../base/errors.ts";
import type { FindingRecord, Outcome } from "../record/schema.ts";

/** Thrown when nothing can be judged: evidence is missing, or what the test starts from cannot be reached. */
export class NotJudged extends Error {
  override readonly name = "NotJudged";
}

export interface Ending {
  readonly outcome: Outcome;
  /** The one sentence of the test's line. */
  readonly summary: string;
}

export interface EndingInput {
  readonly findings: readonly FindingRecord[];
  /** What the test's body or the fixtures threw, in order. */
  readonly thrown: readonly ThrownError[];
  /** The lab's own words for what went wrong under the test: QEMU gone, console lost. */
  readonly rigTrouble: readonly string[];
  readonly story: string;
  /** The suite's reason for not running the test on this rig. */
  readonly skipped?: string;
}

export interface ThrownError {
  readonly kind: "rig" | "dut" | "not-judged" | "assertion" | "timeout" | "other";
  readonly message: string;
}

export function classifyError(error: unknown): ThrownError {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof RigFault) return { kind: "rig", message };
  if (error instanceof DutFault) return { kind: "dut", message };
  if (error instanceof NotJudged) return { kind: "not-judged", message };
  return { kind: "other", message };
}

/**
 * The rig's trouble comes first: a device cannot be blamed for what a dead lab shows. But a failure that was seen
 * *before* the lab broke stays a failure: its evidence is whole.
 */
export function endingOf(input: EndingInput): Ending {
  const failed = input.findings.find((finding) => finding.outcome === "fail");
  if (failed) return { outcome: "fail", summary: failed.title };
  const dut = input.thrown.find((error) => error.kind === "dut");
  if (dut) return { outcome: "fail", summary: dut.message };
  const rig = input.rigTrouble[0] ?? input.thrown.find((error) => error.kind === "rig")?.message;
  if (rig !== undefined) return { outcome: "infra", summary: rig };
  const notJudged = input.thrown.find((error) => error.kind === "not-judged");
  if (notJudged) return { outcome: "inconclusive", summary: notJudged.message };
  const missing = input.findings.find((finding) => finding.outcome === "inconclusive");
  if (missing) return { outcome: "inconclusive", summary: missing.title };
  const timeout = input.thrown.find((error) => error.kind === "timeout");
  if (timeout) return { outcome: "infra", summary: timeout.message };
  const asserted = input.thrown[0];
  if (asserted) return { outcome: "fail", summary: asserted.message };
  if (input.skipped !== undefined) return { outcome: "skipped", summary: input.skipped };
  return { outcome: "pass", summary: input.story };
}
