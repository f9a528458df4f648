/**
 * A device family (profile) as data: what the endpoint presents and what the judge expects of it.
 * Source: the controller configurations and id tables of the drivers that bind to it, named in each family's file.
 */
import { kernelAtLeast } from "../../base/kernel-version.ts";
import type { ExecEnv } from "../exec-env.ts";

export interface ChannelProfile {
  readonly channel: number;
  readonly name: string;
  readonly direction: "ul" | "dl";
  /** Ring elements. */
  readonly elements: number;
  readonly eventRing: number;
  /** Execution environment in which the driver makes the channel's device. */
  readonly execEnv: ExecEnv;
  /** Host rings the doorbell only while its db_mode flag is armed. */
  readonly burst?: boolean;
  /** In-tree client driver; undefined where there is none. */
  readonly client?: string;
  /** Started by the client's probe, without any user. */
  readonly autoStart?: boolean;
}

export interface EventRingProfile {
  readonly index: number;
  readonly kind: "ctrl" | "data" | "sw" | "hw";
  readonly elements: number;
  readonly moderationMs: number;
}

/**
 * How the host loads the device.
 *   bhi        the whole image over BHI
 *   bhi-bhie   its first part (`sblBytes`) over BHI, the whole over BHIe in segments (full boot chain)
 *   bhie       the whole image over BHIe
 */
export type FirmwareLoad = "bhi" | "bhi-bhie" | "bhie";

export interface FirmwareProfile {
  /** File name below the firmware folder, asked for in PBL. */
  readonly image?: string;
  /** The same in EDL. */
  readonly edl?: string;
  readonly load: FirmwareLoad;
  /** What goes over BHI of a full boot chain, bytes. */
  readonly sblBytes?: number;
  /** Segment of a BHIe vector, bytes. */
  readonly segmentBytes?: number;
  /** What the loader in SBL asks for over Sahara, in its order. */
  readonly sahara?: readonly SaharaImage[];
}

export interface SaharaImage {
  readonly id: number;
  /** Name below the firmware folder. */
  readonly file: string;
}

/** Where the register blocks lie, bytes from the MHI base. */
export interface RegisterLayout {
  readonly bhi: number;
  readonly bhie: number;
  readonly channelDoorbells: number;
  readonly eventDoorbells: number;
}

/**
 * What lies behind the MHI registers: the SoC's own register space. A window at `windowAt` shows the part of it that the
 * register at `selectAt` chooses; a register that nobody gave a meaning holds what was written to it.
 */
export interface RegisterSpace {
  readonly selectAt: number;
  readonly windowAt: number;
  readonly windowBytes: number;
  /** Bit 0 set, then cleared: the whole SoC starts afresh. */
  readonly globalResetAt: number;
  /** Values after power-on, by address; all others are 0. */
  readonly presets: Readonly<Record<number, number>>;
}

export interface FamilyProfile {
  readonly id: string;
  /** Name in the driver's id table. */
  readonly driverName: string;
  readonly kind: "modem" | "accelerator" | "wlan";
  /** PCI driver, as sysfs names it. */
  readonly pciDriver: string;
  /** Its kernel module, where that has another name. */
  readonly module?: string;
  readonly pci: {
    readonly vendor: number;
    readonly device: number;
    readonly subVendor: number;
    readonly subDevice: number;
    readonly classCode: number;
    /** Sizes of the memory BARs (64-bit), bytes, by index. */
    readonly bars: Readonly<Record<number, number>>;
    /** The BAR that MHI's registers are in. */
    readonly mhiBar: number;
  };
  readonly registers: RegisterLayout;
  /** Absent where the device has no registers but MHI's. */
  readonly space?: RegisterSpace;
  /** A free-running 64-bit counter in the MHI BAR, which the driver's time synchronisation reads. */
  readonly counter?: { readonly at: number; readonly hz: number };
  /** State waits and commands, ms (`timeout_ms`). */
  readonly timeoutMs: number;
  /** READY poll, ms (`ready_timeout_ms`, or `timeout_ms` where there is none). */
  readonly readyTimeoutMs: number;
  /** Power votes go over a wire of their own: the host never rings the wake doorbell. */
  readonly sidebandWake: boolean;
  /** Where the device stands after power-on: in AMSS where it boots from its own flash. */
  readonly powerOnEe: ExecEnv;
  readonly eventRings: readonly EventRingProfile[];
  readonly channels: readonly ChannelProfile[];
  readonly firmware: FirmwareProfile;
  /** What the family's driver does with MHI beyond bringing it up; a suite skips the rest. */
  readonly driverDoes: readonly DriverAbility[];
  /** Instance of the WLFW service that the driver looks for over QRTR: version in the low byte, the chip's id above. */
  readonly wlfwInstance?: number;
  /** Largest RAM dump that the host takes over BHIe, bytes; absent where its driver takes none. */
  readonly rddmBytes?: number;
  /** Kernel modules outside the kernel's own packages that the driver is built from; the lab builds them. */
  readonly outOfTree?: "qaic";
  /** First kernel whose driver knows the family; absent where all that the lab has do. */
  readonly since?: KernelVersion;
  /** What older kernels have otherwise, newest first. */
  readonly before?: readonly OlderProfile[];
}

