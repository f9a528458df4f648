import { defineFault, occasions, WHEN } from "./fault.ts";

/** Boot stops after POR without a word; a resume fails: "Did not enter M0 state, MHI state: M3, PM state: M3->M0". */
export const m0NotAcked = defineFault({
  name: "m0-not-acked",
  about: "MHICTRL = M0 is ignored: no state change, no event",
  options: { ...WHEN, times: { ...WHEN.times, default: 0 } },
  arm: (options, port) => {
    const acts = occasions(options);
    return {
      ignoreM0: () => {
        if (!acts()) return false;
        port.acted("MHICTRL = M0 ignored");
        return true;
      },
    };
  },
});
