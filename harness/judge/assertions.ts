/** What a suite may ask of a stretch of evidence besides sequences: one question, one finding or none. */
import { formatSeconds, formatSpan, NS_PER_MS } from "../base/clock.ts";
import { type PmState, pmStateName } from "../mhi/pm-state.ts";
import type { FindingRecord } from "../record/schema.ts";
import { describeGap, type Evidence, gapWithin } from "./evidence.ts";
import type { Measure } from "./scenario-findings.ts";

/**
 * The host driver did not enter any of these PM states. Some assignments leave no record (mhi-facts 2.4): of DISABLE and
 * POR this says only that none was recorded.
 *
 * @returns a fail where one was entered, inconclusive where evidence is missing; undefined: none was.
 */
export function neverEntered(evidence: Evidence, states: readonly PmState[]): FindingRecord | undefined {
  const { events, fromNs, toNs, gaps, source, segment = 0 } = evidence;
  const names = states.map(pmStateName).join(", ");
  const common = { rule: "never-entered", expected: `no PM state ${names}`, segment, fromNs };
  const index = events.findIndex(
    (event) => event.kind === "pm" && event.tNs >= fromNs && states.includes(event.pmState as PmState),
  );
  const entered = events[index];
  if (entered?.kind === "pm") {
    const name = pmStateName(entered.pmState);
    const found = `PM ${name} at ${formatSeconds(entered.tNs, 3)}`;
    return {
      ...common,
      outcome: "fail",
      title: `PM state ${name} was entered`,
      found,
      atNs: entered.tNs,
      because: [index],
    };
  }
  const gap = gapWithin(gaps, fromNs, toNs);
  const blind = source?.blindTo?.includes("pm") ?? false;
  if (!gap && !blind) return undefined;
  const found = gap ? describeGap(gap) : "the trace cannot see PM transitions";
  return {
    ...common,
    outcome: "inconclusive",
    title: `PM states ${names}: evidence is missing`,
    found,
    atNs: toNs,
    because: [],
  };
}

/** The slowest of the measures of that name took no longer. Undefined: all is well. */
export function tookLonger(measures: readonly Measure[], name: string, atMostMs: number): string | undefined {
  const own = measures.filter((measure) => measure.name === name);
  if (own.length === 0) {
    const names = [...new Set(measures.map((measure) => measure.name))].join(", ");
    return `no latency "${name}" was measured; there are: ${names || "none yet: follow a scenario first"}`;
  }
  const slowest = Math.max(...own.map(({ valueNs }) => valueNs));
  return slowest <= atMostMs * NS_PER_MS
    ? undefined
    : `${name} took ${formatSpan(slowest)}, at most ${atMostMs} ms were allowed`;
}
