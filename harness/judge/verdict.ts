/**
 * From evidence to a verdict that an engineer trusts. pass: everything asked was seen and no rule broken. fail: with the
 * smallest sub-trace that shows it. inconclusive: evidence is missing where it mattered.
 */
import { formatSeconds } from "../base/clock.ts";
import type { FamilyProfile } from "../mhi/families/family.ts";
import type { FindingRecord } from "../record/schema.ts";
import { type Gap, isMhiEvent } from "../trace/mhi-events.ts";
import { describeSource } from "../trace/probe/source-choice.ts";
import { describeGap, type Evidence } from "./evidence.ts";
import { explain } from "./explain.ts";
import { signatureParts } from "./failure-context.ts";
import { knownAs } from "./known/index.ts";
import { Matcher } from "./matcher.ts";
import { type EngineFinding, RuleEngine } from "./rule-engine.ts";
import { RULES } from "./rules/index.ts";
import type { FailureKind } from "./rules/rule.ts";
import { type Draft, type Measure, measuresOf, scenarioFindings } from "./scenario-findings.ts";
import type { Scenario } from "./scenarios/index.ts";
import { signature } from "./signature.ts";
import { tellStory } from "./story.ts";

export interface JudgeOptions {
  readonly family: FamilyProfile;
  /** What must have happened; without one, only the always-on rules judge. */
  readonly scenario?: Scenario;
  /** Failures that are meant to happen anywhere in the evidence. */
  readonly allows?: readonly FailureKind[];
  /** Failures that other scenarios over the same evidence have brought about: their verdicts' `allowed`. */
  readonly allowed?: readonly AllowedWindow[];
  /** Where the scenario begins; default: the evidence's begin. */
  readonly scenarioFromNs?: number;
}

/** A scenario's leave for a kind of failure: from its begin to its last step, not longer. */
export interface AllowedWindow {
  readonly kind: FailureKind;
  readonly fromNs: number;
  readonly toNs: number;
}

export interface Verdict {
  readonly outcome: "pass" | "fail" | "inconclusive";
  readonly findings: readonly FindingRecord[];
  readonly story: string;
  readonly measures: readonly Measure[];
  /** What the scenario allowed, and when: for judging the whole test's evidence afterwards. */
  readonly allowed: readonly AllowedWindow[];
  /** Stable id of the first failure. */
  readonly signature?: string;
  /** The scenario may still pass or fail: more evidence decides, at the latest what comes up to `deadlineNs`. */
  readonly undecided?: { readonly waitingFor: string; readonly deadlineNs?: number };
  /** The scenario's steps, one line each: matched, then the first that was not. */
  readonly steps?: string;
}

export function judge(evidence: Evidence, options: JudgeOptions): Verdict {
  const { scenario, family } = options;
  const engine = new RuleEngine({ family, kernel: evidence.kernel });
  const fromNs = options.scenarioFromNs ?? evidence.fromNs;
  const source = evidence.source ? { source: evidence.source } : {};
  const matcher = scenario && new Matcher(scenario.pattern, { fromNs, ...source });
  replay(evidence, engine, matcher);
  const story = tellStory(
    evidence.events.filter((event) => event.tNs >= evidence.fromNs),
    { graceless: family.kind === "accelerator" },
  );
  return conclude(evidence, options, { findings: engine.findings, story, ...(matcher ? { matcher } : {}) });
}

/** What was heard of all events, in one pass: by `judge`, or by who read a recording that no memory holds. */
export interface Heard {
  /** Of the rules. */
  readonly findings: readonly EngineFinding[];
  readonly matcher?: Matcher;
  readonly story: string;
  /** Where events were heard and are not in the evidence: there, what is not in it proves nothing. */
  readonly leftOut?: readonly Gap[];
  /**
   * From the indices that rules and matcher were given to those in the evidence's events; undefined: it was not kept.
   * Absent: they are the same.
   */
  readonly place?: (index: number) => number | undefined;
}

