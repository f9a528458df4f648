import { defineFault, occasions, WHEN } from "./fault.ts";

/** "Device failed to exit MHI Reset state", "Device failed to clear MHI Reset"; PM SYS ERROR Failure after SYS_ERR. */
export const resetStuck = defineFault({
  name: "reset-stuck",
  about: "MHICTRL.RESET stays set and nothing is reset",
  options: { ...WHEN, times: { ...WHEN.times, default: 0 } },
  arm: (options, port) => {
    const acts = occasions(options);
    return {
      ignoreReset: () => {
        if (!acts()) return false;
        port.acted("MHICTRL.RESET ignored");
        return true;
      },
    };
  },
});
