import { countdown, defineFault, TIMES } from "./fault.ts";

/** Suspend fails on the host: "Did not enter M3 state, MHI state: M0, PM state: M?->M3". */
export const m3NotAcked = defineFault({
  name: "m3-not-acked",
  about: "MHICTRL = M3 is ignored: no state change, no event",
  options: { times: { ...TIMES, default: 0 } },
  arm: ({ times }, port) => {
    const mayAct = countdown(times);
    return {
      ignoreM3: () => {
        if (!mayAct()) return false;
        port.acted("MHICTRL = M3 ignored");
        return true;
      },
    };
  },
});