/** The verdict on what was heard. */
export function conclude(evidence: Evidence, options: JudgeOptions, heard: Heard): Verdict {
  const { scenario, family } = options;
  const { matcher, story, leftOut = [], place } = heard;
  const fromNs = options.scenarioFromNs ?? evidence.fromNs;
  const allowed = (scenario?.allows ?? []).map((kind) => ({ kind, fromNs, toNs: matcher?.passedNs ?? evidence.toNs }));
  const windows = [...allowed, ...(options.allowed ?? [])];
  // what lies before the window sets the machine's state; its failures were told when they happened
  const told = inRuleOrder(heard.findings).filter(
    (finding) => finding.atNs >= evidence.fromNs && !isAllowed(finding, windows, options.allows ?? []),
  );
  const drafts = [
    ...causeFirst(scenario && matcher ? scenarioFindings(scenario, matcher, evidence) : [], told).map((draft) =>
      place ? { ...draft, because: draft.because.flatMap((index) => place(index) ?? []) } : draft,
    ),
    ...gapFindings(evidence),
    ...blindFindings(evidence),
  ];
  const shown = leftOut.length > 0 ? { ...evidence, gaps: [...evidence.gaps, ...leftOut] } : evidence;
  const findings = toRecords(distinct(drafts), shown, family);
  const outcome = outcomeOf(findings);
  const [first] = findings;
  return {
    outcome,
    findings,
    story,
    measures: scenario && matcher ? measuresOf(scenario, matcher, fromNs) : [],
    allowed,
    ...(first?.signature !== undefined && outcome === "fail" ? { signature: first.signature } : {}),
    ...(matcher ? { steps: matcher.story() } : {}),
    ...(matcher?.state === "pending" ? { undecided: undecided(matcher) } : {}),
  };
}

function undecided({ waitingFor, deadlineNs }: Matcher): NonNullable<Verdict["undecided"]> {
  return { waitingFor, ...(deadlineNs === undefined ? {} : { deadlineNs }) };
}

const isAllowed = (
  finding: EngineFinding,
  windows: readonly AllowedWindow[],
  anywhere: readonly FailureKind[],
): boolean =>
  finding.failure !== undefined &&
  (anywhere.includes(finding.failure) ||
    windows.some(
      ({ kind, fromNs, toNs }) => kind === finding.failure && finding.fromNs >= fromNs && finding.fromNs <= toNs,
    ));

/** A rule that names what broke the scenario is told before the scenario's own "it did not happen". */
function causeFirst(scenario: readonly Draft[], rules: readonly EngineFinding[]): Draft[] {
  const decided = new Set(scenario.flatMap((draft) => (draft.decidedBy === undefined ? [] : [draft.decidedBy])));
  const causes = rules.filter((finding) => finding.because.some((index) => decided.has(index)));
  return [...causes, ...scenario, ...rules.filter((finding) => !causes.includes(finding))];
}

function outcomeOf(findings: readonly FindingRecord[]): Verdict["outcome"] {
  if (findings.some((finding) => finding.outcome === "fail")) return "fail";
  return findings.length > 0 ? "inconclusive" : "pass";
}

/** Feeds events, log lines and gaps in the order of time. */
function replay(evidence: Evidence, engine: RuleEngine, matcher: Matcher | undefined): void {
  const ruled = !isBlind(evidence);
  const gaps = [...evidence.gaps].sort((a, b) => a.fromNs - b.fromNs);
  const lines = [...evidence.dmesg].sort((a, b) => a.tNs - b.tNs);
  let gapAt = 0;
  let lineAt = 0;
  const upTo = (tNs: number): void => {
    for (; gapAt < gaps.length && (gaps[gapAt]?.fromNs ?? Number.POSITIVE_INFINITY) <= tNs; gapAt++) {
      const gap = gaps[gapAt];
      if (!gap) continue;
      engine.gap(gap);
      matcher?.gap(gap);
    }
    for (; lineAt < lines.length && (lines[lineAt]?.tNs ?? Number.POSITIVE_INFINITY) <= tNs; lineAt++) {
      const line = lines[lineAt];
      if (!line) continue;
      engine.log(line);
      matcher?.feedLog(line);
    }
  };
  for (const [index, event] of evidence.events.entries()) {
    upTo(event.tNs);
    if (ruled && isMhiEvent(event)) engine.feed(event, index);
    matcher?.feed(event, index);
  }
  upTo(evidence.toNs);
  engine.advance(evidence.toNs);
  matcher?.advance(evidence.toNs);
}

const inRuleOrder = (findings: readonly EngineFinding[]): EngineFinding[] => {
  const rank = new Map(RULES.map((rule, at) => [rule.id, at]));
  return [...findings].sort((a, b) => a.fromNs - b.fromNs || (rank.get(a.rule) ?? 0) - (rank.get(b.rule) ?? 0));
};

