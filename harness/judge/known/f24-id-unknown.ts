import { logged } from "./failure-case.ts";
import { type KnownFailure, recognised } from "./known-failure.ts";

/** Enumerated by the PCI core: address, then vendor and device. */
const LISTED = /pci (\d{4}:[\da-f]{2}:[\da-f]{2}\.\d): \[105b:e0c0\]/i;
/** So long after the enumeration that the driver's modules have had their turn. */
const SETTLED_NS = 30e9;

export const idUnknown: KnownFailure = {
  id: "F24",
  name: "device id unknown to the driver",
  families: ["modem"],
  symptom: "lspci shows Foxconn 105b:e0c0 and no driver takes it; nothing of MHI is in the log or the trace",
  cause: "the id is not in the table of mhi_pci_generic of this kernel",
  remedy: [
    {
      text: "a kernel with the id in its table; new_id cannot help, for the driver needs data with it",
      source: "https://github.com/openwrt/openwrt/pull/22375",
    },
  ],
  recognise(failure) {
    const listed = failure.line(LISTED);
    const address = listed && LISTED.exec(listed.text)?.[1];
    if (!listed || !address || failure.events.length > 0) return undefined;
    const bound = failure.lines.some((line) => line.text.includes(`mhi-pci-generic ${address}`));
    const last = failure.lines.at(-1);
    if (bound || !last || last.tNs - listed.tNs < SETTLED_NS) return undefined;
    return recognised(logged(listed), { tNs: listed.tNs, words: `log: no driver speaks of ${address} until its end` });
  },
};
