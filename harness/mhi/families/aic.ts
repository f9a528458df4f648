/** Qualcomm Cloud AI accelerators behind `qaic`: drivers/accel/qaic/mhi_controller.c, qaic_drv.c. */
import { ExecEnv } from "../exec-env.ts";
import { ENDPOINT_LAYOUT, pair } from "./channel-table.ts";
import type { ChannelProfile, FamilyProfile } from "./family.ts";
import { QUALCOMM } from "./modem.ts";

const PROCESSING_ACCELERATOR = 0x120000;
const KIB = 1024;
const MIB = 1024 * KIB;

const qaic = (client: string) => ({ client, autoStart: true });
const SBL = { execEnv: ExecEnv.SBL };

const periodic = pair("QAIC_TIMESYNC_PERIODIC", 22, 32, 0, { client: qaic("qaic_timesync_periodic") });

const always = {
  loopback: pair("QAIC_LOOPBACK", 0, 32, 0),
  sahara: pair("QAIC_SAHARA", 2, 32, 0, { ...SBL, client: qaic("sahara") }),
  diag: pair("QAIC_DIAG", 4, 32, 0),
  qdss: pair("QAIC_QDSS", 8, 32, 0),
  control: pair("QAIC_CONTROL", 10, 128, 0, { client: qaic("qaic_mhi") }),
  traffic: [...pair("QAIC_TELEMETRY", 16, 32, 0), ...pair("QAIC_DEBUG", 18, 32, 0)],
  timesync: [...pair("QAIC_TIMESYNC", 20, 32, 0, { ...SBL, client: qaic("qaic_timesync") }), ...periodic],
};

/** As 6.12 has them. */
const channels: readonly ChannelProfile[] = [
  ...always.loopback,
  ...always.sahara,
  ...always.diag,
  ...pair("QAIC_SSR", 6, 32, 0),
  ...always.qdss,
  ...always.control,
  ...pair("QAIC_LOGGING", 12, 32, 0, SBL),
  ...pair("QAIC_STATUS", 14, 32, 0),
  ...always.traffic,
  ...always.timesync,
];

/** As 7.2 has them: drivers for the boot log, SSR and status, and QRTR. */
const newChannels: readonly ChannelProfile[] = [
  ...always.loopback,
  ...always.sahara,
  ...always.diag,
  ...pair("QAIC_SSR", 6, 32, 0, { client: qaic("qaic_ssr") }),
  ...always.qdss,
  ...always.control,
  ...pair("QAIC_LOGGING", 12, 32, 0, { ...SBL, client: qaic("qaic_bootlog") }),
  ...pair("QAIC_STATUS", 14, 32, 0, { client: qaic("qaic_ras") }),
  ...always.traffic,
  ...always.timesync,
  ...pair("IPCR", 24, 32, 0),
];

const common = {
  kind: "accelerator",
  pciDriver: "qaic",
  /** Module parameter mhi_timeout_ms. */
  timeoutMs: 2000,
  readyTimeoutMs: 2000,
  sidebandWake: false,
  powerOnEe: ExecEnv.PBL,
  registers: ENDPOINT_LAYOUT,
  /** 6.12 knows no suspend; 7.2 powers MHI down and up again. */
  driverDoes: ["sleep-off", "sys-err-recovery", "unbind", "crash-dump"],
  /** QTIMER_REG_OFFSET of qaic_timesync.c, 19.2 MHz. */
  counter: { at: 0xa28, hz: 19_200_000 },
  eventRings: [{ index: 0, kind: "ctrl", elements: 32, moderationMs: 0 }],
  channels: newChannels,
  outOfTree: "qaic",
} as const;

const identity = (device: number) => ({
  vendor: QUALCOMM,
  device,
  subVendor: QUALCOMM,
  subDevice: device,
  classCode: PROCESSING_ACCELERATOR,
});

/** Two of those that the driver knows by number: `aic100_image_table`, `aic200_image_table` of sahara.c. */
const saharaImages = (folder: string, ...images: readonly (readonly [number, string])[]) =>
  images.map(([id, name]) => ({ id, file: `qcom/${folder}/${name}` }));

/** Not in 6.1; 6.12 has fewer clients. */
export const aic100: FamilyProfile = {
  ...common,
  id: "aic100",
  driverName: "aic100",
  firmware: {
    image: "qcom/aic100/sbl.bin",
    load: "bhi",
    sahara: saharaImages("aic100", [2, "fw2.bin"], [1, "fw1.bin"]),
  },
  pci: { ...identity(0xa100), bars: { 0: 4 * KIB, 2: 2 * MIB, 4: 64 * KIB }, mhiBar: 0 },
  since: "6.12",
  before: [{ kernel: "7.0", differs: { channels, driverDoes: ["sys-err-recovery", "unbind"] } }],
};

const aic200Channels: readonly ChannelProfile[] = [
  ...always.loopback,
  ...always.sahara,
  ...pair("QAIC_SSR", 6, 32, 0, { client: qaic("qaic_ssr") }),
  ...always.control,
  ...pair("QAIC_LOGGING", 12, 32, 0, { ...SBL, client: qaic("qaic_bootlog") }),
  ...pair("QAIC_STATUS", 14, 32, 0, { client: qaic("qaic_ras") }),
  ...pair("QAIC_TELEMETRY", 16, 32, 0),
  ...periodic,
  ...pair("IPCR", 24, 32, 0),
];

/** There in 7.2, not in 6.12; kernels between were not looked at. MHI is in BAR1. */
export const aic200: FamilyProfile = {
  ...common,
  channels: aic200Channels,
  id: "aic200",
  driverName: "aic200",
  firmware: {
    image: "qcom/aic200/sbl.bin",
    load: "bhie",
    segmentBytes: 512 * KIB,
    sahara: saharaImages("aic200", [23, "aop.mbn"], [43, "aic200-hlos.elf"]),
  },
  pci: { ...identity(0xa110), bars: { 0: 4 * KIB, 1: 4 * KIB, 2: 2 * MIB, 4: 64 * KIB }, mhiBar: 1 },
  since: "7.0",
};
