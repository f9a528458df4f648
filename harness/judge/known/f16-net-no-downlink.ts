import { CompletionCode, ElementType } from "../../mhi/ring-element.ts";
import { pairOf, silentDownlink } from "./data-path.ts";
import { traced } from "./failure-case.ts";
import { type KnownFailure, recognised } from "./known-failure.ts";

export const netNoDownlink: KnownFailure = {
  id: "F16",
  name: "mhi_hwip0 receives nothing",
  families: ["modem"],
  symptom: "the RX counter of mhi_hwip0 stays 0 while TX counts up",
  cause: "burst mode was not armed again, or the modem has no data connection (inferred; RM520N)",
  remedy: [
    {
      text: "first see whether the modem is connected; then whether the device ever asks for a doorbell (OOB or DB_MODE)",
      source: "https://github.com/Ysurac/openmptcprouter/issues/4030",
    },
  ],
  recognise(failure) {
    const pair = pairOf(failure, "IP_HW0");
    const silence = pair && silentDownlink(failure, pair, { sent: 20, spanNs: 10e9 });
    if (!pair || !silence) return undefined;
    const asked = failure.find(
      (event) =>
        event.kind === "ring" &&
        event.type === ElementType.TX_EVENT &&
        event.channel === pair.dl &&
        (event.code === CompletionCode.OOB || event.code === CompletionCode.DB_MODE),
    );
    return recognised(
      traced(silence.first, `${silence.sent} packets completed on channel ${pair.ul}, from the first`),
      traced(silence.last, `no packet on channel ${pair.dl}, whose buffers lay ready, until the last`),
      asked ? undefined : traced(silence.last, `the device never asked for a doorbell of channel ${pair.dl}, until`),
    );
  },
};
