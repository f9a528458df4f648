/**
 * What a rule is. One instance of each rule serves one controller; it sees the machine as it was *before* each event,
 * and may hold expectations that run out by time alone.
 *
 * A rule has a method for each sort of event that it wants, and is called for no other: what flows in masses (buffers
 * and their completions) comes as a `Transfer`, one object that is filled anew each time, and all else as the typed
 * event, which may be kept.
 */
import type { Nanoseconds } from "../../base/clock.ts";
import type { FamilyProfile } from "../../mhi/families/family.ts";
import type { KernelRelease } from "../../mhi/transitions.ts";
import type { ChannelCommandEvent, IntvecEvent, PmStateEvent, RingEvent, WorkerEvent } from "../../trace/mhi-events.ts";
import type { DeviceLine, LogLine } from "../evidence.ts";
import type { Machine } from "../machine.ts";
import type { Transfer } from "../transfer.ts";
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
  pm?(event: PmStateEvent, index: number): void;
  worker?(event: WorkerEvent, index: number): void;
  intvec?(event: IntvecEvent, index: number): void;
  chan?(event: ChannelCommandEvent, index: number): void;
  /** An element of an event ring that is no transfer event. */
  element?(event: RingEvent, index: number): void;
  /** Any element of an event ring, before `element` or `completion` is called for it. Not to be kept. */
  posted?(element: Transfer, index: number): void;
  /** A buffer is queued (mhi_gen_tre). Not to be kept. */
  buffer?(buffer: Transfer, index: number): void;
  /** A transfer event, type 0x22 or 0x28, is taken from an event ring. Not to be kept. */
  completion?(completion: Transfer, index: number): void;
  /** A line of the kernel log, in the order of time with the events. */
  log?(line: LogLine): void;
  /** A line of the device's own log. Its clock is mapped: it may come some time before or after what it tells of. */
  device?(line: DeviceLine): void;
  /** Nothing before this time is still to come. */
  advance?(watermarkNs: Nanoseconds): void;
  /** Evidence is missing: forget what was counted. */
  forget?(): void;
}

export interface RuleDefinition {
  readonly id: string;
  create(context: RuleContext): Rule;
}
