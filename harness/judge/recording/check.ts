/**
 * The verdict on a recording that nobody watched: no rig, no scenario unless one is named. A failure that happened is a
 * FAIL, recovered or not; a protocol rule that was broken always is.
 */
import { formatSeconds, type Nanoseconds } from "../../base/clock.ts";
import type { FamilyProfile } from "../../mhi/families/family.ts";
import { familyOn } from "../../mhi/families/family.ts";
import { WorkerItem } from "../../mhi/worker-item.ts";
import type { FindingRecord } from "../../record/schema.ts";
import { type Gap, isMhiEvent, type TraceEvent } from "../../trace/mhi-events.ts";
import { edgesOf, type SeenEdges } from "../coverage/index.ts";
import type { Evidence } from "../evidence.ts";
import { knownIn, knownSignature } from "../known/index.ts";
import type { FailureKind } from "../rules/rule.ts";
import type { Scenario } from "../scenarios/index.ts";
import { tellStory } from "../story.ts";
import { conclude, type Heard, isBlind, judge, type Verdict } from "../verdict.ts";
import { chosen, type Recording } from "./recording.ts";
import type { HeardRecording } from "./stream.ts";

export interface CheckOptions {
  readonly scenario?: (family: FamilyProfile) => Scenario;
  /** Failures that the device came back from do not count. */
  readonly allowRecovered?: boolean;
}

export interface CheckedFinding extends FindingRecord {
  /** The device reached mission mode again after it. Undefined where a rule was broken: nothing makes that right. */
  readonly recovered?: boolean;
}

export interface Checked {
  readonly controller: string;
  readonly outcome: Verdict["outcome"];
  readonly findings: readonly CheckedFinding[];
  /** All that failed was recovered from. */
  readonly recovered: boolean;
  readonly verdict: Verdict;
  /** Of a large recording: what was kept of it. */
  readonly evidence: Evidence;
  /** Edges that all of it has shown, not only what was kept. */
  readonly coverage: SeenEdges;
}

const ALL_KINDS: readonly FailureKind[] = ["sys-err", "link-loss", "refused-command", "not-acknowledged", "firmware"];

/** What was heard of one controller, and how to ask for the verdict on it. */
interface Hearing {
  readonly evidence: Evidence;
  readonly coverage: Checked["coverage"];
  /** Where events were heard and not kept: there, what is not in the evidence proves nothing. */
  readonly leftOut: readonly Gap[];
  verdict(allows: readonly FailureKind[]): Verdict;
  /** Mission mode is what every recovery ends with: mhi-facts 6.4, 6.7. */
  missionModeAfter(tNs: Nanoseconds): boolean;
}

/** One a controller, in the order of their names; where no event names one, one with an empty name, by the log alone. */
export function check(recording: Recording, options: CheckOptions = {}): Checked[] {
  const { controllers, heard } = recording;
  return (controllers.length > 0 ? controllers : [""]).map((controller) =>
    checkOne(
      recording,
      controller,
      heard ? keptHearing(recording, heard, controller) : heldHearing(recording, controller, options),
      options,
    ),
  );
}

function heldHearing(recording: Recording, controller: string, options: CheckOptions): Hearing {
  const evidence = evidenceOf(recording, controller, recording.events);
  const family = familyOn(recording.family.family, recording.kernel);
  const scenario = options.scenario?.(family);
  return {
    evidence,
    coverage: edgesOf([evidence.events]),
    leftOut: [],
    verdict: (allows) => judge(evidence, { family, allows, ...(scenario ? { scenario } : {}) }),
    missionModeAfter: (tNs) =>
      evidence.events.some(
        (event) => event.kind === "worker" && event.item === WorkerItem.MISSION_MODE && event.tNs > tNs,
      ),
  };
}

/** Of a recording that was heard and not held: rules and scenario have had their say. */
function keptHearing(recording: Recording, heard: HeardRecording, controller: string): Hearing {
  const wanted = chosen(heard.buffers) ?? "";
  const own = heard.controllers.find(({ stream }) => stream.controller === controller && stream.buffer === wanted);
  const family = own?.stream.family ?? familyOn(recording.family.family, recording.kernel);
  const { events, place } = keptOf(heard, controller, wanted);
  const evidence = evidenceOf(recording, controller, events);
  const { leftOut } = heard.kept;
  const matcher = own?.stream.matcher;
  const scenario = own?.stream.scenario;
  const options = { family, ...(scenario ? { scenario } : {}) };
  const said = {
    findings: isBlind(evidence) ? [] : (own?.findings ?? []),
    story: own?.stream.story.tell() ?? tellStory([]),
    leftOut,
    place,
    ...(matcher ? { matcher } : {}),
  };
  return {
    evidence,
    coverage: own?.stream.edges ?? edgesOf([]),
    leftOut,
    verdict: (allows) => conclude(evidence, { ...options, allows }, said),
    missionModeAfter: (tNs) => (own?.stream.lastMissionNs ?? Number.NEGATIVE_INFINITY) > tNs,
  };
}

