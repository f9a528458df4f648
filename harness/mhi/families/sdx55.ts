import { ExecEnv } from "../exec-env.ts";
import { channelPair, type FamilyProfile } from "./family.ts";

/** Posted in May 2023; 6.1 has it not, 6.12 has it. */
const IP_SW0_SINCE = "6.6";

/** Qualcomm SDX55 as qcom-sdx55m: `modem_qcom_v1_mhiv_config` of drivers/bus/mhi/host/pci_generic.c. */
export const sdx55: FamilyProfile = {
  id: "sdx55",
  driverName: "qcom-sdx55m",
  kind: "modem",
  pciDriver: "mhi-pci-generic",
  pci: { vendor: 0x17cb, device: 0x0306, subVendor: 0x17cb, subDevice: 0x0306, classCode: 0xff0000 },
  timeoutMs: 8000,
  readyTimeoutMs: 8000,
  sidebandWake: false,
  eventRings: [
    { index: 0, kind: "ctrl", elements: 64, moderationMs: 0 },
    { index: 1, kind: "data", elements: 128, moderationMs: 5 },
    { index: 2, kind: "sw", elements: 64, moderationMs: 0 },
    { index: 3, kind: "sw", elements: 64, moderationMs: 0 },
    { index: 4, kind: "hw", elements: 1024, moderationMs: 1 },
    { index: 5, kind: "hw", elements: 2048, moderationMs: 1 },
  ],
  channels: [
    ...channelPair("DIAG", 4, 16, 1, ExecEnv.AMSS, { client: "mhi_wwan_ctrl" }),
    ...channelPair("MBIM", 12, 4, 0, ExecEnv.AMSS, { client: "mhi_wwan_ctrl" }),
    ...channelPair("QMI", 14, 4, 0, ExecEnv.AMSS, { client: "mhi_wwan_ctrl" }),
    ...channelPair("IPCR", 20, 8, 0, ExecEnv.AMSS, { client: "qcom_mhi_qrtr", autoStart: true }),
    ...channelPair("FIREHOSE", 34, 32, 0, ExecEnv.FP, { client: "mhi_wwan_ctrl" }),
    {
      channel: 46,
      name: "IP_SW0",
      direction: "ul",
      elements: 64,
      eventRing: 2,
      execEnv: ExecEnv.AMSS,
      client: "mhi_net",
      autoStart: true,
      since: IP_SW0_SINCE,
    },
    {
      channel: 47,
      name: "IP_SW0",
      direction: "dl",
      elements: 64,
      eventRing: 3,
      execEnv: ExecEnv.AMSS,
      client: "mhi_net",
      autoStart: true,
      since: IP_SW0_SINCE,
    },
    {
      channel: 100,
      name: "IP_HW0",
      direction: "ul",
      elements: 128,
      eventRing: 4,
      execEnv: ExecEnv.AMSS,
      client: "mhi_net",
      autoStart: true,
      burst: true,
    },
    {
      channel: 101,
      name: "IP_HW0",
      direction: "dl",
      elements: 128,
      eventRing: 5,
      execEnv: ExecEnv.AMSS,
      client: "mhi_net",
      autoStart: true,
      burst: true,
    },
  ],
  firmware: { image: "qcom/sdx55m/sbl1.mbn", edl: "qcom/sdx55m/edl.mbn" },
};
