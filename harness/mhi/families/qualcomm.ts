/** Qualcomm's reference modems: `modem_qcom_v1_mhiv_config`, `modem_qcom_v2_mhiv_config` of pci_generic.c. */
import { firehose, hardwareData, pair, rings } from "./channel-table.ts";
import type { FamilyProfile, OlderProfile } from "./family.ts";
import { modem, QUALCOMM } from "./modem.ts";

const control = [
  ...pair("DIAG", 4, 16, 1),
  ...pair("MBIM", 12, 4, 0),
  ...pair("QMI", 14, 4, 0),
  ...pair("IPCR", 20, 8, 0),
  ...firehose(),
];
const channels = [...control, ...pair("IP_SW0", 46, 64, 2, { downlinkRing: 3 }), ...hardwareData("IP_HW0", 128, 4)];
const eventRings = rings(["ctrl", 64], ["data", 128], ["sw", 64], ["sw", 64], ["hw", 1024], ["hw", 2048]);

/** IP_SW0 was posted in May 2023: 6.1 has it not, 6.12 has it. */
const before: readonly OlderProfile[] = [
  {
    kernel: "6.6",
    differs: {
      channels: [...control, ...hardwareData("IP_HW0", 128, 2)],
      eventRings: rings(["ctrl", 64], ["data", 128], ["hw", 1024], ["hw", 2048]),
    },
  },
];
const v1 = { timeoutMs: 8000, eventRings, channels, before };

export const sdx24: FamilyProfile = modem({
  ...v1,
  id: "sdx24",
  driverName: "qcom-sdx24",
  ids: { vendor: QUALCOMM, device: 0x0304 },
  sidebandWake: true,
  firmware: { edl: "qcom/prog_firehose_sdx24.mbn" },
});

export const sdx55: FamilyProfile = modem({
  ...v1,
  id: "sdx55",
  driverName: "qcom-sdx55m",
  ids: { vendor: QUALCOMM, device: 0x0306 },
  firmware: { image: "qcom/sdx55m/sbl1.mbn", edl: "qcom/sdx55m/edl.mbn" },
});

export const sdx65: FamilyProfile = modem({
  ...v1,
  id: "sdx65",
  driverName: "qcom-sdx65m",
  ids: { vendor: QUALCOMM, device: 0x0308 },
  firmware: { image: "qcom/sdx65m/xbl.elf", edl: "qcom/sdx65m/edl.mbn" },
});

/** Absent in 6.1, there in 6.12. */
export const sdx75: FamilyProfile = modem({
  id: "sdx75",
  driverName: "qcom-sdx75m",
  ids: { vendor: QUALCOMM, device: 0x0309 },
  timeoutMs: 8000,
  readyTimeoutMs: 50_000,
  eventRings,
  channels,
  firmware: { image: "qcom/sdx75m/xbl.elf", edl: "qcom/sdx75m/edl.mbn" },
  since: "6.12",
});
