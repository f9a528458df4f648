/** Quectel: `modem_quectel_em1xx_config` of pci_generic.c. Power votes go over the sideband. */
import { ExecEnv } from "../exec-env.ts";
import { firehose, hardwareData, pair, rings } from "./channel-table.ts";
import { modem } from "./modem.ts";

const QUECTEL = 0x1eac;

const common = {
  timeoutMs: 20_000,
  sidebandWake: true,
  eventRings: rings(["ctrl", 128], ["data", 128], ["hw", 1024], ["hw", 1024]),
  channels: [
    ...pair("NMEA", 0, 32, 0),
    ...pair("SAHARA", 2, 32, 0, { execEnv: ExecEnv.SBL }),
    ...pair("DIAG", 4, 32, 1),
    ...pair("MBIM", 12, 32, 0),
    ...pair("DUN", 32, 32, 0),
    ...firehose(),
    ...hardwareData("IP_HW0_MBIM", 128, 2),
  ],
};

/** EM120R-GL (SDX24). */
export const em1xx = modem({
  ...common,
  id: "em1xx",
  driverName: "quectel-em1xx",
  ids: { vendor: QUECTEL, device: 0x1001 },
  firmware: { edl: "qcom/prog_firehose_sdx24.mbn" },
});

/** RM520N-GL (SDX6x). Absent in 6.1, there in 6.12. */
export const rm5xx = modem({
  ...common,
  id: "rm5xx",
  driverName: "quectel-rm5xx",
  ids: { vendor: QUECTEL, device: 0x1004 },
  firmware: { edl: "qcom/prog_firehose_sdx6x.elf" },
  since: "6.12",
});
