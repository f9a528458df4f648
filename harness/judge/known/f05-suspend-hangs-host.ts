import { PmState } from "../../mhi/pm-state.ts";
import { logged, traced } from "./failure-case.ts";
import { type KnownFailure, recognised } from "./known-failure.ts";

const GOING_DOWN = [PmState.M3_ENTER, PmState.M3, PmState.SHUTDOWN_PROCESS, PmState.DISABLE];

export const suspendHangsHost: KnownFailure = {
  id: "F05",
  name: "whole machine hangs in suspend",
  families: ["wlan"],
  symptom: "the machine does not come back from suspend and must be reset; the trace ends with the device's power down",
  cause: "the write of D3hot to the device's power register never completes (inferred; seen with WCN6855 on 7.2-rc3)",
  remedy: [
    {
      text: "unload the driver, or remove the PCI function, before suspend",
      source: "https://github.com/qualcomm-linux/kernel/issues/922",
    },
  ],
  recognise(failure) {
    const entry = failure.linesOf(/PM: suspend entry/i).at(-1);
    const last = failure.events.at(-1);
    if (!entry || last?.kind !== "pm" || last.tNs < entry.tNs) return undefined;
    if (!GOING_DOWN.some((state) => state === last.pmState) || failure.line(/PM: suspend exit/i, entry.tNs)) {
      return undefined;
    }
    // a suspend that is still going on looks the same: only a new start of the host tells them apart
    const boot = failure.line(/^(?:\[.*\] )?(?:Linux version|Booting Linux) /, entry.tNs);
    const down = failure.gaps.find((gap) => gap.reason === "host-down" && gap.fromNs >= last.tNs);
    if (!boot && !down) return undefined;
    return recognised(
      logged(entry),
      traced(last, "last record, in the middle of the suspend"),
      boot
        ? logged(boot)
        : down && { tNs: down.fromNs, words: "the host went down and started anew, without an end of the suspend" },
    );
  },
};
