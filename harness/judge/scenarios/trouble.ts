/** SYS_ERR, a device that is gone, and hot-plug. Design facts 6.4, 6.7. */
import { ExecEnv } from "../../mhi/exec-env.ts";
import type { FamilyProfile } from "../../mhi/families/family.ts";
import { PmState } from "../../mhi/pm-state.ts";
import { WorkerItem } from "../../mhi/worker-item.ts";
import { either, optional, repeat, sequence } from "../pattern.ts";
import { PLAIN_MARGIN } from "../rules/expectations.ts";
import { anyPm, eeEvent, pm, sysErrSeen, worker } from "../steps.ts";
import { type BootOptions, boot, disabled, fromPorToMissionMode, readyHandshake } from "./boot.ts";
import { autoPairs, autoStarts } from "./channels.ts";
import { inTurn, type Scenario } from "./scenario.ts";

const plain = { margin: PLAIN_MARGIN };
const NOTICE_MS = 60_000;

/**
 * Recovery in place. With a shared vector the host may handle one SYS_ERR twice (facts 6.4, seen on 6.12 and 7.2): a
 * second SYS ERROR item without a PM record, and a second READY handshake.
 */
export function sysErrRecovery(family: FamilyProfile, options: BootOptions = {}): Scenario {
  const steps = [
    optional(sysErrSeen()),
    pm(PmState.SYS_ERR_DETECT, "host detects SYS_ERR")
      .titled("SYS_ERR: the host did not see it")
      .within(NOTICE_MS, "SYS_ERR")
      .as("sys-err"),
    worker(WorkerItem.SYS_ERR)
      .titled("SYS_ERR: the host saw it and did not begin to recover")
      .within(family.timeoutMs, "the recovery", plain),
    pm(PmState.SYS_ERR_PROCESS).within(family.timeoutMs, "the recovery", plain),
    optional(worker(WorkerItem.SYS_ERR)),
    repeat(sequence(either(worker(WorkerItem.READY), worker(WorkerItem.PBL)), readyHandshake(family)), {
      min: 1,
      max: 2,
    })
      .without(anyPm("device stuck in RESET", PmState.SYS_ERR_FAIL))
      .within(2 * (family.timeoutMs + family.readyTimeoutMs), "READY after SYS_ERR", { margin: 2.5 }),
    optional(eeEvent(ExecEnv.PBL)),
    fromPorToMissionMode(family),
  ];
  if (options.clients !== false && autoPairs(family).length > 0) {
    steps.push(autoStarts(family));
  }
  return {
    id: "sys-err-recovery",
    title: "SYS_ERR and recovery",
    pattern: sequence(...steps).as("recovered"),
    allows: ["sys-err"],
    measures: [{ name: "recovery", from: "sys-err", to: "recovered" }],
  };
}

/** Silent death: the health check (every 2 s) reads no vendor id, and the host powers the device down. */
export function deviceGone(family: FamilyProfile): Scenario {
  return {
    id: "device-gone",
    title: "device gone",
    pattern: sequence(
      pm(PmState.LD_ERR_FATAL_DETECT, "host gives the device up")
        .titled("device gone: the host did not notice")
        .within(NOTICE_MS, "the health check")
        .as("given-up"),
      disabled(family).as("off"),
    ),
    allows: ["link-loss", "sys-err", "not-acknowledged"],
    measures: [],
  };
}

/**
 * Unplugged: the driver's remove runs, with grace where the slot's attention button asked first, without where the
 * device was pulled: both end in PM DISABLE. A suspended device is woken first.
 */
export function unplugged(family: FamilyProfile): Scenario {
  return {
    id: "unplugged",
    title: "unplugged",
    pattern: sequence(
      // a device that is gone already does not answer the wake-up
      optional(pm(PmState.M3_EXIT)),
      optional(pm(PmState.M0)),
      anyPm("host powers the device down", PmState.SHUTDOWN_PROCESS, PmState.LD_ERR_FATAL_DETECT)
        .titled("unplug: the host did not power the device down")
        .within(NOTICE_MS, "the unplug")
        .as("down"),
      disabled(family).as("off"),
    ),
    allows: ["link-loss", "not-acknowledged"],
    measures: [{ name: "power down", from: "down", to: "off" }],
  };
}

export const hotPlug = (family: FamilyProfile, options: BootOptions = {}): Scenario => ({
  ...inTurn(unplugged(family), boot(family, options)),
  id: "hot-plug",
  title: "unplugged and plugged back",
});
