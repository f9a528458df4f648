import { WorkerItem } from "../../mhi/worker-item.ts";
import { type FailureCase, logged, traced } from "./failure-case.ts";
import { type KnownFailure, recognised } from "./known-failure.ts";

const ENTRY = /PM: (?:suspend|hibernation) entry|PM: hibernation: hibernation entry/i;
const EXIT = /PM: (?:suspend|hibernation) exit|PM: hibernation: hibernation exit/i;

/** The channel devices were destroyed between the entry of a system transition and its exit. */
function destroyed(failure: FailureCase): { readonly tNs: number } | undefined {
  const inside = failure.workers(WorkerItem.DISABLE_DESTROY_DEVICE).filter(({ tNs }) => {
    const entry = failure.linesOf(ENTRY).findLast((line) => line.tNs < tNs);
    return entry !== undefined && failure.line(EXIT, entry.tNs, tNs) === undefined;
  });
  return failure.nearest(inside);
}

export const destroyedInTransition: KnownFailure = {
  id: "F08",
  name: "channel devices destroyed inside a system sleep",
  families: ["wlan"],
  fixedIn: ["6.10"],
  symptom: 'WLAN is dead after hibernation or resume: "timeout while waiting for restart complete"',
  cause: "the driver powers MHI down with its devices inside the transition, and no device can be probed again in it",
  remedy: [
    {
      text: "a kernel with 813e0ae613d6 (6.10): the power down keeps the devices",
      source: "https://git.kernel.org/linus/813e0ae613d6",
    },
  ],
  recognise(failure) {
    const deferred = failure.nearest(failure.linesOf(/mhi\d+_IPCR: Driver qcom_mhi_qrtr force probe deferral/i));
    const timeout = failure.nearest(failure.linesOf(/timeout while waiting for restart complete/i));
    const item = destroyed(failure);
    if (!deferred && !(timeout && item)) return undefined;
    return recognised(
      logged(deferred),
      logged(timeout),
      traced(item, "work item DISABLE (DESTROY DEVICE) inside the transition"),
    );
  },
};
