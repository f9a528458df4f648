/**
 * Rows of the families' tables. A channel's client driver follows from its name: drivers/net/wwan/mhi_wwan_ctrl.c,
 * drivers/net/wwan/mhi_wwan_mbim.c, drivers/net/mhi_net.c, net/qrtr/mhi.c.
 */
import { ExecEnv } from "../exec-env.ts";
import type { ChannelProfile, EventRingProfile, RegisterLayout } from "./family.ts";

interface Client {
  readonly client: string;
  readonly autoStart?: boolean;
}

const CLIENTS: Readonly<Record<string, Client>> = {
  DUN: { client: "mhi_wwan_ctrl" },
  DUN2: { client: "mhi_wwan_ctrl" },
  MBIM: { client: "mhi_wwan_ctrl" },
  QMI: { client: "mhi_wwan_ctrl" },
  DIAG: { client: "mhi_wwan_ctrl" },
  FIREHOSE: { client: "mhi_wwan_ctrl" },
  IPCR: { client: "qcom_mhi_qrtr", autoStart: true },
  IP_SW0: { client: "mhi_net", autoStart: true },
  IP_HW0: { client: "mhi_net", autoStart: true },
  IP_HW0_MBIM: { client: "mhi_wwan_mbim", autoStart: true },
};

interface RowOptions {
  /** Default AMSS. */
  readonly execEnv?: ExecEnv;
  /** Event ring of the downlink, where it is not the uplink's. */
  readonly downlinkRing?: number;
  /** Elements of the downlink, where they are not the uplink's. */
  readonly downlinkElements?: number;
  /** A hardware channel with burst mode. */
  readonly burst?: boolean;
  readonly client?: Client;
}

/** Both directions of a channel pair: `ul` is even, `dl` odd. */
export function pair(
  name: string,
  ul: number,
  elements: number,
  eventRing: number,
  options: RowOptions = {},
): ChannelProfile[] {
  const { execEnv = ExecEnv.AMSS, downlinkRing = eventRing, downlinkElements = elements, burst } = options;
  const common = { name, execEnv, ...(burst === true && { burst }), ...(options.client ?? CLIENTS[name]) };
  return [
    { channel: ul, direction: "ul", elements, eventRing, ...common },
    { channel: ul + 1, direction: "dl", elements: downlinkElements, eventRing: downlinkRing, ...common },
  ];
}

/** FIREHOSE of all that have it: only in the flash programmer. */
export const firehose = (): ChannelProfile[] => pair("FIREHOSE", 34, 32, 0, { execEnv: ExecEnv.FP });

/** The hardware data path 100/101, each direction on a ring of its own. */
export const hardwareData = (name: string, elements: number, uplinkRing: number): ChannelProfile[] =>
  pair(name, 100, elements, uplinkRing, { burst: true, downlinkRing: uplinkRing + 1 });

/** Moderation of MHI_EVENT_CONFIG_CTRL, _DATA, _SW_DATA and _HW_DATA in pci_generic.c, ms. */
const MODERATION_MS = { ctrl: 0, data: 5, sw: 0, hw: 1 } as const;

/** Event rings in order: `rings(["ctrl", 128], ["data", 128])`. */
export const rings = (...rows: readonly (readonly [EventRingProfile["kind"], number])[]): EventRingProfile[] =>
  rows.map(([kind, elements], index) => ({ index, kind, elements, moderationMs: MODERATION_MS[kind] }));

/** As a Linux PCIe endpoint on SDX55 lays its registers out (drivers/bus/mhi/ep). */
export const ENDPOINT_LAYOUT: RegisterLayout = {
  bhi: 0x100,
  bhie: 0x200,
  channelDoorbells: 0x300,
  eventDoorbells: 0x700,
};

/**
 * The ath drivers write to BHIe's doorbells and status by absolute addresses, which put BHIEOFF at 0x324
 * (PCIE_TXVECDB and its neighbours, ath11k/mhi.h); the rest is put where it does not meet them.
 */
export const WLAN_LAYOUT: RegisterLayout = { bhi: 0x100, bhie: 0x324, channelDoorbells: 0x400, eventDoorbells: 0x800 };
