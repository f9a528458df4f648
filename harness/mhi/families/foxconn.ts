/** Foxconn: `modem_foxconn_sdx55_config`, `modem_foxconn_sdx72_config` of pci_generic.c. */
import { firehose, hardwareData, pair, rings } from "./channel-table.ts";
import { modem } from "./modem.ts";

const FOXCONN = 0x105b;

const withoutFirehose = [
  ...pair("LOOPBACK", 0, 32, 0),
  ...pair("DIAG", 4, 32, 1),
  ...pair("MBIM", 12, 32, 0),
  ...pair("DUN", 32, 32, 0),
];
const data = hardwareData("IP_HW0_MBIM", 128, 2);
const channels = [...withoutFirehose, ...firehose(), ...data];
const eventRings = rings(["ctrl", 128], ["data", 128], ["hw", 1024], ["hw", 1024]);

/** SDX55. 6.1 calls all of them foxconn-sdx55, knows no FIREHOSE, and has the boot loader's image of the sdx55m. */
export const t99w175 = modem({
  id: "t99w175",
  driverName: "foxconn-t99w175",
  ids: { vendor: FOXCONN, device: 0xe0ab },
  timeoutMs: 20_000,
  eventRings,
  channels,
  firmware: { edl: "qcom/sdx55m/foxconn/prog_firehose_sdx55.mbn" },
  before: [
    {
      kernel: "6.12",
      differs: {
        driverName: "foxconn-sdx55",
        channels: [...withoutFirehose, ...data],
        firmware: { load: "bhi", image: "qcom/sdx55m/sbl1.mbn", edl: "qcom/sdx55m/edl.mbn" },
      },
    },
  ],
});

/** SDX72. Absent in 6.1, there in 6.12. */
export const t99w640 = modem({
  id: "t99w640",
  driverName: "foxconn-t99w640",
  ids: { vendor: FOXCONN, device: 0xe118 },
  timeoutMs: 20_000,
  readyTimeoutMs: 50_000,
  eventRings,
  channels,
  firmware: { edl: "qcom/sdx72m/foxconn/edl.mbn" },
  since: "6.12",
});
