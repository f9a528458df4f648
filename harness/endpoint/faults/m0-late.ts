import { MhiState } from "../../mhi/mhi-state.ts";
import { defineFault, occasions, WHEN } from "./fault.ts";
import { tellsState } from "./state-event.ts";

/** Within the driver's time-out only slow; beyond it the boot ends, or the resume fails, and the event comes to nobody. */
export const m0Late = defineFault({
  name: "m0-late",
  about: "M0 is told late: to a boot, or to a resume from M3",
  options: {
    ...WHEN,
    delayMs: { kind: "whole-number", min: 1, max: 600_000, default: 500, about: "how late, ms" },
  },
  arm: ({ delayMs, ...when }, port) => {
    const acts = occasions(when);
    return {
      events: (ring, events) =>
        events.filter((event) => {
          if (!tellsState(event, MhiState.M0) || !acts()) return true;
          port.acted(`M0 event ${delayMs} ms late`);
          port.later(delayMs, () => port.post(ring, [event]));
          return false;
        }),
    };
  },
});
