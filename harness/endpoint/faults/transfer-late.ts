import { defineFault } from "./fault.ts";
import { channelOf, onTransfers, TRANSFER } from "./transfer-event.ts";

/** Legal, and slow. */
export const transferLate = defineFault({
  name: "transfer-late",
  about: "completions are posted late",
  options: {
    ...TRANSFER,
    delayMs: { kind: "whole-number", min: 1, max: 600_000, default: 500, about: "how late, ms" },
  },
  arm: ({ delayMs, ...options }, port) =>
    onTransfers(options, (event, ring) => {
      port.acted(`completion on channel ${channelOf(event)} ${delayMs} ms late`, { channel: channelOf(event) });
      port.later(delayMs, () => port.post(ring, [event]));
      return [];
    }),
});
