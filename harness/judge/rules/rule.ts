/**
 * What a rule is. One instance of each rule serves one controller; it is fed every event once, in order, sees the
 * machine as it was *before* the event, and may hold expectations that run out by time alone.
 */
import type { Nanoseconds } from "../../base/clock.ts";
import type { FamilyProfile } from "../../mhi/families/family.ts";
import type { KernelRelease } from "../../mhi/transitions.ts";
import type { MhiEvent } from "../../trace/mhi-events.ts";
import type { LogLine } from "../evidence.ts";
import type { Machine } from "../machine.ts";
import type { Expectation } from "./expectations.ts";

/** Failures that a scenario may bring about on purpose, and so may allow. */
export type FailureKind =
  | "sys-err" // device reported SYS_ERR
  | "link-loss" // host gave the device up (Linkdown or Error Fatal Detect)
  | "refused-command" // host refused a channel command of its own client
  | "not-acknowledged" // a handshake ran into its time-out
  | "firmware"; // firmware was not loaded

export interface RuleFinding {
  /** One sentence in an engineer's words. */
  readonly title: string;
  readonly expected: string;
  readonly found: string;
  readonly cause?: string;
  readonly atNs: Nanoseconds;
  /** Start of the assertion's window; missing evidence from here to `atNs` makes it inconclusive. Default: `atNs`. */
  readonly fromNs?: Nanoseconds;
  readonly because: readonly number[];
  /** Set where the driver's own behaviour is legal: the product failed, the protocol did not. */
  readonly failure?: FailureKind;
}

export interface RuleContext {
  readonly family: FamilyProfile;
  readonly kernel: KernelRelease;
  readonly machine: Machine;
  report(finding: RuleFinding): void;
  /** Waits for something; see Expectation. */
  expect(expectation: Expectation): void;
}

export interface Rule {
  event?(event: MhiEvent, index: number): void;
  /** A line of the kernel log, in the order of time with the events. */
  log?(line: LogLine): void;
  /** Evidence is missing: forget what was counted. */
  forget?(): void;
}

export interface RuleDefinition {
  readonly id: string;
  create(context: RuleContext): Rule;
}
