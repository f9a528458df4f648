/** Every PM hop against the driver's table and its silent assignments. Source: drivers/bus/mhi/host/pm.c. */
import { formatSeconds } from "../../base/clock.ts";
import type { PmState } from "../../mhi/pm-state.ts";
import { pmStateName } from "../../mhi/pm-state.ts";
import { judgeHop, legalTargets } from "../../mhi/transitions.ts";
import type { RuleDefinition } from "./rule.ts";

export const pmTransition: RuleDefinition = {
  id: "pm-transition",
  create: ({ machine, kernel, report }) => ({
    pm(event, index) {
      if (machine.pm === undefined) return;
      const from = machine.pm;
      const to = event.pmState as PmState;
      if (judgeHop(from, to, kernel, { missionUnproven: machine.missionUnproven }).legal) return;
      report({
        title: `PM state went from ${pmStateName(from)} to ${pmStateName(to)}, which the driver's table does not have`,
        expected: `after ${pmStateName(from)} one of ${legalTargets(from, kernel).map(pmStateName).join(", ")}`,
        found: `${pmStateName(from)} at ${formatSeconds(machine.pmSinceNs)}, ${pmStateName(to)} at ${formatSeconds(event.tNs)}`,
        fromNs: machine.pmSinceNs,
        atNs: event.tNs,
        because: [machine.pmIndex, index],
      });
    },
  }),
};
