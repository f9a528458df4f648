/**
 * A short id of a failure that is the same on another day, another rig, and in text instead of binary: made of what
 * the failure is, never of when or where it was seen.
 */
import { createHash } from "node:crypto";

export interface SignatureParts {
  readonly family: string;
  /** `boot`, `suspend`, `resume`, ...: the word before the colon of a title, or the rule. */
  readonly phase: string;
  readonly lastGoodState: string;
  /** What did not come, or what came and must not. */
  readonly stuck: string;
  /** `6.12` of `6.12.117+deb13-amd64`. */
  readonly kernelMajor: string;
}

export const kernelMajor = (release: string): string => /^\d+\.\d+/.exec(release)?.[0] ?? release;

/** Numbers are of one run (times, addresses, counts); channel numbers are part of the failure and stay. */
const normalise = (text: string): string =>
  text
    .toLowerCase()
    .replace(/0x[0-9a-f]+/g, "#")
    .replace(/(channel \d+)|\d+(?:\.\d+)?/g, (match, channel: string | undefined) => (channel ? match : "#"))
    .replace(/\s+/g, " ")
    .trim();

/** `S-3f9a1c02`. */
export function signature(parts: SignatureParts): string {
  const tuple = [parts.family, parts.phase, parts.lastGoodState, parts.stuck, parts.kernelMajor].map(normalise);
  return `S-${createHash("sha256").update(tuple.join("\u0000")).digest("hex").slice(0, 8)}`;
}
