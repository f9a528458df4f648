/**
 * From "what rule was broken" to "what happened": the kernel log around the time, and the device's own log where there
 * is one. Log texts: design facts 8.5; matched loosely, since levels and wording drift between kernels.
 */
import type { Nanoseconds } from "../base/clock.ts";
import { formatSeconds, NS_PER_S } from "../base/clock.ts";
import type { DeviceLine, Evidence, LogLine } from "./evidence.ts";

interface Diagnosis {
  /** Which findings it is about. */
  readonly about: RegExp;
  /** A line in the kernel log that tells it. */
  readonly log: RegExp;
  readonly title?: (match: RegExpExecArray) => string;
  readonly cause: string;
}

/** The first that fits wins. */
const DIAGNOSES: readonly Diagnosis[] = [
  {
    about: /^resume|^device gone/,
    log: /Resuming from non M3 state \((\w+)\)/i,
    title: (match) => `resume: device lost its context while suspended (it is in ${match[1]}, not in M3)`,
    cause: "power cut or reset while suspended: slot power not kept",
  },
  {
    about: /^device gone|^link lost|^resume/,
    log: /Device died/i,
    title: () => "device gone: the health check could not read its vendor id",
    cause: "link lost, device unplugged or without power",
  },
  {
    about: /^device gone|^link lost/,
    log: /(?:Link Down|Card not present)/i,
    title: () => "device gone: the slot reports the link down",
    cause: "device unplugged or without power",
  },
  {
    about: /^device gone/,
    log: /PCI error detected/i,
    title: () => "device gone: the PCI core reported an error (AER)",
    cause: "fatal PCIe error on the link",
  },
  { about: /^device gone/, log: /\d: reset$/i, cause: "function reset asked for on the host (sysfs reset)" },
  { about: /^device gone/, log: /Did not enter M0 state/i, cause: "device did not acknowledge M0 on resume" },
  {
    // the device is not to blame: it was READY, and in M0 before the second item asked
    about: /^boot: device did not become READY/,
    log: /Error moving to state POWER ON RESET from (\S+)/i,
    title: (match) =>
      `READY: the host ran its handshake a second time, with the device in ${match[1]} already, and gave it up`,
    cause: "driver race: one SYS_ERR handled twice, from its event and from its interrupt (docs/findings.md)",
  },
  {
    about: /^boot: device did not become READY/,
    log: /failed to clear MHI Reset/i,
    cause: "RESET bit stuck: the device was not reset before",
  },
  {
    about: /^boot: device did not become READY/,
    log: /failed to enter MHI Ready/i,
    cause: "firmware is not up, or needs longer",
  },
  {
    about: /^boot: firmware/,
    log: /Direct firmware load.*failed|Error loading firmware/i,
    cause: "firmware file is missing on the host",
  },
  { about: /^boot: firmware/, log: /did not load image over BHI/i, cause: "device did not take the image" },
  {
    about: /did not complete START|did not complete RESET/,
    log: /points outside of the|Completion packet for invalid/i,
    cause: "device completed with a bad pointer",
  },
];

/** Log lines that are worth a reader's time next to a failure. */
const TELLING =
  /did not enter|failed to|resuming from non|device (?:died|recovery|link)|recovery (?:completed|failed)|firmware crashed|unable to transition|points (?:outside|to an)|unexpected tre|link down|card not present|reset failed|direct firmware load|still resetting|could not enter|error moving to state/i;

const BEFORE_NS = 3 * NS_PER_S; // the health check runs every 2 s
const AFTER_NS = 1.5 * NS_PER_S; // the console lags behind the trace; the host logs a time-out after it

export interface Explanation {
  readonly title?: string;
  readonly cause?: string;
  /** Added to what was found: log lines and the second witness. */
  readonly notes: readonly string[];
}

const around = <T extends { readonly tNs: Nanoseconds }>(lines: readonly T[], fromNs: number, toNs: number): T[] =>
  lines.filter((line) => line.tNs >= fromNs && line.tNs <= toNs);

export function explain(
  finding: { readonly title: string; readonly fromNs: Nanoseconds; readonly atNs: Nanoseconds; readonly found: string },
  evidence: Evidence,
): Explanation {
  const lines = around(evidence.dmesg, finding.fromNs - BEFORE_NS, finding.atNs + AFTER_NS);
  const notes: string[] = [];
  const told = lines.filter((line) => TELLING.test(line.text) && !finding.found.includes(line.text)).slice(0, 3);
  if (told.length > 0) notes.push(`kernel log: ${told.map(quote).join(", ")}`);
  const witness = evidence.device && secondWitness(finding, evidence.device);
  if (witness) notes.push(witness);
  for (const entry of DIAGNOSES) {
    if (!entry.about.test(finding.title)) continue;
    for (const line of lines) {
      const match = entry.log.exec(line.text);
      if (match) return { ...(entry.title ? { title: entry.title(match) } : {}), cause: entry.cause, notes };
    }
  }
  return { notes };
}

const quote = (line: LogLine): string => `"${line.text}" at ${formatSeconds(line.tNs, 3)}`;

/** What the device must have seen and done for a finding not to be its fault. */
interface Testimony {
  readonly about: RegExp;
  readonly asked: RegExp;
  readonly answered: RegExp;
  readonly request: string;
  readonly answer: string;
}

const TESTIMONIES: readonly Testimony[] = [
  {
    about: /did not acknowledge M3/,
    asked: /MHICTRL\b.*(?:\bM3\b|0x0?5\d\d\b)/i,
    answered: /STATE_CHANGE\w*\s+(?:M3\b|0x5\b|5\b)/i,
    request: "MHICTRL=M3",
    answer: "M3 event",
  },
  {
    about: /did not acknowledge M0|did not enter M0/,
    asked: /MHICTRL\b.*(?:\bM0\b|0x0?2\d\d\b)/i,
    answered: /STATE_CHANGE\w*\s+(?:M0\b|0x2\b|2\b)/i,
    request: "MHICTRL=M0",
    answer: "M0 event",
  },
  {
    about: /did not complete (?:START|RESET)/,
    asked: /command (?:START|RESET)/i,
    answered: /CMD_COMPLETION/i,
    request: "the command",
    answer: "completion",
  },
];

/** The emulated device's own log: "device log agrees: MHICTRL=M3 seen, no M3 event posted". */
function secondWitness(
  finding: { readonly title: string; readonly fromNs: Nanoseconds; readonly atNs: Nanoseconds },
  device: readonly DeviceLine[],
): string | undefined {
  const slackNs = NS_PER_S / 10; // the two clocks are mapped, not shared
  const lines = around(device, finding.fromNs - slackNs, finding.atNs + slackNs);
  const faults = lines.filter((line) => line.kind === "fault").map((line) => line.text);
  const injected = faults.length > 0 ? `; fault injected: ${faults.slice(0, 2).join("; ")}` : "";
  const testimony = TESTIMONIES.find((entry) => entry.about.test(finding.title));
  if (!testimony) return injected ? `device log: ${injected.slice(2)}` : undefined;
  const asked = lines.some((line) => testimony.asked.test(line.text));
  const answered = lines.some((line) => testimony.answered.test(line.text));
  if (asked && !answered)
    return `device log agrees: ${testimony.request} seen, no ${testimony.answer} posted${injected}`;
  if (asked)
    return `device log disagrees: ${testimony.request} seen and ${testimony.answer} posted, so it was lost on the way${injected}`;
  return `device log: ${testimony.request} was not seen by the device${injected}`;
}
