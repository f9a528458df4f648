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

/** Figures are of one run (times, addresses, counts); names such as M3 and channel numbers are part of the failure. */
const normalise = (text: string): string =>
  text
    .toLowerCase()
    .replace(/0x[0-9a-f]+/g, "#")
    .replace(/(channel \d+)|\b\d+(?:\.\d+)?\b/g, (match, channel: string | undefined) => (channel ? match : "#"))
    .replace(/\s+/g, " ")
    .trim();

/** `S-3f9a1c02`. */
export function signature({ family, phase, lastGoodState, stuck, kernelMajor: kernel }: SignatureParts): string {
  const tuple = [family, normalise(phase), lastGoodState, normalise(stuck), kernel];
  return `S-${createHash("sha256").update(tuple.join("\u0000")).digest("hex").slice(0, 8)}`;
}
