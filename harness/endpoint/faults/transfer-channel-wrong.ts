import { defineFault } from "./fault.ts";
import { channelOf, onTransfers, TRANSFER } from "./transfer-event.ts";

/** A WARN, and the event is dropped. */
export const transferChannelWrong = defineFault({
  name: "transfer-channel-wrong",
  about: "a completion is of a channel that does not exist",
  options: { ...TRANSFER, to: { kind: "whole-number", min: 0, max: 255, default: 200, about: "channel that it says" } },
  arm: ({ to, ...options }, port) =>
    onTransfers(options, (event) => {
      port.acted(`completion of channel ${channelOf(event)} says ${to}`, { channel: channelOf(event) });
      return [{ ...event, dword1: ((to << 24) | (event.dword1 & 0xffffff)) >>> 0 }];
    }),
});
