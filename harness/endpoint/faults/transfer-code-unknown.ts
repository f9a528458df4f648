import { defineFault } from "./fault.ts";
import { channelOf, onTransfers, TRANSFER } from "./transfer-event.ts";

/** "Unknown event 0x..". */
export const transferCodeUnknown = defineFault({
  name: "transfer-code-unknown",
  about: "a transfer is completed with a code that is none",
  options: { ...TRANSFER, code: { kind: "whole-number", min: 0, max: 255, default: 0x30, about: "completion code" } },
  arm: ({ code, ...options }, port) =>
    onTransfers(options, (event) => {
      port.acted(`completion on channel ${channelOf(event)} with code 0x${code.toString(16)}`, {
        channel: channelOf(event),
      });
      return [{ ...event, dword0: ((code << 24) | (event.dword0 & 0xffffff)) >>> 0 }];
    }),
});