/** The always-on rules cover the whole window, so what was lost of it is not judged: that is said, never passed over. */
function gapFindings(evidence: Evidence): Draft[] {
  return evidence.gaps
    .filter((gap) => gap.toNs >= evidence.fromNs && gap.fromNs <= evidence.toNs)
    .filter((gap) => gap.reason !== "host-down" && gap.reason !== "not-collecting")
    .map((gap) => ({
      rule: "evidence",
      outcome: "inconclusive" as const,
      title: `evidence is missing from ${formatSeconds(gap.fromNs, 3)} to ${formatSeconds(gap.toNs, 3)}: ${describeGap(gap)}`,
      expected: "a trace without loss",
      found: describeGap(gap),
      fromNs: gap.fromNs,
      atNs: gap.toNs,
      because: [],
    }));
}

/** Rules are not asked where the trace's source never shows some kind of event. */
export const isBlind = ({ source }: Evidence): boolean => (source?.blindTo?.length ?? 0) > 0;

/** The rules join events of all kinds: where one is never seen, they would blame the device for it, so they do not judge. */
function blindFindings(evidence: Evidence): Draft[] {
  if (!isBlind(evidence) || !evidence.source) return [];
  return [
    {
      rule: "evidence",
      outcome: "inconclusive",
      title: `followed as far as the trace shows it; not judged, for it cannot see ${evidence.source.unseen.join(", ")}`,
      expected: "a trace of all events of the driver",
      found: describeSource({ ...evidence.source, unseen: [] }),
      fromNs: evidence.fromNs,
      atNs: evidence.toNs,
      because: [],
      unfinished: true,
    },
  ];
}

/** A scenario and a rule may tell the same failure: the first to tell it is kept, a fail before an inconclusive one. */
function distinct(drafts: readonly Draft[]): Draft[] {
  const seen = new Set<string>();
  const kept = drafts.filter((draft) => {
    const key = `${draft.title}@${draft.rule.startsWith("scenario/") ? "" : Math.round(draft.fromNs / 1e6)}`;
    if (seen.has(key) || seen.has(`${draft.title}@`)) return false;
    seen.add(key);
    return true;
  });
  const fails = kept.filter((draft) => draft.outcome === "fail");
  // that a scenario did not come to its end is no news beside what broke it
  const rest = kept.filter((draft) => draft.outcome !== "fail" && !(draft.unfinished && fails.length > 0));
  return [...fails, ...rest];
}

/** A recording that is broken all over is looked at for names so often and not more. */
const MAX_NAMED = 200;

function toRecords(drafts: readonly Draft[], evidence: Evidence, family: FamilyProfile): FindingRecord[] {
  const { events, kernel, firmware } = evidence;
  const stated = { family, kernel, ...(firmware === undefined ? {} : { firmware }) };
  const fails = drafts.filter((draft) => draft.outcome === "fail");
  const parts = signatureParts(
    fails.map((draft) => ({ ...draft, ...stated })),
    events,
  );
  const ids = new Map(fails.map((draft, at) => [draft, signature(parts[at] ?? {})]));
  const named = new Set(fails.slice(0, MAX_NAMED));
  return drafts.map((draft) => {
    const id = ids.get(draft);
    const known = named.has(draft) ? knownAs(draft, evidence, family) : undefined;
    return {
      ...toRecord(draft, evidence, known?.failure.cause),
      ...(id === undefined ? {} : { signature: id }),
      ...(known ? { known: { id: known.failure.id, name: known.failure.name, evidence: [...known.evidence] } } : {}),
    };
  });
}

/** @param likely what a known failure has for a cause, where neither rule nor log tells one. */
function toRecord(draft: Draft, evidence: Evidence, likely: string | undefined): FindingRecord {
  const explanation = explain(draft, evidence);
  const cause = draft.cause ?? explanation.cause ?? likely;
  return {
    rule: draft.rule,
    outcome: draft.outcome,
    title: explanation.title ?? draft.title,
    expected: draft.expected,
    found: [draft.found, ...explanation.notes].join("; "),
    ...(cause === undefined ? {} : { cause }),
    segment: evidence.segment ?? 0,
    atNs: draft.atNs,
    fromNs: draft.fromNs,
    because: [...draft.because].filter((index) => index >= 0).sort((a, b) => a - b),
  };
}
