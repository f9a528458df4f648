/** What a rig must do for an edge or a scenario that no run has shown yet. */

/** Suites of this project, and faults of the virtual rig. */
const SUITE = {
  boot: "mhi-hil run suites/boot",
  unbind: "mhi-hil run suites/boot/driver-rebind.spec.ts",
  runtime: "mhi-hil run suites/power/runtime-pm.spec.ts",
  suspend: "mhi-hil run suites/power/system-suspend.spec.ts",
  recovery: "mhi-hil run suites/sys-err/recovery.spec.ts",
  hotplug: "mhi-hil run suites/hotplug",
  channels: "mhi-hil run suites/channels",
} as const;

const PM_EDGES: Readonly<Record<string, string>> = {
  "DISABLE->POR": SUITE.unbind,
  "POR->M0": SUITE.boot,
  "M0->M2": "leave the device idle, its port closed, until it asks for M1",
  "M2->M0": "use a port of a device that went idle to M2",
  "M0->M3_ENTER": SUITE.runtime,
  "M3_ENTER->M3": SUITE.runtime,
  "M3->M3_EXIT": SUITE.runtime,
  "M3_EXIT->M0": SUITE.runtime,
  "M0->SYS_ERR_DETECT": SUITE.recovery,
  "SYS_ERR_DETECT->SYS_ERR_PROCESS": SUITE.recovery,
  "SYS_ERR_PROCESS->POR": SUITE.recovery,
  "SYS_ERR_PROCESS->SYS_ERR_FAIL": "a device that stays in SYS_ERR after the host's RESET",
  "M0->SHUTDOWN_PROCESS": SUITE.unbind,
  "SHUTDOWN_PROCESS->DISABLE": SUITE.unbind,
  "M0->LD_ERR_FATAL_DETECT": SUITE.hotplug,
  "M3->LD_ERR_FATAL_DETECT": SUITE.suspend,
  "LD_ERR_FATAL_DETECT->DISABLE": SUITE.hotplug,
};

/** By the state that is entered, where the edge itself is not in the table above. */
const PM_TARGETS: Readonly<Record<string, string>> = {
  SYS_ERR_DETECT: "raise SYS_ERR in that state: mhi-hil run --fault sys-err:afterMs=N",
  SHUTDOWN_PROCESS: "unbind the driver while the host is in that state",
  LD_ERR_FATAL_DETECT: "take the device off the bus in that state: mhi-hil run --fault device-gone:afterMs=N",
  FW_DL_ERR: "firmware that is missing or refused, on a device that boots from PBL",
  DISABLE: "a power-up that fails: mhi-hil run --fault ready-never",
  POR: "a second READY handshake: mhi-hil run --fault sys-err",
  M0: "a device that tells M0 again",
};

const EE_TARGETS: Readonly<Record<string, string>> = {
  PBL: "a device without firmware in its flash: it boots from PBL",
  SBL: "a device that boots from PBL and is given its firmware",
  AMSS: SUITE.boot,
  RDDM: "a crash of the firmware: the device goes to its dump mode",
  EDL: "the emergency download mode: trigger_edl of the controller's sysfs folder",
  FP: "the flash programmer: EDL, then the loader over BHI",
};

/** Those that are made of no others. */
const SCENARIOS: Readonly<Record<string, string>> = {
  boot: SUITE.boot,
  unbind: SUITE.unbind,
  "runtime-suspend": SUITE.runtime,
  "runtime-resume": SUITE.runtime,
  "system-suspend-resume": SUITE.suspend,
  "context-lost-resume": SUITE.suspend,
  "sys-err-recovery": SUITE.recovery,
  "device-gone": "mhi-hil run --fault device-gone:afterMs=N",
  unplugged: SUITE.hotplug,
  "channel-open": SUITE.channels,
  "channel-close": SUITE.channels,
  echo: SUITE.channels,
};

/** Scenarios that hold others. */
const HELD: Readonly<Record<string, readonly string[]>> = {
  bind: ["boot"],
  "remove-rescan": ["unbind", "boot"],
  "hot-plug": ["unplugged", "boot"],
  "off-over-sleep": ["boot"],
  "channel-open-close": ["channel-open", "channel-close"],
  echo: ["echo", "channel-open", "channel-close"],
};

/** @param id - `a+b` for two in turn. */
export const scenariosIn = (id: string): readonly string[] => id.split("+").flatMap((one) => HELD[one] ?? [one]);

export const SCENARIO_IDS: readonly string[] = Object.keys(SCENARIOS);

const targetOf = (edge: string): string => edge.split("->")[1] ?? "";

export const reachPm = (edge: string): string | undefined => PM_EDGES[edge] ?? PM_TARGETS[targetOf(edge)];
export const reachEe = (edge: string): string | undefined => EE_TARGETS[targetOf(edge)];
export const reachScenario = (id: string): string | undefined => SCENARIOS[id];
export const reachChannel = (edge: string): string =>
  edge.startsWith("FIREHOSE")
    ? "the flash programmer: its channels are there in FP only"
    : edge.endsWith("RESET")
      ? "close the channel's port, or unbind its client"
      : "open the channel's port, or bind its client";
