/** What all modems behind `mhi_pci_generic` have in common. */
import { ExecEnv } from "../exec-env.ts";
import { ENDPOINT_LAYOUT } from "./channel-table.ts";
import type { FamilyProfile } from "./family.ts";

/** Class of a real T99W175 in lspci; the driver does not look at it. */
const UNCLASSIFIED = 0xff0000;

export const QUALCOMM = 0x17cb;
export const TELIT = 0x1c5d;

type Given = Pick<FamilyProfile, "id" | "driverName" | "timeoutMs" | "eventRings" | "channels"> &
  Partial<Pick<FamilyProfile, "readyTimeoutMs" | "sidebandWake" | "since" | "before">> & {
    readonly ids: { readonly vendor: number; readonly device: number; readonly subsystem?: readonly [number, number] };
    readonly firmware?: { readonly image?: string; readonly edl?: string };
  };

/** A modem that boots from its own flash; without a subsystem of its own it shows its device id there too. */
export function modem({ ids, firmware = {}, ...given }: Given): FamilyProfile {
  const [subVendor, subDevice] = ids.subsystem ?? [ids.vendor, ids.device];
  return {
    kind: "modem",
    pciDriver: "mhi-pci-generic",
    readyTimeoutMs: given.timeoutMs,
    sidebandWake: false,
    driverDoes: ["runtime-pm", "suspend", "sys-err-recovery", "unbind"],
    powerOnEe: ExecEnv.AMSS,
    registers: ENDPOINT_LAYOUT,
    ...given,
    firmware: { load: "bhi", ...firmware },
    pci: {
      vendor: ids.vendor,
      device: ids.device,
      subVendor,
      subDevice,
      classCode: UNCLASSIFIED,
      bars: { 0: 4096 },
      mhiBar: 0,
    },
  };
}