/**
 *   runtime-pm        lets an idle device go to M3 and wakes it
 *   suspend           M3 over the host's sleep
 *   sleep-off         no M3 over the host's sleep: powered down before, up again after it
 *   sys-err-recovery  brings a device back that raised SYS_ERR
 *   unbind            lets go of the device cleanly
 *   crash-dump        takes the RAM dump of a crash and hands it on (devcoredump)
 */
export type DriverAbility = "runtime-pm" | "suspend" | "sleep-off" | "sys-err-recovery" | "unbind" | "crash-dump";

export type KernelVersion = `${number}.${number}`;

/** The family as kernels before `kernel` know it, as far as it differs. */
export interface OlderProfile {
  readonly kernel: KernelVersion;
  readonly differs: Partial<
    Pick<
      FamilyProfile,
      | "driverName"
      | "pciDriver"
      | "module"
      | "channels"
      | "eventRings"
      | "firmware"
      | "timeoutMs"
      | "readyTimeoutMs"
      | "driverDoes"
    >
  >;
}

/** The family as the driver of that kernel knows it: `6.1.0-50-amd64`. An unknown kernel counts as new. */
export function familyOn(family: FamilyProfile, kernel: string | undefined): FamilyProfile {
  const older = (family.before ?? []).filter((entry) => !kernelAtLeast(kernel, entry.kernel));
  if (older.length === 0) return family;
  return Object.assign({ ...family }, ...older.map(({ differs }) => differs));
}

/** With the channels of all kernels: what the device itself has, whatever its driver uses. */
export function withAllChannels(family: FamilyProfile): FamilyProfile {
  const older = (family.before ?? []).flatMap(({ differs }) => differs.channels ?? []);
  const own = new Set(family.channels.map(({ channel }) => channel));
  return { ...family, channels: [...family.channels, ...older.filter(({ channel }) => !own.has(channel))] };
}

/** Whether the drivers of that kernel know the family at all. An unknown kernel counts as new. */
export const knownTo = ({ since }: FamilyProfile, kernel: string | undefined): boolean =>
  since === undefined || kernelAtLeast(kernel, since);

export const channelName = (family: FamilyProfile, channel: number): string =>
  family.channels.find((entry) => entry.channel === channel)?.name ?? `ch${channel}`;

/** Kernel modules of the in-tree client drivers, by driver name (drivers/net/wwan, drivers/net, net/qrtr). */
const CLIENT_MODULES: Readonly<Record<string, string>> = {
  mhi_net: "mhi_net",
  mhi_wwan_ctrl: "mhi_wwan_ctrl",
  mhi_wwan_mbim: "mhi_wwan_mbim",
  qcom_mhi_qrtr: "qrtr_mhi",
};

/** Modules that a host without udev must load by itself, for the family's channels to find their clients. */
export const clientModules = (family: FamilyProfile): string[] => [
  ...new Set(family.channels.flatMap(({ client }) => (client ? (CLIENT_MODULES[client] ?? []) : []))),
];

/** Module of the family's PCI driver: `mhi_pci_generic`. */
export const driverModule = ({ module, pciDriver }: FamilyProfile): string => module ?? pciDriver.replaceAll("-", "_");
