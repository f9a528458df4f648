import { countdown, defineFault, TIMES } from "./fault.ts";

/** Boot stops on the host: "Device failed to enter MHI Ready". */
export const readyNever = defineFault({
  name: "ready-never",
  about: "MHISTATUS.READY is never set after a reset or power-on",
  options: { times: { ...TIMES, default: 0 } },
  arm: ({ times }, port) => {
    const mayAct = countdown(times);
    return {
      withholdReady: () => {
        if (!mayAct()) return false;
        port.acted("READY withheld");
        return true;
      },
    };
  },
});
