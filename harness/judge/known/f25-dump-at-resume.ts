import { ExecEnv } from "../../mhi/exec-env.ts";
import { PmState } from "../../mhi/pm-state.ts";
import { ElementType } from "../../mhi/ring-element.ts";
import { WorkerItem } from "../../mhi/worker-item.ts";
import type { MhiEvent } from "../../trace/mhi-events.ts";
import { logged, traced } from "./failure-case.ts";
import { type KnownFailure, recognised } from "./known-failure.ts";

const isDump = (event: MhiEvent): boolean =>
  (event.kind === "ring" && event.type === ElementType.EE_EVENT && event.code === ExecEnv.RDDM) ||
  (event.kind === "intvec" && event.deviceEe === ExecEnv.RDDM);

/** Resume and its first steps. */
const AT_RESUME_NS = 10e9;
/** The reset work of the driver begins at once. */
const RESET_NS = 30e9;

export const dumpAtResume: KnownFailure = {
  id: "F25",
  name: "WLAN firmware crashes at resume and is not restarted",
  families: ["wlan"],
  symptom: "WLAN is dead after resume until the driver is loaded anew (seen on the X13s)",
  cause: "ath11k ignores the request to reset while it resumes, so the RAM dump mode is never left",
  remedy: [{ text: "unload and load ath11k_pci", source: "https://github.com/ironrobin/x13s-alarm/issues/6" }],
  recognise(failure) {
    const resumed = failure.nearest(failure.pms(PmState.M3_EXIT));
    const dump = resumed && failure.find(isDump, resumed.tNs, resumed.tNs + AT_RESUME_NS);
    if (!dump) return undefined;
    const restarted = failure.worker([WorkerItem.PBL], dump.tNs, dump.tNs + RESET_NS);
    if (restarted || !failure.whole(dump.tNs, dump.tNs + RESET_NS)) return undefined;
    return recognised(
      traced(resumed, "M3->M0"),
      traced(dump, "RAM dump mode, and no work item PBL after it,"),
      logged(failure.line(/ignore reset dev flags/i, dump.tNs)),
    );
  },
};
