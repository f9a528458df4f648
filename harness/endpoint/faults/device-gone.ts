import { AFTER_MISSION_MODE, afterMissionMode, defineFault, TIMES } from "./fault.ts";

/** The host's health check finds "Device died" within 2 s. */
export const deviceGone = defineFault({
  name: "device-gone",
  about: "the device falls off the bus some time after mission mode: all reads are ones, no DMA, no interrupts",
  options: { afterMs: AFTER_MISSION_MODE, times: TIMES },
  arm: (when, port) =>
    afterMissionMode(when, port, () => {
      port.acted(`device gone, ${when.afterMs} ms after mission mode`);
      port.goAway();
    }),
});
