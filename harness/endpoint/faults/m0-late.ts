import { defineFault, occasions, WHEN } from "./fault.ts";

/** Within the driver's time-out only slow; beyond it the boot ends, or the resume fails. */
export const m0Late = defineFault({
  name: "m0-late",
  about: "MHICTRL = M0 is acknowledged late, at a boot or a resume from M3; all else waits",
  options: {
    ...WHEN,
    delayMs: { kind: "whole-number", min: 1, max: 600_000, default: 500, about: "how late, ms" },
  },
  arm: ({ delayMs, ...when }, port) => {
    const acts = occasions(when);
    return {
      delayM0: () => {
        if (!acts()) return 0;
        port.acted(`M0 acknowledged ${delayMs} ms late`);
        return delayMs;
      },
    };
  },
});
