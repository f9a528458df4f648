import { defineFault } from "./fault.ts";
import { channelOf, onTransfers, TRANSFER } from "./transfer-event.ts";

/** A port write never ends; suspend fails with -16 as long as the packet is pending. */
export const transferLost = defineFault({
  name: "transfer-lost",
  about: "a transfer is carried out and its completion never posted",
  options: TRANSFER,
  arm: (options, port) =>
    onTransfers(options, (event) => {
      port.acted(`completion on channel ${channelOf(event)} lost`, { channel: channelOf(event) });
      return [];
    }),
});
