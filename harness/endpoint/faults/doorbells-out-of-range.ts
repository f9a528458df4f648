import { CHDBOFF } from "../../mhi/registers.ts";
import { defineFault } from "./fault.ts";

/** "CHDB offset ... out of range", "Error configuring MMIO registers". */
export const doorbellsOutOfRange = defineFault({
  name: "doorbells-out-of-range",
  about: "CHDBOFF points behind the end of the BAR",
  options: {},
  arm: (_options, port) => ({
    registers: () => {
      port.acted("CHDBOFF out of range");
      return new Map([[CHDBOFF, 0x7fff_0000]]);
    },
  }),
});
