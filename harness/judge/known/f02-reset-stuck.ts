import { PmState } from "../../mhi/pm-state.ts";
import { logged } from "./failure-case.ts";
import { type KnownFailure, recognised } from "./known-failure.ts";

export const resetStuck: KnownFailure = {
  id: "F02",
  name: "device left running by an unclean end of its host",
  families: ["modem", "wlan"],
  symptom: "under VFIO the second start of the guest finds no device; only a power cycle of the machine helps",
  cause:
    "the guest ended without shutting the device down, and the kernel's quirk for 17cb:0308, 1103 and 1107 forbids the bus reset that would have helped",
  remedy: [
    {
      text: "power-cycle the device; shut guests down cleanly; a device-specific reset was proposed for the kernel",
      source: "https://lists.infradead.org/pipermail/ath12k/2026-June/009543.html",
    },
    {
      text: "the same for ath11k parts",
      source: "https://lists.infradead.org/pipermail/ath11k/2026-June/008600.html",
    },
  ],
  recognise(failure) {
    // the first start ends without READY, the next with RESET stuck: both, or it is some other dead device
    const stuck = failure.nearest(failure.linesOf(/failed to clear MHI Reset/i));
    const first = stuck && failure.line(/failed to enter MHI Ready/i, undefined, stuck.tNs);
    if (!stuck || !first) return undefined;
    // after SYS_ERR the same lines mean a device that ignores RESET (F07)
    if (failure.pm([PmState.SYS_ERR_DETECT, PmState.SYS_ERR_FAIL], undefined, stuck.tNs)) return undefined;
    if (failure.line(/firmware crashed|failed to exit MHI Reset/i, undefined, stuck.tNs)) return undefined;
    return recognised(logged(first), logged(stuck));
  },
};
