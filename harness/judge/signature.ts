/**
 * A short id of a failure that is the same on another day, another rig, and in text instead of binary: made of what
 * the failure is, never of when or where it was seen.
 *
 * Nothing that only some recordings have may enter, or one failure gets two ids. So the host's log takes no part: an
 * errno counts only where the finding's own title tells it, which is where the log is all that there is.
 */
import { createHash } from "node:crypto";

/** What a failure is. A part that is not known is stated as such; it is never guessed. */
export interface SignatureParts {
  /** Device family: `sdx55`. */
  readonly family?: string;
  /** What the host was about: `boot`, `suspend`, `resume`, ... */
  readonly phase?: string;
  /** Last PM state before anything was wrong: `M3_ENTER`. */
  readonly lastGood?: string;
  /** What did not come, what was refused, or what came and must not: a finding's title, figures removed. */
  readonly stuck?: string;
  /** Completion code or errno: `BAD_TRE`, `-16`. */
  readonly code?: string;
  /** Execution environment of the device: `AMSS`. */
  readonly ee?: string;
  /** Major and minor only: `6.12` of `6.12.117+deb13-amd64`. */
  readonly kernel?: string;
  /** The device's firmware, where somebody has stated it. */
  readonly firmware?: string;
}

const NAMES: readonly (keyof SignatureParts)[] = [
  "family",
  "phase",
  "lastGood",
  "stuck",
  "code",
  "ee",
  "kernel",
  "firmware",
];
const LABELS: Readonly<Record<keyof SignatureParts, string>> = {
  family: "family",
  phase: "phase",
  lastGood: "last good state",
  stuck: "stuck at",
  code: "code",
  ee: "EE",
  kernel: "kernel",
  firmware: "firmware",
};

/** `6.12` of a release; nothing of what is no release. */
export const kernelMajor = (release: string): string | undefined => /^\d+\.\d+/.exec(release)?.[0];

/**
 * Figures are of one run: times, addresses, counts, limits of a profile. Names that hold digits (M3, AMSS) and channel
 * numbers are of the failure. The EE is a part of its own, which a title tells only where an interrupt did.
 */
export const withoutFigures = (text: string): string =>
  text
    .toLowerCase()
    .replace(/\s*\(ee [^)]*\)/g, "")
    .replace(/0x[0-9a-f]+/g, "#")
    .replace(/(channel \d+)|(?<![\w.])-?\d+(?:\.\d+)?\b/g, (match, channel: string | undefined) =>
      channel ? match : "#",
    )
    .replace(/\s+/g, " ")
    .trim();

/** Only sentences hold figures of one run; a kernel's or a firmware's number is the part itself. */
const stated = (name: keyof SignatureParts, value: string | undefined): string =>
  value === undefined ? "?" : name === "stuck" || name === "phase" ? withoutFigures(value) : value;

/** `S-3f9a1c02`. */
export function signature(parts: SignatureParts): string {
  const tuple = NAMES.map((name) => `${name}=${stated(name, parts[name])}`);
  return `S-${createHash("sha256").update(tuple.join("\u0000")).digest("hex").slice(0, 8)}`;
}

/** For people, every part stated: `family sdx55, phase suspend, last good state M3_ENTER, ..., firmware unknown`. */
export const describeSignature = (parts: SignatureParts): string =>
  NAMES.map((name) => `${LABELS[name]} ${parts[name] ?? "unknown"}`).join(", ");
