import { msToNs } from "../../base/clock.ts";
import { PmState } from "../../mhi/pm-state.ts";
import type { ChannelCommandEvent, TreEvent } from "../../trace/mhi-events.ts";
import { PLAIN_MARGIN } from "../rules/expectations.ts";
import { type FailureCase, traced } from "./failure-case.ts";
import { type KnownFailure, recognised } from "./known-failure.ts";

type Request = TreEvent | ChannelCommandEvent;
const WAKES = [PmState.M3_EXIT, PmState.SYS_ERR_DETECT, PmState.LD_ERR_FATAL_DETECT, PmState.DISABLE];

/** Made while the controller was suspended, and nothing woke it for as long as the host would wait. */
function unheard(failure: FailureCase): Request | undefined {
  const waitNs = PLAIN_MARGIN * msToNs(failure.family.timeoutMs);
  const heard = (tNs: number): boolean =>
    !failure.whole(tNs, tNs + waitNs) || failure.pm(WAKES, tNs, tNs + waitNs) !== undefined;
  let asleep = false;
  // the first request of a sleep is what must wake it: one a sleep is asked about, however many follow
  const firsts: Request[] = [];
  for (const event of failure.events) {
    if (event.kind === "pm") asleep = event.pmState === PmState.M3;
    else if (asleep && (event.kind === "tre" || (event.kind === "chan" && event.phase === "start"))) {
      firsts.push(event);
      asleep = false;
    }
  }
  return failure.nearest(firsts.filter(({ tNs }) => !heard(tNs)));
}

export const asleepAndNotWoken: KnownFailure = {
  id: "F17",
  name: "client not served while the controller is suspended",
  families: ["modem", "wlan"],
  symptom: "once the controller has gone to runtime suspend its ports and network devices are dead",
  cause: "the design of runtime PM: the controller does not see that a client needs it",
  remedy: [
    {
      text: 'keep the controller awake (power/control "on"); series "bus: mhi: Fix broken runtime PM design"',
      source:
        "https://patchew.org/linux/20251201-mhi._5Fruntimepm-v1-0-fab94399ca75@oss.qualcomm.com/20251201-mhi._5Fruntimepm-v1-4-fab94399ca75@oss.qualcomm.com",
    },
  ],
  recognise(failure) {
    const request = unheard(failure);
    const asleep = request && failure.pmBefore(request.tNs);
    return recognised(
      traced(asleep, "M3"),
      traced(request, `request on channel ${request?.channel}, and no M3->M0 after it,`),
    );
  },
};
