import type { Outcome } from "./schema.ts";

/** 0 pass, 1 fail, 2 usage or rig fault, 3 inconclusive: the worst of what happened, a product failure first. */
export const ExitCode = { pass: 0, fail: 1, usage: 2, rigFault: 2, inconclusive: 3 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/**
 * A failed test outweighs an infra fault, which outweighs missing evidence. A run without any test is a usage error, never a pass.
 * `flaky` (failed, then passed on a retry) is never a pass either: the run is inconclusive.
 */
export function exitCodeFor(outcomes: readonly Outcome[], trouble: readonly string[]): ExitCode {
  if (outcomes.includes("fail")) return ExitCode.fail;
  if (outcomes.includes("infra") || trouble.length > 0) return ExitCode.rigFault;
  if (outcomes.includes("inconclusive") || outcomes.includes("flaky")) return ExitCode.inconclusive;
  return outcomes.includes("pass") ? ExitCode.pass : ExitCode.usage;
}
