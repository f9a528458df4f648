/** Sierra Wireless EM919x (SDX55): `modem_sierra_em919x_config` of pci_generic.c. */
import { ExecEnv } from "../exec-env.ts";
import { hardwareData, pair, rings } from "./channel-table.ts";
import { modem, QUALCOMM } from "./modem.ts";

const SIERRA = 0x18d7;

export const em919x = modem({
  id: "em919x",
  driverName: "sierra-em919x",
  ids: { vendor: QUALCOMM, device: 0x0306, subsystem: [SIERRA, 0x0200] },
  timeoutMs: 24_000,
  eventRings: rings(["ctrl", 2048], ["hw", 2048], ["hw", 2048]),
  channels: [
    ...pair("SAHARA", 2, 32, 0, { execEnv: ExecEnv.SBL, downlinkElements: 256 }),
    ...pair("DIAG", 4, 32, 0),
    ...pair("MBIM", 12, 128, 0),
    ...pair("QMI", 14, 32, 0),
    ...pair("DUN", 32, 32, 0),
    ...hardwareData("IP_HW0", 512, 1),
  ],
});
