/** Suspend and resume, in all their forms. Design facts 6.3, 6.7. */
import type { FamilyProfile } from "../../mhi/families/family.ts";
import { MhiState } from "../../mhi/mhi-state.ts";
import { PmState } from "../../mhi/pm-state.ts";
import { WorkerItem } from "../../mhi/worker-item.ts";
import type { Pattern } from "../pattern.ts";
import { sequence } from "../pattern.ts";
import { PLAIN_MARGIN } from "../rules/expectations.ts";
import { anyPm, failureStates, pm, stateEvent, worker } from "../steps.ts";
import { wording } from "../wording.ts";
import { type BootOptions, boot, disabled, fromPorToMissionMode, readyHandshake } from "./boot.ts";
import { autoPairs, autoStarts } from "./channels.ts";
import { inTurn, type Scenario, type ScenarioMeasure } from "./scenario.ts";

const plain = { margin: PLAIN_MARGIN };
/** From the rig's action to the driver's first record: autosuspend (2 s), freezing of tasks, a slow sleep and wake. */
const NOTICE_MS = 60_000;

function suspended(family: FamilyProfile): Pattern {
  return sequence(
    pm(PmState.M3_ENTER, "host asks for M3")
      .titled("suspend: the host did not ask for M3")
      .unless(failureStates())
      .refutedBy(/failed to suspend device|Could not enter M0\/M1/i)
      .within(NOTICE_MS, "the suspend")
      .as("M3-asked"),
    stateEvent(MhiState.M3, "device acknowledges M3")
      .titled(wording.noM3(family))
      .unless(failureStates())
      .refutedBy(/Did not enter M3 state/i)
      .within(family.timeoutMs, "M3", plain),
    pm(PmState.M3, "host enters PM M3").titled(wording.noM3(family)).within(family.timeoutMs, "PM M3", plain).as("M3"),
  );
}

function resumed(family: FamilyProfile): Pattern {
  return sequence(
    pm(PmState.M3_EXIT, "host asks for M0")
      .titled("resume: the host did not ask for M0")
      .unless(failureStates())
      .refutedBy(/Resuming from non M3 state/i)
      .within(NOTICE_MS, "the resume")
      .as("M0-asked"),
    stateEvent(MhiState.M0, "device acknowledges M0")
      .titled(wording.noM0AtResume(family))
      .unless(failureStates())
      .refutedBy(/Did not enter M0 state/i)
      .within(family.timeoutMs, "M0", plain),
    pm(PmState.M0, "host enters PM M0")
      .titled(wording.noM0AtResume(family))
      .within(family.timeoutMs, "PM M0", plain)
      .as("M0"),
  );
}

const M3: ScenarioMeasure = { name: "M3", from: "M3-asked", to: "M3" };
const M0: ScenarioMeasure = { name: "M0", from: "M0-asked", to: "M0" };

export const runtimeSuspend = (family: FamilyProfile): Scenario => ({
  id: "runtime-suspend",
  title: "runtime suspend",
  pattern: suspended(family),
  allows: [],
  measures: [M3],
});

export const runtimeResume = (family: FamilyProfile): Scenario => ({
  id: "runtime-resume",
  title: "runtime resume",
  pattern: resumed(family),
  allows: [],
  measures: [M0],
});

/** S3 or s2idle with the slot's power kept. */
export const systemSuspendResume = (family: FamilyProfile): Scenario => ({
  id: "system-suspend-resume",
  title: "system suspend and resume",
  pattern: sequence(suspended(family), resumed(family)).without(failureStates()),
  allows: [],
  measures: [M3, M0],
});

/**
 * S3 or s2idle with a driver that does not suspend MHI: with grace down before it, and booted again after it, through all
 * loader stages (qaic_pm_suspend and qaic_pm_resume of drivers/accel/qaic/qaic_drv.c, 7.2).
 */
export const offOverSleep = (family: FamilyProfile, options: BootOptions = {}): Scenario => ({
  ...inTurn(
    {
      id: "sleep-off",
      title: "powered down before the sleep",
      pattern: sequence(
        pm(PmState.SHUTDOWN_PROCESS)
          .titled("suspend: the host did not power the device down")
          .unless(anyPm("a suspend of MHI", PmState.M3_ENTER))
          .within(NOTICE_MS, "the power down")
          .as("down"),
        disabled(family).as("off"),
      ),
      allows: [],
      measures: [{ name: "power down", from: "down", to: "off" }],
    },
    boot(family, options),
  ),
  id: "off-over-sleep",
  title: "off over the host's sleep",
});

/** The host gives the device up, powers it down and brings it up again (recovery work of pci_generic). */
export function recovery(family: FamilyProfile, clients: boolean): Pattern {
  const steps = [
    pm(PmState.LD_ERR_FATAL_DETECT, "host gives the device up")
      .titled("recovery: the host did not notice that the device had lost its context")
      .within(NOTICE_MS, "the recovery")
      .as("given-up"),
    disabled(family).as("off"),
    worker(WorkerItem.READY)
      .titled("recovery: the host did not power the device up again")
      .refutedBy(/Recovery failed|reset failed/i)
      .within(NOTICE_MS, "the power up"),
    readyHandshake(family),
    fromPorToMissionMode(family),
  ];
  if (clients && autoPairs(family).length > 0) steps.push(autoStarts(family));
  return sequence(...steps).as("recovered");
}

/**
 * S3 with the slot's power cut: no M3_EXIT, recovery is what must happen. A client that resumes before the controller
 * asks for channels that the host still believes open (qcom_mhi_qrtr early resume), and is refused.
 */
export const contextLostResume = (family: FamilyProfile, options: { clients?: boolean } = {}): Scenario => ({
  id: "context-lost-resume",
  title: "resume after the context was lost",
  pattern: sequence(
    suspended(family),
    recovery(family, options.clients !== false).without(anyPm("a resume as if nothing had been lost", PmState.M3_EXIT)),
  ),
  allows: ["link-loss", "refused-command"],
  measures: [M3, { name: "recovery", from: "given-up", to: "recovered" }],
});
