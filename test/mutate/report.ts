/** What a run of mutants came to, for people and for programs. */
import { type Count, type Kind, killRate, type Tally } from "./tally.ts";

export interface RunFacts {
  readonly seed: number;
  /** Healthy windows. */
  readonly sources: number;
  /** Healthy windows that did not pass. */
  readonly alarms: readonly string[];
  /** Mutants that there are. */
  readonly possible: number;
  readonly seconds: number;
}

const percent = (count: Count): string => `${(killRate(count) * 100).toFixed(2)} %`;
const sum = ({ killed, legal, survived, "false alarm": alarms }: Count): number => killed + legal + survived + alarms;

function line({ kind, count, scenarios, first }: Kind): string {
  const where = [...scenarios].sort(([, a], [, b]) => b - a).map(([scenario, often]) => `${scenario} ${often}`);
  return `${String(count).padStart(6)}  ${kind.padEnd(34)} e.g. ${String(first).padEnd(6)} ${where.join(", ")}`;
}

function reasons(kinds: readonly Kind[]): string[] {
  return [...new Set(kinds.map(({ why }) => why ?? ""))].flatMap((why) => {
    const own = kinds.filter((entry) => (entry.why ?? "") === why);
    return [
      `${String(own.reduce((total, { count }) => total + count, 0)).padStart(6)}  ${why}`,
      ...own.map(({ kind, count, first }) => `          ${kind} ${count}, e.g. ${first}`),
    ];
  });
}

export function asText(tally: Tally, { seed, sources, alarms, possible, seconds }: RunFacts): string {
  const table = [...tally.byMutation].map(
    ([mutation, count]) =>
      `${mutation.padEnd(10)} ${String(sum(count)).padStart(7)} ${String(count.killed).padStart(7)} ${String(count.legal).padStart(7)} ${String(count.survived).padStart(9)} ${percent(count).padStart(10)}`,
  );
  return [
    `${sum(tally.total)} mutants of ${possible}, seed ${seed}, of ${sources} healthy windows, ${seconds.toFixed(1)} s`,
    "",
    "mutation    judged  killed   legal  survived  kill rate",
    ...table,
    "",
    `kill rate of those that are not legal: ${percent(tally.total)}`,
    `healthy windows that did not pass: ${alarms.length}`,
    ...alarms.map((alarm) => `        ${alarm}`),
    `legal mutants that were blamed: ${tally.total["false alarm"]}`,
    ...tally.sorted("false alarm").map(line),
    "",
    `survived, and nothing in the driver allows it: ${tally.total.survived}`,
    ...tally.sorted("survived").map(line),
    "",
    `legal by the driver's source: ${tally.total.legal}`,
    ...reasons(tally.sorted("legal")),
  ].join("\n");
}

export function asJson(tally: Tally, facts: RunFacts): object {
  const kinds = (own: readonly Kind[]): object[] =>
    own.map((entry) => ({ ...entry, scenarios: Object.fromEntries(entry.scenarios) }));
  return {
    schema: "mhi-hil/mutate/1",
    ...facts,
    total: tally.total,
    killRate: killRate(tally.total),
    byMutation: Object.fromEntries(tally.byMutation),
    survived: kinds(tally.sorted("survived")),
    falseAlarms: kinds(tally.sorted("false alarm")),
    legal: kinds(tally.sorted("legal")),
  };
}
