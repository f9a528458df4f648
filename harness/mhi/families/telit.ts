/** Telit: `modem_telit_fn980_hw_v1_config`, `modem_telit_fn990_config`, `modem_telit_fn920c04_config` of pci_generic.c. */
import { ExecEnv } from "../exec-env.ts";
import { firehose, hardwareData, pair, rings } from "./channel-table.ts";
import { modem, QUALCOMM, TELIT } from "./modem.ts";

export const fn980 = modem({
  id: "fn980",
  driverName: "telit-fn980-hwv1",
  ids: { vendor: QUALCOMM, device: 0x0306, subsystem: [TELIT, 0x2000] },
  timeoutMs: 20_000,
  eventRings: rings(["ctrl", 128], ["hw", 1024], ["hw", 2048]),
  channels: [...pair("QMI", 14, 32, 0), ...pair("IPCR", 20, 16, 0), ...hardwareData("IP_HW0", 128, 1)],
  firmware: { image: "qcom/sdx55m/sbl1.mbn", edl: "qcom/sdx55m/edl.mbn" },
});

const fn990Rings = rings(["ctrl", 128], ["data", 128], ["hw", 1024], ["hw", 2048]);
const sahara = pair("SAHARA", 2, 32, 0, { execEnv: ExecEnv.SBL });

export const fn990 = modem({
  id: "fn990",
  driverName: "telit-fn990",
  ids: { vendor: QUALCOMM, device: 0x0308, subsystem: [TELIT, 0x2010] },
  timeoutMs: 20_000,
  eventRings: fn990Rings,
  channels: [
    ...sahara,
    ...pair("DIAG", 4, 64, 1),
    ...pair("MBIM", 12, 32, 0),
    ...pair("DUN", 32, 32, 0),
    ...pair("DUN2", 92, 32, 1),
    ...hardwareData("IP_HW0_MBIM", 128, 2),
  ],
});

/** Absent in 6.1, there in 6.12. */
export const fn920c04 = modem({
  id: "fn920c04",
  driverName: "telit-fn920c04",
  ids: { vendor: QUALCOMM, device: 0x011a, subsystem: [TELIT, 0x2020] },
  timeoutMs: 50_000,
  eventRings: fn990Rings,
  channels: [
    ...sahara,
    ...pair("DIAG", 4, 64, 1),
    ...pair("QMI", 14, 32, 0),
    ...pair("DUN", 32, 32, 0),
    ...firehose(),
    ...pair("DUN2", 92, 32, 1),
    ...hardwareData("IP_HW0", 128, 2),
  ],
  since: "6.12",
});
