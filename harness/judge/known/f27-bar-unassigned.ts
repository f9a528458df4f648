import { logged } from "./failure-case.ts";
import { type KnownFailure, recognised } from "./known-failure.ts";

const ADDRESS = /(\d{4}:[\da-f]{2}:[\da-f]{2}\.\d)/i;
/** The PCI core of newer and older kernels. */
const UNASSIGNED = /BAR 0.*(?:bogus alignment|can't assign|failed to assign|no space for)/i;

export const barUnassigned: KnownFailure = {
  id: "F27",
  name: "BAR 0 cannot be assigned",
  families: ["modem", "wlan"],
  symptom: "probe fails with -22 before MHI has begun; there is no trace",
  cause: "the PCIe root complex has no window for the device: device tree or its BAR set-up",
  remedy: [
    {
      text: "correct the bridge's ranges in the device tree",
      source: "https://github.com/qualcomm-linux/kernel/issues/79",
    },
  ],
  recognise(failure) {
    const bar = failure.line(UNASSIGNED);
    const address = bar && ADDRESS.exec(bar.text)?.[1];
    if (!bar || !address) return undefined;
    // a first try often fails and a second fits: the driver's own word decides
    const probe = failure.lines.find(
      (line) =>
        line.tNs >= bar.tNs &&
        line.text.includes(address) &&
        /(?:probe .*failed|failed to map).*-22\b/i.test(line.text),
    );
    return probe ? recognised(logged(bar), logged(probe)) : undefined;
  },
};
