import { defineFault } from "./fault.ts";

/** The host's power-up is refused, or its mission-mode item gives up. */
export const eeGarbage = defineFault({
  name: "ee-garbage",
  about: "BHI_EXECENV shows a value that is no execution environment",
  options: {
    value: { kind: "whole-number", min: 0, max: 0xffff_ffff, default: 0x2a, about: "what it shows" },
    afterMs: { kind: "whole-number", min: 0, max: 3_600_000, default: 0, about: "time from mission mode, ms" },
  },
  arm: ({ value, afterMs }, port) => ({
    enteredMissionMode: () =>
      port.later(afterMs, () => {
        port.acted(`BHI_EXECENV shows 0x${value.toString(16)}`);
        port.showExecEnv(value);
      }),
  }),
});
