import { PmState } from "../../mhi/pm-state.ts";
import type { PmStateEvent } from "../../trace/mhi-events.ts";
import { type FailureCase, logged, traced } from "./failure-case.ts";
import { type KnownFailure, recognised } from "./known-failure.ts";

/** What a device without its context reads as; SYS ERROR there is a crash, not a lost context. */
const LOST = /Resuming from non M3 state \((?:RESET|READY)\)/i;
const CRASHED = /Resuming from non M3 state \((?:SYS ERROR|M[012])/i;

/** Given up straight from M3: with the context kept, M3->M0 comes first. */
function givenUp(failure: FailureCase): PmStateEvent | undefined {
  const fits = failure.pms(PmState.LD_ERR_FATAL_DETECT).filter(({ tNs }) => {
    const before = failure.pmBefore(tNs);
    return before?.pmState === PmState.M3 && failure.whole(before.tNs, tNs);
  });
  return failure.nearest(fits);
}

export const contextLost: KnownFailure = {
  id: "F29",
  name: "context lost over suspend",
  families: ["modem"],
  symptom: "after resume the modem is gone and comes back by itself some seconds later, its connection lost",
  cause: "power was cut, or the device was reset, while it was suspended (D3cold): slot power not kept",
  remedy: [
    {
      text: "keep the slot's power in suspend (firmware set-up, or d3cold_allowed of the PCI function)",
      source: "https://git.kernel.org/linus/7389337f0a78",
    },
    {
      text: "kernels with the recovery (7389337f0a78) and the health check (8562d4fe34a3) bring it back",
      source: "https://git.kernel.org/linus/8562d4fe34a3",
    },
  ],
  scenario: "context-lost-resume",
  recognise(failure) {
    const line = failure.nearest(failure.linesOf(LOST));
    const gone = givenUp(failure);
    const when = line ?? gone;
    if (!when || failure.line(CRASHED, when.tNs - 5e9, when.tNs + 5e9)) return undefined;
    return recognised(
      traced(gone, "given up straight from M3, without M3->M0"),
      logged(line),
      logged(failure.line(/failed to resume device: -22/i, when.tNs - 1e9, when.tNs + 5e9)),
      logged(failure.line(/device recovery started/i, when.tNs - 1e9, when.tNs + 5e9)),
    );
  },
};
