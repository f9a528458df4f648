import { defineFault } from "./fault.ts";
import { channelOf, onTransfers, TRANSFER } from "./transfer-event.ts";

/** "points to an unexpected TRE", or worse: the host believes the device. */
export const transferDuplicated = defineFault({
  name: "transfer-duplicated",
  about: "a transfer is completed twice",
  options: TRANSFER,
  arm: (options, port) =>
    onTransfers(options, (event) => {
      port.acted(`completion on channel ${channelOf(event)} posted twice`, { channel: channelOf(event) });
      return [event, event];
    }),
});
