/** What a scenario's matcher has to say, as findings and figures. */
import { formatSeconds, formatSpan } from "../base/clock.ts";
import { describeGap, type Evidence } from "./evidence.ts";
import type { Matcher } from "./matcher.ts";
import type { EngineFinding } from "./rule-engine.ts";
import type { Scenario } from "./scenarios/index.ts";

/** A figure that an engineer reads first. */
export interface Measure {
  readonly name: string;
  readonly valueNs: number;
}

/** A finding before the logs are asked about it. */
export type Draft = Omit<EngineFinding, "failure" | "controller"> & {
  /** Event that decided a scenario. */
  readonly decidedBy?: number;
  /** The evidence ended before the scenario did. */
  readonly unfinished?: boolean;
};

export function scenarioFindings(scenario: Scenario, matcher: Matcher, evidence: Evidence): Draft[] {
  const rule = `scenario/${scenario.id}`;
  const because = matcher.matched.slice(-3).map((entry) => entry.index);
  const last = matcher.matched.at(-1);
  if (matcher.state === "passed") return [];
  const { failure } = matcher;
  if (!failure) {
    return [
      {
        rule,
        outcome: "inconclusive",
        title: `${scenario.title}: the evidence ends before it could be decided`,
        expected: matcher.waitingFor,
        found: last
          ? `"${last.words}" at ${formatSeconds(last.tNs, 3)} was the last step; the evidence ends at ${formatSeconds(evidence.toNs, 3)}`
          : `none of the steps up to ${formatSeconds(evidence.toNs, 3)}`,
        fromNs: last?.tNs ?? evidence.fromNs,
        atNs: evidence.toNs,
        because,
        unfinished: true,
      },
    ];
  }
  const gap = matcher.failureGap();
  // The clock of a step may have been started by one that cannot be seen.
  const unsure = failure.why === "deadline" && (evidence.source?.blindTo?.length ?? 0) > 0;
  const limit = failure.deadline ? ` within ${formatSpan(failure.deadline.ms * 1e6)}` : "";
  const title =
    failure.title ??
    (failure.why === "forbidden"
      ? `${scenario.title}: ${failure.words}, which must not happen here`
      : `${scenario.title}: ${failure.words}: it did not happen${limit}`);
  const before = last ? `${last.words} at ${formatSeconds(last.tNs, 3)}, ` : "";
  return [
    {
      rule,
      outcome: gap || unsure ? "inconclusive" : "fail",
      title,
      expected: failure.why === "forbidden" ? matcher.waitingFor || scenario.title : `${failure.words}${limit}`,
      found: `${before}${failure.found}${gap ? `. Evidence is missing: ${describeGap(gap)}` : ""}`,
      fromNs: Math.min(failure.fromNs, last?.tNs ?? failure.fromNs),
      atNs: failure.atNs,
      because: [...new Set([...because, ...(failure.index === undefined ? [] : [failure.index])])],
      ...(failure.index === undefined ? {} : { decidedBy: failure.index }),
    },
  ];
}

export function measuresOf(scenario: Scenario, matcher: Matcher, fromNs: number): Measure[] {
  return scenario.measures.flatMap(({ name, from, to }) => {
    const end = matcher.captures.get(to)?.tNs;
    const begin = from === undefined ? fromNs : matcher.captures.get(from)?.tNs;
    return end === undefined || begin === undefined ? [] : [{ name, valueNs: end - begin }];
  });
}
