/** What the probes must know of the driver's structures: byte offsets on the very kernel that runs, never our own. */
import type { Btf } from "./btf.ts";

/** Name -> struct and path of the member. Source: drivers/bus/mhi/host/internal.h, include/linux/mhi.h. */
const MEMBERS = {
  controllerDevice: ["mhi_controller", "mhi_dev"],
  pmState: ["mhi_controller", "pm_state"],
  worker: ["mhi_controller", "st_worker"],
  deviceName: ["mhi_device", "name"],
  deviceController: ["mhi_device", "mhi_cntrl"],
  channelDevice: ["mhi_chan", "mhi_dev"],
  channelNumber: ["mhi_chan", "chan"],
  treWritePointer: ["mhi_chan", "tre_ring.wp"],
  eventController: ["mhi_event", "mhi_cntrl"],
  eventRingIndex: ["mhi_event", "er_index"],
  eventRing: ["mhi_event", "ring"],
  eventReadPointer: ["mhi_event", "ring.rp"],
  eventRingBase: ["mhi_event", "ring.base"],
  eventRingBytes: ["mhi_event", "ring.len"],
} as const satisfies Record<string, readonly [struct: string, member: string]>;

export type DriverOffsets = Readonly<Record<keyof typeof MEMBERS, number>>;

export interface DriverLayout {
  readonly offsets: DriverOffsets;
  /** MHI_PM_STATE_MAX: 13 since SYS_ERR_FAIL was put in before SHUTDOWN_PROCESS, 12 before. */
  readonly pmStates: number;
}

/** The layout, or in one clause what of it is not to be found. */
export function driverLayout(btf: Btf): DriverLayout | string {
  const offsets: Record<string, number> = {};
  for (const [name, [struct, member]] of Object.entries(MEMBERS)) {
    const offset = btf.offsetOf(struct, member);
    if (offset === undefined) return `its BTF has no ${struct}.${member}`;
    offsets[name] = offset;
  }
  const pmStates = btf.enumerators("mhi_pm_state")?.get("MHI_PM_STATE_MAX");
  if (pmStates !== 12 && pmStates !== 13) {
    return `its driver knows ${pmStates ?? "an unknown number of"} PM states, expected 12 or 13`;
  }
  return { offsets: offsets as DriverOffsets, pmStates };
}
