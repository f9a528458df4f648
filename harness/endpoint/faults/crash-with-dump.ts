import { AFTER_MISSION_MODE, afterMissionMode, defineFault, TIMES } from "./fault.ts";

/** qaic of 7.x takes the dump over Sahara while the device boots again, and gives it to devcoredump. */
export const crashWithDump = defineFault({
  name: "crash-with-dump",
  about:
    "SYS_ERR some time after mission mode; after the reset the loader hands over a RAM dump before it asks for images",
  options: { afterMs: AFTER_MISSION_MODE, times: TIMES },
  arm: (when, port) =>
    afterMissionMode(when, port, () => {
      port.acted(`crashed with a RAM dump, ${when.afterMs} ms after mission mode`);
      port.crashWithDump();
    }),
});
