import type { SubsystemDump } from "../functions/function.ts";
import { AFTER_MISSION_MODE, afterMissionMode, defineFault, TIMES } from "./fault.ts";

/** qaic of 7.x takes the dump over QAIC_SSR and gives it to devcoredump; a table that overflows: docs/findings.md. */
export const subsystemCrash = defineFault({
  name: "subsystem-crash",
  about: "a subsystem crashes some time after mission mode, is dumped and restarted; the rest of the device goes on",
  options: {
    afterMs: AFTER_MISSION_MODE,
    times: TIMES,
    dump: { kind: "one-of", values: ["good", "overflow"], default: "good", about: "lengths in the dump's table" },
  },
  arm: ({ dump, ...when }, port) =>
    afterMissionMode(when, port, () => {
      const told = port.restartSubsystem(dump as SubsystemDump);
      port.acted(told ? `a subsystem crashed, ${when.afterMs} ms after mission mode` : "no subsystem could tell of it");
    }),
});
