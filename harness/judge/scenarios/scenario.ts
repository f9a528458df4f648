/** A scenario: what a sequence of rig actions must look like on a family, and which failures it brings about itself. */
import type { Pattern } from "../pattern.ts";
import { sequence, withNames } from "../pattern.ts";
import type { FailureKind } from "../rules/rule.ts";

export interface ScenarioMeasure {
  /** As a reader sees it: "M3". */
  readonly name: string;
  /** Names given with `as`; `from` undefined: the scenario's begin. */
  readonly from?: string;
  readonly to: string;
}

export interface Scenario {
  /** `runtime-suspend`; a finding's rule is `scenario/runtime-suspend`. */
  readonly id: string;
  /** For the story: "runtime suspend". */
  readonly title: string;
  readonly pattern: Pattern;
  readonly allows: readonly FailureKind[];
  readonly measures: readonly ScenarioMeasure[];
}

/** A copy whose names do not meet those of another scenario in the same sequence. */
export function apart(scenario: Scenario, at: number): Scenario {
  const rename = (name: string): string => `${at}/${name}`;
  return {
    ...scenario,
    pattern: withNames(scenario.pattern, rename),
    measures: scenario.measures.map(({ name, from, to }) => ({
      name,
      ...(from === undefined ? {} : { from: rename(from) }),
      to: rename(to),
    })),
  };
}

/** Several scenarios one after another in one window of evidence. */
export function inTurn(...scenarios: readonly Scenario[]): Scenario {
  const parts = scenarios.map(apart);
  return {
    id: scenarios.map((scenario) => scenario.id).join("+"),
    title: scenarios.map((scenario) => scenario.title).join(", then "),
    pattern: sequence(...parts.map((scenario) => scenario.pattern)),
    allows: [...new Set(scenarios.flatMap((scenario) => scenario.allows))],
    measures: parts.flatMap((scenario) => scenario.measures),
  };
}
