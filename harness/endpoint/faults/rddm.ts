import { countdown, defineFault, TIMES } from "./fault.ts";

/** mhi_pci_generic has no answer: PM SYS ERROR Detect for ever. ath11k and ath12k take the dump. */
export const rddm = defineFault({
  name: "rddm",
  about: "the firmware crashes into RAM-dump download mode some time after mission mode",
  options: {
    afterMs: { kind: "whole-number", min: 0, max: 3_600_000, default: 500, about: "time from mission mode, ms" },
    times: TIMES,
  },
  arm: ({ afterMs, times }, port) => {
    const mayAct = countdown(times);
    return {
      enteredMissionMode: () =>
        port.later(afterMs, () => {
          if (!mayAct()) return;
          port.acted(`crashed to RDDM, ${afterMs} ms after mission mode`);
          port.crashToRddm();
        }),
    };
  },
});
