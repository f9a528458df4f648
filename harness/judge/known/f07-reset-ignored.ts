import { PmState } from "../../mhi/pm-state.ts";
import { logged, traced } from "./failure-case.ts";
import { type KnownFailure, recognised } from "./known-failure.ts";

export const resetIgnored: KnownFailure = {
  id: "F07",
  name: "device ignores RESET after SYS_ERR",
  families: ["modem", "accelerator", "wlan"],
  symptom: "after a SYS_ERR the device stays dead; commands hang for as long as the time-outs allow",
  cause: "the device is stuck beyond the reach of MHI RESET; seen when qaic's soc_reset is repeated fast",
  remedy: [
    {
      text: "reset the function or cut its power; kernels with bce3f770684c at least end the wait (PM state SYS ERROR Failure)",
      source: "https://git.kernel.org/linus/bce3f770684c",
    },
  ],
  recognise(failure) {
    const stuck = failure.nearest(failure.pms(PmState.SYS_ERR_FAIL));
    const line = failure.nearest(failure.linesOf(/failed to exit MHI Reset state/i));
    if (stuck) return recognised(traced(stuck, "SYS ERROR Failure: RESET was not cleared"), logged(line));
    // at power-up the same line has other names (F06, F28): without a trace, only a crash before it tells
    const crash = line && failure.line(/firmware crashed/i, line.tNs - 60e9, line.tNs);
    const powerUp = line && failure.line(/Requested to power ON/i, crash?.tNs, line.tNs);
    return crash && !powerUp && failure.events.length === 0 ? recognised(logged(crash), logged(line)) : undefined;
  },
};
