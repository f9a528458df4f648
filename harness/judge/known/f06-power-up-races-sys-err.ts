import { PmState } from "../../mhi/pm-state.ts";
import { WorkerItem } from "../../mhi/worker-item.ts";
import { type FailureCase, logged, traced } from "./failure-case.ts";
import { type KnownFailure, recognised } from "./known-failure.ts";

const FAILED = /failed to exit MHI Reset state|MHI is not in valid state/i;

/** SYS_ERR between the power-up and mission mode. */
function duringPowerUp(failure: FailureCase): { readonly tNs: number } | undefined {
  const early = failure.pms(PmState.SYS_ERR_DETECT).filter(({ tNs }) => {
    const before = failure.pmBefore(tNs)?.pmState;
    const alive = failure.workers(WorkerItem.MISSION_MODE).findLast((item) => item.tNs < tNs);
    const off = failure.pms(PmState.DISABLE).findLast((event) => event.tNs < tNs);
    const started = alive === undefined || (off !== undefined && off.tNs > alive.tNs);
    // mid-life recordings begin anywhere: the first records must be the power-up's own
    const known = before === undefined || before === PmState.POR || before === PmState.DISABLE;
    return started && known;
  });
  return failure.nearest(early);
}

export const powerUpRacesSysErr: KnownFailure = {
  id: "F06",
  name: "power-up and SYS_ERR handling reset the device at once",
  families: ["modem", "accelerator", "wlan"],
  fixedIn: ["6.12.35"],
  symptom: "a device that comes up in SYS_ERR cannot be powered up",
  cause: "the power-up and the SYS_ERR work item reset the device at the same time",
  remedy: [
    {
      text: "a kernel with b60a0538 (6.12.35): RESET is skipped in PBL and SBL unless the device shows SYS_ERR",
      source: "https://mail.spinics.net/lists/linux-arm-msm/msg228560.html",
    },
  ],
  recognise(failure) {
    const detected = duringPowerUp(failure);
    const fatal = failure.nearest(failure.linesOf(/Fatal error received from device/i));
    const begin = detected ?? fatal;
    if (!begin) return undefined;
    const line = failure.line(FAILED, begin.tNs - 30e9, begin.tNs + 60e9);
    const stuck = detected && failure.pm([PmState.SYS_ERR_FAIL], detected.tNs, detected.tNs + 60e9);
    // the log alone does not tell a power-up from a later crash, unless both halves of the race are in it
    if (!line || (!detected && !failure.line(/Requested to power ON/i, begin.tNs - 30e9, begin.tNs + 30e9))) {
      return undefined;
    }
    return recognised(
      traced(detected, "SYS_ERR detected before mission mode, during the power-up"),
      logged(fatal),
      logged(line),
      traced(stuck, "SYS ERROR Failure"),
    );
  },
};
