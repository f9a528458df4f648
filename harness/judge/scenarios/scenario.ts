/** A scenario: what a sequence of rig actions must look like on a family, and which failures it brings about itself. */
import type { Pattern } from "../pattern.ts";
import { sequence } from "../pattern.ts";
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

/** Several scenarios one after another in one window of evidence. */
export function inTurn(...scenarios: readonly Scenario[]): Scenario {
  return {
    id: scenarios.map((scenario) => scenario.id).join("+"),
    title: scenarios.map((scenario) => scenario.title).join(", then "),
    pattern: sequence(...scenarios.map((scenario) => scenario.pattern)),
    allows: [...new Set(scenarios.flatMap((scenario) => scenario.allows))],
    measures: scenarios.flatMap((scenario) => scenario.measures),
  };
}
