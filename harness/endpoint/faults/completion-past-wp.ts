import { defineFault } from "./fault.ts";
import { channelOf, onTransfers, TRANSFER } from "./transfer-event.ts";

/** The host does not look: kernel panic (docs/findings.md). */
export const completionPastWp = defineFault({
  name: "completion-past-wp",
  about: "a transfer is completed that the host has not queued",
  options: TRANSFER,
  arm: (options, port) =>
    onTransfers(options, (event) => {
      port.acted(`completion on channel ${channelOf(event)} past the write pointer`, { channel: channelOf(event) });
      return [event, { ...event, ptr: event.ptr + 16n }, { ...event, ptr: event.ptr + 32n }];
    }),
});
