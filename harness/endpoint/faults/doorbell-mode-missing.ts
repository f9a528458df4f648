import { CompletionCode, elementCode } from "../../mhi/ring-element.ts";
import { defineFault } from "./fault.ts";
import { channelOf, onTransfers, TRANSFER } from "./transfer-event.ts";

/** The data path stands still after the first packets: "TX works once, then stalls". */
export const doorbellModeMissing = defineFault({
  name: "doorbell-mode-missing",
  about: "a burst channel never asks the host to ring again",
  options: { ...TRANSFER, times: { ...TRANSFER.times, default: 0 } },
  arm: (options, port) =>
    onTransfers(
      options,
      (event) => {
        port.acted(`DB_MODE of channel ${channelOf(event)} dropped`, { channel: channelOf(event) });
        return [];
      },
      ({ dword0 }) => elementCode(dword0 >>> 0) === CompletionCode.DB_MODE,
    ),
});
