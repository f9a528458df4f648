/**
 * Brings a rig where a test starts, by a ladder of recovery if need be, and says from where on the test is to be judged:
 * what goes wrong while nobody tests has gone wrong all the same.
 */
import { HilError, RigFault } from "../base/errors.ts";
import { driverModule } from "../mhi/families/family.ts";
import { PmState } from "../mhi/pm-state.ts";
import { WorkerItem } from "../mhi/worker-item.ts";
import { mhiControllerOf, waitMissionMode } from "../rig/host/mhi-bus.ts";
import { moduleLoaded } from "../rig/host/modules.ts";
import * as pci from "../rig/host/pci.ts";
import { readRuntimePm, setRuntimeControl, waitRuntimeStatus } from "../rig/host/runtime-pm.ts";
import { preflight, preflightMissing } from "../rig/preflight.ts";
import type { KeeperClient } from "./keeper-client.ts";
import { NotJudged } from "./outcome.ts";
import type { Rig } from "./rig.ts";
import { DEVICE_MAY_BE_THE_CAUSE } from "./rig-base.ts";

/** PM states in which a device may be left alone. */
const AT_REST: ReadonlySet<number> = new Set([PmState.M0, PmState.M2]);

/** PM states in which the host has given the device up: with the driver bound, its recovery may hold the bus for a minute. */
const GIVEN_UP: ReadonlySet<number> = new Set([PmState.LD_ERR_FATAL_DETECT, PmState.DISABLE]);

/** How far a boot has been judged. */
export interface JudgedTo {
  readonly bootId: string;
  readonly tNs: number;
}

export class StartingPoint {
  /** Set by a test that passed: the next one judges what came after it too. */
  judgedTo: JudgedTo | undefined;
  readonly #rig: Rig;
  readonly #keeper: KeeperClient;
  #preflightDone = false;

  constructor(rig: Rig, keeper: KeeperClient) {
    this.#rig = rig;
    this.#keeper = keeper;
  }

