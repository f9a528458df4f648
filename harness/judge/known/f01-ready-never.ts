import { formatSpan, msToNs } from "../../base/clock.ts";
import { PmState } from "../../mhi/pm-state.ts";
import { WorkerItem } from "../../mhi/worker-item.ts";
import { POLLED_MARGIN } from "../rules/expectations.ts";
import { type FailureCase, logged, traced } from "./failure-case.ts";
import { type KnownFailure, recognised } from "./known-failure.ts";

const NOT_READY = /failed to enter MHI Ready/i;
/** What else keeps a device from READY has a name of its own: RESET that never clears, an earlier SYS_ERR, no firmware. */
const OTHER_CAUSE = /failed to clear MHI Reset|failed to exit MHI Reset|firmware crashed|Error loading firmware/i;

/** A READY item with nothing after it for as long as the host may wait; the polls of 25 ms stretch with the tick. */
function silentReady(failure: FailureCase): { readonly tNs: number } | undefined {
  const waitNs = POLLED_MARGIN * msToNs(failure.family.timeoutMs + failure.family.readyTimeoutMs);
  const silent = failure.workers(WorkerItem.READY).filter(({ tNs }) => {
    const answered = failure.pm([PmState.POR, PmState.M0, PmState.DISABLE], tNs, tNs + waitNs);
    return answered === undefined && failure.whole(tNs, tNs + waitNs);
  });
  return failure.nearest(silent);
}

export const readyNever: KnownFailure = {
  id: "F01",
  name: "device never becomes READY at boot",
  families: ["modem"],
  symptom: "the modem never appears; where the driver powers up synchronously its probe fails with -110",
  cause: "the modem's firmware is not up within the READY time-out; seen with a Quectel RM520N-GL on 6.6.9",
  remedy: [
    {
      text: "see on the modem's own console whether its firmware starts; profiles of newer parts wait 50 s (ready_timeout_ms)",
      source: "https://github.com/sbwml/r4s_build_script/issues/9",
    },
  ],
  scenario: "--fault ready-never",
  recognise(failure) {
    const line = failure.nearest(failure.linesOf(NOT_READY));
    const silent = silentReady(failure);
    const end = line ?? silent;
    if (!end || failure.line(OTHER_CAUSE, end.tNs - 60e9, end.tNs + 1e9)) return undefined;
    if (failure.pm([PmState.SYS_ERR_DETECT, PmState.FW_DL_ERR], end.tNs - 60e9, end.tNs + 1e9)) return undefined;
    const item = silent ?? failure.workers(WorkerItem.READY).findLast(({ tNs }) => line && tNs < line.tNs);
    const answer = item && failure.pm([PmState.POR], item.tNs, end.tNs);
    const took = item && line ? `, nothing for ${formatSpan(line.tNs - item.tNs)}` : "";
    return recognised(
      logged(line),
      answer ? undefined : traced(item, `work item READY without PM POWER ON RESET after it${took}`),
      line && logged(failure.line(/failed to power up|did not enter READY/i, line.tNs, line.tNs + 1e9)),
    );
  },
};
