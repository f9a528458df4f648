import { defineFault } from "./fault.ts";
import { channelOf, onTransfers, TRANSFER } from "./transfer-event.ts";

/** The host clips the length to its buffer. */
export const transferLengthWrong = defineFault({
  name: "transfer-length-wrong",
  about: "a completion gives more bytes than the buffer has",
  options: TRANSFER,
  arm: (options, port) =>
    onTransfers(options, (event) => {
      port.acted(`completion on channel ${channelOf(event)} of 65535 bytes`, { channel: channelOf(event) });
      return [{ ...event, dword0: (event.dword0 | 0xffff) >>> 0 }];
    }),
});
