/**
 * A device family (profile) as data: what the endpoint presents and what the judge expects of it.
 * Source: the controller configurations and the id table of drivers/bus/mhi/host/pci_generic.c.
 */
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
  /** First kernel whose driver has it; absent for those that all have. */
  readonly since?: `${number}.${number}`;
}

export interface EventRingProfile {
  readonly index: number;
  readonly kind: "ctrl" | "data" | "sw" | "hw";
  readonly elements: number;
  readonly moderationMs: number;
}

export interface FamilyProfile {
  readonly id: string;
  /** Name in the driver's id table. */
  readonly driverName: string;
  readonly kind: "modem" | "accelerator" | "wlan";
  readonly pciDriver: string;
  readonly pci: {
    readonly vendor: number;
    readonly device: number;
    readonly subVendor: number;
    readonly subDevice: number;
    readonly classCode: number;
  };
  /** State waits and commands, ms (`timeout_ms`). */
  readonly timeoutMs: number;
  /** READY poll, ms (`ready_timeout_ms`, or `timeout_ms` where there is none). */
  readonly readyTimeoutMs: number;
  readonly sidebandWake: boolean;
  readonly eventRings: readonly EventRingProfile[];
  readonly channels: readonly ChannelProfile[];
  readonly firmware: { readonly image?: string; readonly edl?: string };
}

/** Both directions of a channel pair: `ul` is even, `dl` odd. */
export function channelPair(
  name: string,
  ul: number,
  elements: number,
  eventRing: number,
  execEnv: ExecEnv,
  extra: Partial<Pick<ChannelProfile, "client" | "autoStart" | "burst">> = {},
): ChannelProfile[] {
  return [
    { channel: ul, name, direction: "ul", elements, eventRing, execEnv, ...extra },
    { channel: ul + 1, name, direction: "dl", elements, eventRing, execEnv, ...extra },
  ];
}

/** The family as the driver of that kernel knows it: `6.1.0-50-amd64`. An unknown kernel counts as new. */
export function familyOn(family: FamilyProfile, kernel: string | undefined): FamilyProfile {
  const [major, minor] = versionOf(kernel ?? "");
  const knows = ({ since }: ChannelProfile): boolean => {
    const [sinceMajor, sinceMinor] = versionOf(since ?? "0.0");
    return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
  };
  return family.channels.every(knows) ? family : { ...family, channels: family.channels.filter(knows) };
}

function versionOf(release: string): [major: number, minor: number] {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  return major === undefined ? [Number.POSITIVE_INFINITY, 0] : [Number(major), Number(minor)];
}

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
