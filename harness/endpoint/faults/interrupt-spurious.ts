import { defineFault } from "./fault.ts";

/** Harmless: the host looks and finds nothing. */
export const interruptSpurious = defineFault({
  name: "interrupt-spurious",
  about: "vectors are raised again and again with nothing behind them",
  options: {
    everyMs: { kind: "whole-number", min: 1, max: 60_000, default: 20, about: "time between two, ms" },
    vector: { kind: "whole-number", min: 0, max: 31, default: 0, about: "which vector" },
  },
  arm: ({ everyMs, vector }, port) => {
    const again = (): void =>
      port.later(everyMs, () => {
        port.acted(`vector ${vector} raised for nothing`, { vector });
        port.raiseInterrupt(vector);
        again();
      });
    return { enteredMissionMode: again };
  },
});