  /** The host is up and the driver has not been loaded in this boot. */
  async freshHost(): Promise<void> {
    await this.#ensureHost();
    const module = driverModule(this.#rig.family);
    if (!(await moduleLoaded(this.#rig.host.shell, module))) return;
    await this.#rig.powerOff();
    await this.#rig.powerOn();
    if (!(await moduleLoaded(this.#rig.host.shell, module))) return;
    const sentence = `the host loads ${module} by itself at boot, before the trace is armed; blacklist it in /etc/modprobe.d`;
    throw new RigFault("driver-autoloaded", `rig ${this.#rig.file.id}: ${sentence}`);
  }

  /**
   * The device is in mission mode and awake. One ladder of recovery: driver, bus, power. When its last rung fails, the
   * keeper remembers, and every later test of the run repeats that first reason at once.
   *
   * @returns from where on the test is to be judged. Normally where the one before it, having passed, stopped looking, so
   * that nothing between two tests goes unseen, whatever had to be mended since; else from the mission mode reached here
   * @throws NotJudged when the device cannot be brought there: nothing can be said of what the test would have asked
   */
  async missionMode(): Promise<JudgedTo | undefined> {
    await this.#ensureHost();
    const { broken } = await this.#keeper.status();
    if (broken !== undefined) throw new NotJudged(broken);
    if (!this.#isGivenUp() && (await this.#isWell())) return this.judgedTo;
    let judgeFrom = this.judgedTo;
    for (const climb of await this.#ladder()) {
      const before = this.#rig.host.segments.at(-1);
      const begun: JudgedTo | undefined = before && { bootId: before.bootId, tNs: before.watermarkNs };
      await climb();
      const reached = await this.#reachesMissionMode();
      const well = reached && (await this.#isWell());
      // A device that came up and fell over again before the test began has failed, even if the next rung helps. Events stand
      // in the segment only after a drain, and a device found unwell may have been given up before any.
      await this.#rig.host.drain();
      judgeFrom ??= this.#missionSince(begun);
      if (well) return judgeFrom;
    }
    const reason = "not judged: the device does not reach mission mode, not even after a power cycle";
    await this.#keeper.setBroken(reason);
    throw new NotJudged(reason);
  }

  /** The host is up and, looked at once a worker, has what a suite needs. @throws RigFault `preflight` with all that is missing */
  async #ensureHost(): Promise<void> {
    await this.#rig.host.ensure();
    if (this.#preflightDone) return;
    const checks = await preflight(this.#rig.host.shell, {
      family: this.#rig.family,
      dut: this.#rig.selector,
      ringKb: this.#rig.host.ringKib,
    });
    const missing = preflightMissing(checks);
    if (missing.length > 0) {
      throw new RigFault(
        "preflight",
        `rig ${this.#rig.file.id} is not fit for a run: ${missing.map((check) => check.sentence).join("; ")}`,
      );
    }
    this.#preflightDone = true;
  }

  /** In mission mode by sysfs, awake by runtime PM, and at rest by its own trace: a device stuck half-way is not well. */
  async #isWell(): Promise<boolean> {
    try {
      if (!(await this.#inMissionMode())) return false;
      await this.#awake();
      await this.#rig.host.drain();
    } catch (error) {
      if (error instanceof HilError && DEVICE_MAY_BE_THE_CAUSE.has(error.code)) return false;
      throw error;
    }
    const last = this.#lastPm();
    return last === undefined || AT_REST.has(last);
  }

  /** The driver's first mission-mode item after `begun`: what comes after it nobody asked for. */
  #missionSince(begun: JudgedTo | undefined): JudgedTo | undefined {
    const live = this.#rig.host.segments.at(-1);
    const fromNs = begun !== undefined && begun.bootId === live?.bootId ? begun.tNs : 0;
    const mission = live?.events.find(
      (event) => event.kind === "worker" && event.item === WorkerItem.MISSION_MODE && event.tNs >= fromNs,
    );
    return live && mission && { bootId: live.bootId, tNs: mission.tNs };
  }

  #lastPm(): number | undefined {
    const last = this.#rig.host.segments.at(-1)?.events.findLast((event) => event.kind === "pm");
    return last?.kind === "pm" ? last.pmState : undefined;
  }

  #isGivenUp(): boolean {
    const last = this.#lastPm();
    return last !== undefined && GIVEN_UP.has(last);
  }

  /** What may help, gentlest first. A device that the host has given up answers nothing on the bus: only power helps. */
  async #ladder(): Promise<(() => Promise<void>)[]> {
    const loaded = await moduleLoaded(this.#rig.host.shell, driverModule(this.#rig.family));
    const powerOnly = this.#isGivenUp() && this.#rig.can("power");
    return [
      ...(loaded || powerOnly ? [] : [() => this.#rig.loadDriver()]),
      ...(loaded && !powerOnly ? [() => this.#bounce()] : []),
      () => this.#coldStart(),
    ];
  }

  async #reachesMissionMode(): Promise<boolean> {
    return await waitMissionMode(
      this.#rig.host.shell,
      await this.#rig.address(),
      this.#rig.family.readyTimeoutMs + 2000,
    ).then(
      () => true,
      () => false,
    );
  }

  async #inMissionMode(): Promise<boolean> {
    const controller = await mhiControllerOf(this.#rig.host.shell, await this.#rig.address());
    return (controller?.channels.length ?? 0) > 0;
  }

  /** Awake, and not falling asleep in the middle of a test by itself: the driver allows autosuspend at every mission mode. */
  async #awake(): Promise<void> {
    const { shell } = this.#rig.host;
    const devices = [{ address: await this.#rig.address(), family: this.#rig.family }, ...this.#rig.neighbours];
    for (const { address, family } of devices) {
      if ((await readRuntimePm(shell, address)).status === "unsupported") continue;
      await setRuntimeControl(shell, address, "on");
      await waitRuntimeStatus(shell, address, "active", family.timeoutMs);
    }
  }

  async #bounce(): Promise<void> {
    if (await pci.isPresent(this.#rig.host.shell, await this.#rig.address())) await this.#rig.remove();
    await this.#rig.rescan();
  }

  async #coldStart(): Promise<void> {
    if (!this.#rig.can("power"))
      throw new NotJudged("not judged: the device does not reach mission mode, and this rig has no power switch");
    await this.#rig.powerOff();
    await this.#rig.powerOn();
    await this.#rig.loadDriver();
  }
}
