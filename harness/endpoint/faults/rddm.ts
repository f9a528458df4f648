import { AFTER_MISSION_MODE, afterMissionMode, defineFault, TIMES } from "./fault.ts";

/** mhi_pci_generic has no answer: PM SYS ERROR Detect for ever. ath11k and ath12k take the dump. */
export const rddm = defineFault({
  name: "rddm",
  about: "the firmware crashes into RAM-dump download mode some time after mission mode",
  options: { afterMs: AFTER_MISSION_MODE, times: TIMES },
  arm: (when, port) =>
    afterMissionMode(when, port, () => {
      port.acted(`crashed to RDDM, ${when.afterMs} ms after mission mode`);
      port.crashToRddm();
    }),
});
