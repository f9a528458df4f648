/**
 * Qualcomm WLAN behind `ath11k_pci` and `ath12k_pci`: MHI carries only the loader and QRTR.
 * Source: ath11k/mhi.c, ath11k/pci.c, ath12k/mhi.c, ath12k/pci.c of drivers/net/wireless/ath.
 */
import { ExecEnv } from "../exec-env.ts";
import { pair, WLAN_LAYOUT } from "./channel-table.ts";
import type { FamilyProfile } from "./family.ts";
import { QUALCOMM } from "./modem.ts";

const NETWORK_OTHER = 0x028000;
const HALF_MIB = 512 * 1024;
const MIB = 1024 * 1024;

type Given = Pick<
  FamilyProfile,
  "id" | "driverName" | "pciDriver" | "module" | "timeoutMs" | "rddmBytes" | "since" | "before"
> &
  Partial<Pick<FamilyProfile, "driverDoes">> & {
    readonly device: number;
    readonly barBytes: number;
    readonly elements: number;
    readonly image: string;
    /** Event ring of LOOPBACK, where the driver had it: up to 6.8, without a client. */
    readonly loopbackRing?: number;
    readonly wlfwInstance: number;
    readonly presets: Readonly<Record<number, number>>;
  };

function wlan({ device, barBytes, elements, image, presets, loopbackRing, ...given }: Given): FamilyProfile {
  return {
    kind: "wlan",
    readyTimeoutMs: given.timeoutMs,
    sidebandWake: false,
    // without a WLAN interface its suspend leaves MHI alone; a crash is recovered from only with one
    driverDoes: ["unbind"],
    powerOnEe: ExecEnv.PBL,
    registers: WLAN_LAYOUT,
    ...given,
    eventRings: [
      { index: 0, kind: "ctrl", elements: 32, moderationMs: 0 },
      { index: 1, kind: "data", elements: 256, moderationMs: 1 },
    ],
    channels: pair("IPCR", 20, elements, 1),
    ...(loopbackRing !== undefined && {
      before: [
        {
          kernel: "6.9",
          differs: { channels: [...pair("LOOPBACK", 0, 32, loopbackRing), ...pair("IPCR", 20, elements, 1)] },
        },
      ],
    }),
    firmware: { image, load: "bhi-bhie", sblBytes: HALF_MIB, segmentBytes: HALF_MIB },
    pci: {
      vendor: QUALCOMM,
      device,
      subVendor: QUALCOMM,
      subDevice: device,
      classCode: NETWORK_OTHER,
      bars: { 0: barBytes },
      mhiBar: 0,
    },
    space: { selectAt: 0x310c, windowAt: 0x80000, windowBytes: 0x80000, globalResetAt: 0x3008, presets },
  };
}

/** TCSR_SOC_HW_VERSION of ath11k: major version 2 in bits 11:8; minor 0. */
const ATH11K_VERSION = { 548: 0x200 };
/** The same of ath12k, far up in the register space. */
const ATH12K_VERSION = { 28311552: 0x200 };

const ath11k = { pciDriver: "ath11k_pci", timeoutMs: 20_000, rddmBytes: 0x420000 } as const;

export const qca6390 = wlan({
  ...ath11k,
  id: "qca6390",
  driverName: "qca6390",
  loopbackRing: 0,
  device: 0x1101,
  barBytes: MIB,
  elements: 64,
  image: "ath11k/QCA6390/hw2.0/amss.bin",
  wlfwInstance: 0x0101,
  presets: ATH11K_VERSION,
});

export const wcn6855 = wlan({
  ...ath11k,
  id: "wcn6855",
  driverName: "wcn6855",
  loopbackRing: 0,
  device: 0x1103,
  barBytes: 2 * MIB,
  elements: 64,
  image: "ath11k/WCN6855/hw2.0/amss.bin",
  wlfwInstance: 0x0101,
  presets: ATH11K_VERSION,
});

export const qcn9074 = wlan({
  ...ath11k,
  id: "qcn9074",
  driverName: "qcn9074",
  loopbackRing: 1,
  device: 0x1104,
  barBytes: 2 * MIB,
  elements: 32,
  image: "ath11k/QCN9074/hw1.0/amss.bin",
  wlfwInstance: 0x0701,
  presets: ATH11K_VERSION,
});

/** Absent in 6.1, there in 6.12; between that and 7.2 the driver was split in two. */
export const wcn7850 = wlan({
  id: "wcn7850",
  driverName: "wcn7850",
  pciDriver: "ath12k_wifi7_pci",
  module: "ath12k_wifi7",
  device: 0x1107,
  barBytes: 2 * MIB,
  timeoutMs: 90_000,
  rddmBytes: 0x780000,
  elements: 64,
  image: "ath12k/WCN7850/hw2.0/amss.bin",
  wlfwInstance: 0x0101,
  presets: ATH12K_VERSION,
  since: "6.12",
  // without WLAN firmware its remove leaves MHI running, or follows a null pointer: docs/findings.md
  driverDoes: [],
  before: [{ kernel: "7.0", differs: { pciDriver: "ath12k_pci", module: "ath12k" } }],
});
