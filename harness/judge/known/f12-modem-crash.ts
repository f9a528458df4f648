import { formatSpan } from "../../base/clock.ts";
import { isMissionMode } from "../../mhi/exec-env.ts";
import { MhiState } from "../../mhi/mhi-state.ts";
import { PmState } from "../../mhi/pm-state.ts";
import { WorkerItem } from "../../mhi/worker-item.ts";
import type { PmStateEvent } from "../../trace/mhi-events.ts";
import { type FailureCase, logged, traced } from "./failure-case.ts";
import { type KnownFailure, recognised } from "./known-failure.ts";

const ALIVE: readonly (number | undefined)[] = [PmState.M0, PmState.M2, PmState.M3_ENTER, PmState.M3, PmState.M3_EXIT];
const RECOVERY_NS = 120e9;

/**
 * Detected in mission mode: by the host's state before it, or, where the recording begins later, by the interrupt. One
 * that read another EE tells of a boot loader or the RAM dump, which are other failures.
 */
function inMission(failure: FailureCase, { tNs }: PmStateEvent): boolean {
  const told = failure.find(
    (event) => event.kind === "intvec" && event.deviceState === MhiState.SYS_ERR,
    tNs - 1e7,
    tNs,
  );
  const before = failure.pmBefore(tNs);
  if (told?.kind === "intvec" && !isMissionMode(told.deviceEe)) return false;
  return before ? ALIVE.includes(before.pmState) : told?.kind === "intvec" && isMissionMode(told.localEe);
}

export const modemCrash: KnownFailure = {
  id: "F12",
  name: "modem firmware crashed in mission mode",
  families: ["modem"],
  symptom: '"firmware crashed" in the log, the connection drops for some seconds, then all works again',
  cause: "the modem's firmware crashed in mission mode, often under load; the driver recovered it in place",
  remedy: [
    {
      text: "update the modem's firmware; its own crash log says more than the host can",
      source: "https://forum.sierrawireless.com/t/35352",
    },
  ],
  scenario: "--fault sys-err",
  recognise(failure) {
    const crash = failure.nearest(failure.pms(PmState.SYS_ERR_DETECT).filter((event) => inMission(failure, event)));
    if (!crash) return undefined;
    const endNs = crash.tNs + RECOVERY_NS;
    const back = failure.worker([WorkerItem.MISSION_MODE], crash.tNs, endNs);
    const line = failure.line(/firmware crashed \(6\)/i, crash.tNs - 1e9, endNs);
    // a power cycle in between is no recovery in place, and one that was watched for and did not come is another failure
    if (failure.pm([PmState.DISABLE, PmState.SYS_ERR_FAIL], crash.tNs, back?.tNs ?? endNs)) return undefined;
    if (!back && (!line || failure.whole(crash.tNs, endNs))) return undefined;
    return recognised(
      traced(crash, "SYS_ERR detected in mission mode"),
      back && traced(back, `mission mode again ${formatSpan(back.tNs - crash.tNs)} later`),
      logged(line),
    );
  },
};
