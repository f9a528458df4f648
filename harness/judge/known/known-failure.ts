/** What a failure that was met in the field is: how it is recognised, and what is known of it. */
import type { Nanoseconds } from "../../base/clock.ts";
import type { KnownText } from "../../record/known-text.ts";
import type { FailureCase } from "./failure-case.ts";

/** Modem under mhi-pci-generic, accelerator under qaic, WLAN under ath11k or ath12k. */
export type FamilyKind = "modem" | "accelerator" | "wlan";

export interface Recognition {
  /** How many independent pieces of evidence agree; of two failures that fit, the one with more is told. */
  readonly score: number;
  /** Each piece in words, as a person would check it. */
  readonly evidence: readonly string[];
  /** When it happened, as far as the evidence dates it: a finding outside of it, by more than `slackNs`, is another. */
  readonly fromNs: Nanoseconds;
  readonly toNs: Nanoseconds;
  readonly slackNs: Nanoseconds;
}

export interface KnownFailure extends KnownText {
  readonly families: readonly FamilyKind[];
  /**
   * First releases that hold the fix, one a branch: `6.12.19`. On these and on later ones it is not this failure.
   * Absent: no fix is known, or it is not in the kernel.
   */
  readonly fixedIn?: readonly string[];
  /** What brings it about on the virtual rig: `--fault NAME` or a scenario's id. Absent: nothing does yet. */
  readonly scenario?: string;
  /** Undefined unless the evidence is strong: a hint is no recognition. What is missing proves nothing over a gap. */
  recognise(failure: FailureCase): Recognition | undefined;
}

/** One line of the log or one event, and what it shows. */
export interface Piece {
  readonly tNs: Nanoseconds;
  readonly words: string;
  /** Its time is the trace's own; the log's is mapped onto it, or not even that, after a sleep. */
  readonly traced?: boolean;
}

/** The log's clock is mapped onto the trace's, not shared. */
const LOG_SLACK_NS = 2e9;
const TRACE_SLACK_NS = 1e8;

/**
 * What is undefined was not there and counts for nothing. It happened from the first piece to the last of those that the
 * trace dates, else of those that the log does.
 */
export function recognised(...pieces: readonly (Piece | undefined)[]): Recognition | undefined {
  const found = pieces.filter((piece) => piece !== undefined);
  if (found.length === 0) return undefined;
  const traced = found.filter((piece) => piece.traced);
  const times = (traced.length > 0 ? traced : found).map((piece) => piece.tNs);
  return {
    score: found.length,
    evidence: found.map((piece) => piece.words),
    fromNs: Math.min(...times),
    toNs: Math.max(...times),
    slackNs: traced.length > 0 ? TRACE_SLACK_NS : LOG_SLACK_NS,
  };
}

/** Does this kernel hold the fix? A newer branch than all that are listed does; an unknown release does not. */
export function isFixed(release: string, fixedIn: readonly string[]): boolean {
  const found = versionOf(release);
  if (!found) return false;
  const fixes = fixedIn.flatMap((text) => versionOf(text) ?? []);
  const same = fixes.find((fix) => fix.branch === found.branch);
  if (same) return found.patch >= same.patch;
  return fixes.length > 0 && fixes.every((fix) => found.branch > fix.branch);
}

interface Version {
  /** 6012 of 6.12. */
  readonly branch: number;
  readonly patch: number;
}

function versionOf(release: string): Version | undefined {
  const [, major, minor, patch] = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(release) ?? [];
  return major === undefined ? undefined : { branch: Number(major) * 1000 + Number(minor), patch: Number(patch ?? 0) };
}
