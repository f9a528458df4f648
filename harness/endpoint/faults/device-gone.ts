import { countdown, defineFault, TIMES } from "./fault.ts";

/** The host's health check finds "Device died" within 2 s. */
export const deviceGone = defineFault({
  name: "device-gone",
  about: "the device falls off the bus some time after mission mode: all reads are ones, no DMA, no interrupts",
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
          port.acted(`device gone, ${afterMs} ms after mission mode`);
          port.goAway();
        }),
    };
  },
});
