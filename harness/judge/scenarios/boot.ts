/** Boot to mission mode and power down. Design facts 6.1, 6.2, 6.6. */
import { ExecEnv } from "../../mhi/exec-env.ts";
import type { FamilyProfile } from "../../mhi/families/family.ts";
import { MhiState } from "../../mhi/mhi-state.ts";
import { PmState } from "../../mhi/pm-state.ts";
import { WorkerItem } from "../../mhi/worker-item.ts";
import type { Pattern } from "../pattern.ts";
import { either, optional, sequence } from "../pattern.ts";
import { PLAIN_MARGIN, POLLED_MARGIN } from "../rules/expectations.ts";
import { anyPm, disableItem, eeEvent, failureStates, pm, stateEvent, worker } from "../steps.ts";
import { wording } from "../wording.ts";
import { autoPairs, autoStarts } from "./channels.ts";
import { inTurn, type Scenario } from "./scenario.ts";

const plain = { margin: PLAIN_MARGIN };
const polled = { margin: POLLED_MARGIN };

/** The host takes notice of the new device: enumeration, probe, and what the rig takes to bring them about. */
const NOTICE_MS = 60_000;
/** A loader stage between READY and mission mode (facts 7.1: Sahara of a whole image). */
const LOADER_MS = 60_000;

/** PM POR to mission mode: the same at boot, at recovery and after SYS_ERR. */
export function fromPorToMissionMode(family: FamilyProfile): Pattern {
  const limit = `${family.timeoutMs / 1000} s`;
  const mission = sequence(
    eeEvent(ExecEnv.AMSS, ExecEnv.WFW)
      .titled(`boot: device did not report mission mode within ${limit} after M0`)
      .unless(failureStates())
      .within(family.kind === "modem" ? family.timeoutMs : LOADER_MS, "the EE event", plain),
    worker(WorkerItem.MISSION_MODE)
      .titled("boot: host did not start the mission-mode work item")
      .within(family.timeoutMs, "the work item", plain)
      .as("AMSS"),
  );
  return sequence(
    // an M0 event may come more than once (6.4): the first one counts
    stateEvent(MhiState.M0, "device reports M0")
      .titled(wording.noM0AtBoot(family))
      .unless(failureStates())
      .refutedBy(/failed to power up/i)
      .within(family.timeoutMs, "M0", plain),
    pm(PmState.M0).within(family.timeoutMs, "PM M0", plain).as("M0"),
    optional(sequence(eeEvent(ExecEnv.SBL), worker(WorkerItem.SBL).within(family.timeoutMs, "the SBL item", plain))),
    mission,
  );
}

export function readyHandshake(family: FamilyProfile): Pattern {
  return pm(PmState.POR, "host enters PM POR: device is READY")
    .titled(wording.notReady(family))
    .unless(anyPm("an error state of the host", PmState.FW_DL_ERR, PmState.LD_ERR_FATAL_DETECT, PmState.DISABLE))
    .refutedBy(/failed to enter MHI Ready|failed to clear MHI Reset|link is not accessible|did not enter READY/i)
    .within(family.timeoutMs + family.readyTimeoutMs, "READY", polled)
    .as("POR");
}

export interface BootOptions {
  /** Wait for the clients' channels too; default true. Without client drivers on the host, say false. */
  readonly clients?: boolean;
}

export function boot(family: FamilyProfile, options: BootOptions = {}): Scenario {
  const begin = either(worker(WorkerItem.READY), worker(WorkerItem.PBL))
    .within(NOTICE_MS, "the driver's first work item")
    .as("boot");
  const steps = [readyHandshake(family), fromPorToMissionMode(family)];
  if (options.clients !== false && autoPairs(family).length > 0) {
    steps.push(autoStarts(family).as("channels"));
  }
  return {
    id: "boot",
    title: "boot",
    // forbidden from the first work item on: a power down before it belongs to what was before
    pattern: sequence(begin, sequence(...steps).without(failureStates())),
    allows: [],
    measures: [
      { name: "POR", from: "boot", to: "POR" },
      { name: "M0", from: "boot", to: "M0" },
      { name: "AMSS", from: "boot", to: "AMSS" },
    ],
  };
}

/** Bind: the same as boot, the driver was away only. */
export const bind = (family: FamilyProfile, options: BootOptions = {}): Scenario => ({
  ...boot(family, options),
  id: "bind",
  title: "driver bound",
});

/** Work item DISABLE to PM DISABLE. */
export function disabled(family: FamilyProfile): Pattern {
  return sequence(
    disableItem()
      .titled("power down: host did not start the DISABLE work item")
      .within(family.timeoutMs, "DISABLE", plain),
    pm(PmState.DISABLE)
      .titled("power down: the host did not come to an end")
      .within(2 * family.timeoutMs, "the end of the power down", polled),
  );
}

/** Graceful power down; a suspended device is resumed first by the core. qaic goes down without grace (facts 7.1). */
export function unbind(family: FamilyProfile): Scenario {
  const graceful = family.kind !== "accelerator";
  const first = graceful ? PmState.SHUTDOWN_PROCESS : PmState.LD_ERR_FATAL_DETECT;
  return {
    id: "unbind",
    title: "driver unbound",
    pattern: sequence(
      optional(
        sequence(
          pm(PmState.M3_EXIT),
          pm(PmState.M0)
            .titled(wording.noM0AtResume(family))
            .refutedBy(/Did not enter M0 state/i)
            .within(family.timeoutMs, "M0", plain),
        ),
      ),
      pm(first).titled("unbind: the host did not begin to power down").within(NOTICE_MS, "the power down").as("down"),
      disabled(family).as("off"),
    ),
    allows: graceful ? [] : ["link-loss"],
    measures: [{ name: "power down", from: "down", to: "off" }],
  };
}

/** Remove and rescan of the PCI function: down, then the boot of a new controller device. */
export const removeAndRescan = (family: FamilyProfile, options: BootOptions = {}): Scenario => ({
  ...inTurn(unbind(family), boot(family, options)),
  id: "remove-rescan",
  title: "removed and rescanned",
});
