import { defineFault } from "./fault.ts";
import { channelOf, onTransfers, TRANSFER } from "./transfer-event.ts";

/** "points outside of the tre ring". */
export const transferAstray = defineFault({
  name: "transfer-astray",
  about: "a completion points outside its ring",
  options: TRANSFER,
  arm: (options, port) =>
    onTransfers(options, (event) => {
      port.acted(`completion on channel ${channelOf(event)} points nowhere`, { channel: channelOf(event) });
      return [{ ...event, ptr: event.ptr ^ 0x8000_0000n }];
    }),
});
