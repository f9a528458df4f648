/** `expect` for suites: Playwright's own, and what can be asked of a trace. */
import { expect } from "@playwright/test";
import type { Scenario } from "../../judge/index.ts";
import { PM_STATE_TEXT, PmState } from "../../mhi/pm-state.ts";
import type { Trace } from "../trace.ts";
import { explainVerdict } from "./explain-verdict.ts";

export const expectTrace = expect.extend({
  /** Waits until the scenario has been followed; fails as soon as it cannot be any more. */
  async toFollow(trace: Trace, scenario: Scenario) {
    const verdict = await trace.follow(scenario);
    const pass = verdict.outcome === "pass";
    return { pass, name: "toFollow", message: () => explainVerdict(scenario, verdict, this.isNot) };
  },

  /** The host driver was in this PM state at some time since the test began. */
  toHaveReachedPmState(trace: Trace, state: keyof typeof PmState) {
    const seen = trace.events.filter((event) => event.kind === "pm").map((event) => event.pmState);
    const pass = seen.includes(PmState[state]);
    const found = seen.map((index) => PM_STATE_TEXT[index] ?? String(index)).join(", ") || "no PM record at all";
    return {
      pass,
      name: "toHaveReachedPmState",
      message: () => `expected PM state ${state}${pass ? " never to be reached" : " to be reached"}; found: ${found}`,
    };
  },
});