/** The controller's own events of those that were kept, and where each stands among them. */
function keptOf(
  { kept }: HeardRecording,
  controller: string,
  buffer: string,
): Pick<Required<Heard>, "place"> & {
  readonly events: readonly TraceEvent[];
} {
  const places = new Map<number, number>();
  const events = kept.events.filter((event, at) => {
    const own = !isMhiEvent(event) || (event.controller === controller && (event.buffer ?? "") === buffer);
    if (own) places.set(at, places.size);
    return own;
  });
  return { events, place: (index) => places.get(kept.place(index) ?? -1) };
}

function checkOne(recording: Recording, controller: string, hearing: Hearing, options: CheckOptions): Checked {
  const { evidence } = hearing;
  const family = familyOn(recording.family.family, recording.kernel);
  const verdict = hearing.verdict([]);
  // What is left when every failure is allowed is what no device may do.
  const broken = hearing.verdict(ALL_KINDS).findings;
  const found = [...together(verdict.findings), ...unborne(evidence, hearing.leftOut, family, verdict)];
  const findings = (controller === "" && found.length === 0 ? [nothing(evidence)] : found).map(
    (finding): CheckedFinding => {
      if (finding.outcome !== "fail" || broken.some((own) => sameFinding(own, finding))) return finding;
      return { ...finding, recovered: hearing.missionModeAfter(finding.atNs) };
    },
  );
  const counted = options.allowRecovered ? findings.filter(({ recovered }) => recovered !== true) : findings;
  const fails = findings.filter(({ outcome }) => outcome === "fail");
  return {
    controller,
    outcome: outcomeOf(counted),
    findings,
    recovered: fails.length > 0 && fails.every(({ recovered }) => recovered === true),
    verdict,
    evidence,
    coverage: hearing.coverage,
  };
}

/** A few losses are told one by one; a flood of them as one. */
const MAX_LOSSES = 3;

function together(findings: readonly FindingRecord[]): FindingRecord[] {
  const isLoss = ({ rule, title }: FindingRecord): boolean =>
    rule === "evidence" && title.startsWith("evidence is missing");
  const losses = findings.filter(isLoss);
  const [first] = losses;
  if (!first || losses.length <= MAX_LOSSES) return [...findings];
  const fromNs = Math.min(...losses.map((loss) => loss.fromNs ?? loss.atNs));
  const atNs = Math.max(...losses.map((loss) => loss.atNs));
  const title = `evidence is missing in ${losses.length} places from ${formatSeconds(fromNs, 3)} to ${formatSeconds(atNs, 3)}`;
  const one: FindingRecord = { ...first, title, found: `first: ${first.found}`, fromNs, atNs };
  return findings
    .filter((finding) => finding === first || !isLoss(finding))
    .map((finding) => (finding === first ? one : finding));
}

const nothing = (evidence: Evidence): FindingRecord => ({
  rule: "evidence",
  outcome: "inconclusive",
  title: "nothing of an MHI driver is in this recording",
  expected: "mhi_host events, or debug messages of the mhi driver",
  found: `${evidence.events.length} other events, ${evidence.dmesg.length} lines of the kernel's log`,
  segment: 0,
  fromNs: evidence.fromNs,
  atNs: evidence.toNs,
  because: [],
});

function outcomeOf(findings: readonly CheckedFinding[]): Verdict["outcome"] {
  if (findings.some(({ outcome }) => outcome === "fail")) return "fail";
  return findings.length > 0 ? "inconclusive" : "pass";
}

const sameFinding = (a: FindingRecord, b: FindingRecord): boolean =>
  a.rule === b.rule && a.atNs === b.atNs && a.title === b.title;

/** The controller's own events and those of no controller. The log's lines that name another one are not about it. */
function evidenceOf(recording: Recording, controller: string, events: readonly TraceEvent[]): Evidence {
  const others = recording.controllers.filter((other) => other !== controller);
  const foreign = others.length === 0 ? undefined : new RegExp(`\\b(?:${others.join("|")})\\b`);
  return {
    kernel: recording.kernel ?? "unknown",
    source: recording.source,
    events: events.filter((event) => !isMhiEvent(event) || event.controller === controller),
    gaps: recording.gaps,
    fromNs: recording.fromNs,
    toNs: recording.toNs,
    dmesg: recording.log.filter(({ text }) => !foreign?.test(text)),
    ...(recording.device ? { device: recording.device } : {}),
  };
}

/** Known failures that no rule sees: the driver did nothing wrong, or only the log tells. */
function unborne(
  evidence: Evidence,
  leftOut: readonly Gap[],
  family: FamilyProfile,
  { findings, allowed }: Verdict,
): FindingRecord[] {
  return knownIn({ ...evidence, gaps: [...evidence.gaps, ...leftOut] }, family, { findings, allowed }).map(
    (match): FindingRecord => {
      const { failure, evidence: words, fromNs, toNs } = match;
      return {
        rule: "known-failure",
        outcome: "fail",
        signature: knownSignature(match, family, evidence.kernel),
        title: failure.name,
        expected: "no such failure",
        found: words.join("; "),
        cause: failure.cause,
        known: { id: failure.id, name: failure.name },
        segment: 0,
        atNs: Math.min(toNs, evidence.toNs),
        fromNs: Math.max(fromNs, evidence.fromNs),
        because: [],
      };
    },
  );
}
