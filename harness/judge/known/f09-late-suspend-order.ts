import { PmState } from "../../mhi/pm-state.ts";
import type { OtherEvent } from "../../trace/mhi-events.ts";
import { type FailureCase, traced } from "./failure-case.ts";
import { type KnownFailure, recognised } from "./known-failure.ts";

/** PM_EVENT_SUSPEND of include/linux/pm.h; the trace has the number, the text its word. */
const SUSPEND: readonly (string | number)[] = [2, "suspend"];

const isCallback = (event: OtherEvent, half: "start" | "end"): boolean =>
  event.system === "power" && event.name === `device_pm_callback_${half}` && /ath12k/.test(String(event.fields.driver));

/** ath12k's callback of the plain suspend phase, and not of the late or noirq one. */
const plainSuspends = (failure: FailureCase): OtherEvent[] =>
  failure.others.filter(
    (event) =>
      isCallback(event, "start") &&
      !/late|noirq/.test(String(event.fields.pm_ops)) &&
      SUSPEND.some((word) => word === event.fields.event),
  );

export const lateSuspendOrder: KnownFailure = {
  id: "F09",
  name: "ath12k powers MHI down before late suspend",
  families: ["wlan"],
  symptom: "ath12k fails over suspend, depending on the order in which devices go down",
  cause: "MHI must go down in late suspend and come up in early resume, when its children cannot be in use any more",
  remedy: [{ text: "a kernel with 8d5f4da8d70b", source: "https://git.kernel.org/linus/8d5f4da8d70b" }],
  recognise(failure) {
    // needs events/power/device_pm_callback_* in the recording: without them the order cannot be seen
    for (const start of plainSuspends(failure)) {
      const end = failure.others.find((event) => event.tNs > start.tNs && isCallback(event, "end"));
      const down = end && failure.pm([PmState.SHUTDOWN_PROCESS], start.tNs, end.tNs);
      if (down) {
        return recognised(
          traced(start, "ath12k's callback of the suspend phase begins"),
          traced(down, "SHUTDOWN Process within it"),
        );
      }
    }
    return undefined;
  },
};
