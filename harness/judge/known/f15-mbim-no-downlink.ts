import { formatSpan } from "../../base/clock.ts";
import { pairOf, silentDownlink } from "./data-path.ts";
import { traced } from "./failure-case.ts";
import { type KnownFailure, recognised } from "./known-failure.ts";

export const mbimNoDownlink: KnownFailure = {
  id: "F15",
  name: "no downlink on the MBIM data channel",
  families: ["modem"],
  symptom: "control works and packets go out, and not one comes in",
  cause: "the device cannot write to the host, or waits for a doorbell of the burst channel (inferred; EM9191 on CM4)",
  remedy: [
    {
      text: "check DMA ranges and address width of the PCIe host",
      source: "https://lists.freedesktop.org/archives/modemmanager-devel/2023-October/009786.html",
    },
  ],
  recognise(failure) {
    const pair = pairOf(failure, "IP_HW0_MBIM");
    const silence = pair && silentDownlink(failure, pair, { sent: 20, spanNs: 10e9 });
    if (!pair || !silence) return undefined;
    return recognised(
      traced(silence.first, `${silence.sent} packets completed on channel ${pair.ul}, from the first`),
      traced(
        silence.last,
        `nothing on channel ${pair.dl} for ${formatSpan(silence.last.tNs - silence.first.tNs)} and until the last`,
      ),
    );
  },
};
