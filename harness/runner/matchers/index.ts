/** `expect` for suites: Playwright's own, and what can be asked of a trace. */
import { expect } from "@playwright/test";
import { describePattern, type FailureKind, Pattern, type Scenario, steps, tookLonger } from "../../judge/index.ts";
import { PM_STATE_TEXT, PmState } from "../../mhi/pm-state.ts";
import type { Trace } from "../trace.ts";
import { explainFindings, explainVerdict } from "./explain-verdict.ts";

type PmStateName = keyof typeof PmState;

const DEFAULT_WITHIN_MS = 60_000;

/** Whoever waits for an error state has brought it about. */
const BROUGHT_ABOUT: Readonly<Partial<Record<PmStateName, FailureKind>>> = {
  SYS_ERR_DETECT: "sys-err",
  SYS_ERR_PROCESS: "sys-err",
  LD_ERR_FATAL_DETECT: "link-loss",
  FW_DL_ERR: "firmware",
};

function reaching(state: PmStateName, withinMs: number): Scenario {
  const kind = BROUGHT_ABOUT[state];
  return {
    id: `reach-${state.toLowerCase().replaceAll("_", "-")}`,
    title: `PM ${state} reached`,
    pattern: steps.pm(PmState[state]).within(withinMs, `PM ${state}`).as(state),
    allows: kind === undefined ? [] : [kind],
    measures: [{ name: state, to: state }],
  };
}

const own = (pattern: Pattern): Scenario => ({
  id: "sequence",
  title: describePattern(pattern),
  pattern,
  allows: [],
  measures: [],
});

export const expectTrace = expect.extend({
  /** Waits until the scenario, or a sequence of the suite's own, has been followed; fails as soon as it cannot be any more. */
  async toFollow(trace: Trace, expected: Scenario | Pattern) {
    const scenario = expected instanceof Pattern ? own(expected) : expected;
    const verdict = await trace.follow(scenario);
    const pass = verdict.outcome === "pass";
    return { pass, name: "toFollow", message: () => explainVerdict(scenario, verdict, this.isNot) };
  },

  /** Waits until the host driver enters this PM state; begins where the sequence before it ended. Default: a minute. */
  async toReachPmState(trace: Trace, state: PmStateName, options: { readonly withinMs?: number } = {}) {
    const scenario = reaching(state, options.withinMs ?? DEFAULT_WITHIN_MS);
    const verdict = await trace.follow(scenario);
    const pass = verdict.outcome === "pass";
    return { pass, name: "toReachPmState", message: () => explainVerdict(scenario, verdict, this.isNot) };
  },

  /** The host driver was in this PM state at some time since the test began. */
  toHaveReachedPmState(trace: Trace, state: PmStateName) {
    const seen = trace.events.filter((event) => event.kind === "pm").map((event) => event.pmState);
    const pass = seen.includes(PmState[state]);
    const found = seen.map((index) => PM_STATE_TEXT[index] ?? String(index)).join(", ") || "no PM record at all";
    return {
      pass,
      name: "toHaveReachedPmState",
      message: () => `expected PM state ${state}${pass ? " never to be reached" : " to be reached"}; found: ${found}`,
    };
  },

  /** The host driver has entered none of these PM states since the test began. Where evidence is missing: inconclusive. */
  async toNeverEnter(trace: Trace, state: PmStateName | readonly PmStateName[]) {
    const states = typeof state === "string" ? [state] : state;
    const finding = await trace.never(states.map((state) => PmState[state]));
    return {
      pass: finding === undefined,
      name: "toNeverEnter",
      message: () =>
        finding ? explainFindings([finding]) : `expected one of ${states.join(", ")} to be entered; none was`,
    };
  },

  /** No rule of the protocol has been broken since the test began, and nothing failed that no scenario brought about. */
  async toStayLegal(trace: Trace) {
    const findings = await trace.legality();
    return {
      pass: findings.length === 0,
      name: "toStayLegal",
      message: () => (findings.length > 0 ? explainFindings(findings) : "expected a rule to be broken; none was"),
    };
  },

  /** A latency that the scenarios of this test have measured: `expect(timeline).toTakeAtMost("M0", 500)`. */
  toTakeAtMost(trace: Trace, measure: string, atMostMs: number) {
    const measures = trace.followed.flatMap(({ verdict }) => [...verdict.measures]);
    const longer = tookLonger(measures, measure, atMostMs);
    return {
      pass: longer === undefined,
      name: "toTakeAtMost",
      message: () => longer ?? `expected ${measure} to take longer than ${atMostMs} ms; it did not`,
    };
  },
});
