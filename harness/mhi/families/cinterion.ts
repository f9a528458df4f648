/** Cinterion (Thales, now Telit) MV31-W and MV32-W: `modem_mv3x_config` of pci_generic.c. */
import { hardwareData, pair, rings } from "./channel-table.ts";
import { modem } from "./modem.ts";

const THALES = 0x1269;

export const mv3x = modem({
  id: "mv3x",
  driverName: "cinterion-mv31",
  ids: { vendor: THALES, device: 0x00b3 },
  timeoutMs: 20_000,
  eventRings: rings(["ctrl", 256], ["data", 256], ["hw", 1024], ["hw", 1024]),
  channels: [...pair("LOOPBACK", 0, 64, 0), ...pair("MBIM", 12, 64, 0), ...hardwareData("IP_HW0_MBIM", 512, 2)],
});
