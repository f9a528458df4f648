/**
 * The `rig` fixture: what a suite can do to a rig, in the lab's words. Each verb is written to the trace as a marker, so
 * that cause and effect stand on one axis, and into the test's record.
 *
 * A verb throws a RigFault when the lab failed. What the *device* made go wrong (a refused suspend, a driver that does
 * not come up) is not thrown: it is kept as a refusal, and the judge says from the trace whose fault it was.
 */
import { RigFault } from "../base/errors.ts";
import { ExecEnv, isMissionMode } from "../mhi/exec-env.ts";
import { clientModules, driverModule, type FamilyProfile } from "../mhi/families/family.ts";
import { imageName } from "../mhi/firmware-image.ts";
import { LAB_CLIENT } from "../rig/host/lab-client.ts";
import { waitMissionMode } from "../rig/host/mhi-bus.ts";
import { loadModule } from "../rig/host/modules.ts";
import * as pci from "../rig/host/pci.ts";
import { setRuntimeControl, waitRuntimeStatus } from "../rig/host/runtime-pm.ts";
import { suspendHost } from "../rig/host/suspend.ts";
import type { VirtualRigFile } from "../rig/inventory/schema.ts";
import { FirmwareStage, type FirmwareState } from "./firmware-stage.ts";
import type { DeviceAsk } from "./keeper-protocol.ts";
import { RigTraffic } from "./rig-traffic.ts";

export type Ability =
  | "slot"
  | "slot-power"
  | "device-asks"
  | "sys-err"
  | "echo"
  | "power"
  | "suspend"
  | "sleep-off"
  | "runtime-pm"
  | "unbind"
  | "firmware"
  | "crash-dump"
  | "rddm"
  | "loopback";

export class Rig extends RigTraffic {
  #firmware: FirmwareState = "good";
  readonly #injected: string[] = [];
  readonly #stage = new FirmwareStage();

  /** What this rig can do that not every rig can: a suite skips what the rig cannot. */
  can(ability: Ability): boolean {
    const { driverDoes } = this.family;
    // the whole host sleeps, so all of its devices must be able to
    if (ability === "suspend")
      return [this, ...this.neighbours].every(({ family }) => family.driverDoes.includes(ability));
    if (ability === "sleep-off") return this.neighbours.length === 0 && driverDoes.includes(ability);
    if (ability === "runtime-pm" || ability === "unbind") return driverDoes.includes(ability);
    if (ability === "sys-err" && !driverDoes.includes("sys-err-recovery")) return false;
    if (ability === "crash-dump") return this.file.kind === "virtual" && driverDoes.includes(ability);
    if (ability === "rddm") return this.hasLabClient && this.deviceFamily.rddmBytes !== undefined;
    if (ability === "loopback") return this.hasLabClient && this.has("LOOPBACK");
    if (ability === "firmware") return this.file.kind === "virtual" && this.#loadedByHost(this.file);
    if (this.file.kind === "virtual") return true;
    return ability === "power" && this.file.power !== undefined;
  }

  /** How the first image goes over: what a fault of the loader is to act on. */
  get firstImageStage(): "bhi" | "bhie" {
    return this.family.firmware.load === "bhie" ? "bhie" : "bhi";
  }

  // --- power of the host

  powerOff = (): Promise<void> =>
    this.action("power-off", "", async () => {
      await this.host.leave("power off");
      await this.keeper.setPower("off");
    });

  /** Returns when the host answers and the collector is attached; the device's driver is not loaded. */
  powerOn = (): Promise<void> =>
    this.action("power-on", "", async () => {
      await this.keeper.setPower("on");
      await this.host.ensure();
    });

  // --- driver and bus

  /**
   * Loads mhi alone first, so that its trace events are armed before the controller driver probes, and the clients, which
   * udev would load on a full system.
   */
  loadDriver = (): Promise<void> =>
    this.action("load-driver", this.family.pciDriver, async () => {
      await this.host.armTrace();
      await this.address(); // from the first event on it must be clear which controller is the DUT's
      await this.#stageFirmware(this.#firmware);
      const families = [this.family, ...this.neighbours.map(({ family }) => family)];
      for (const client of new Set(families.flatMap(clientModules))) await loadModule(this.host.shell, client);
      if (this.hasLabClient) await loadModule(this.host.shell, LAB_CLIENT);
      // the DUT's first; each load waits for its devices' probes
      for (const module of new Set(families.map(driverModule))) {
        await loadModule(this.host.shell, module, { timeoutMs: this.probeMs * families.length });
      }
      await this.host.controllersChanged();
    });

  /** What the driver is to find on the host when it next asks for the device's image. Good again in the next test. */
  setFirmware = (state: FirmwareState): Promise<void> =>
    this.action("firmware", state, async () => {
      if (this.file.kind !== "virtual")
        throw new RigFault("firmware", `rig ${this.file.id}: its firmware is its owner's`);
      this.#firmware = state;
      await this.#stageFirmware(state);
    });

  unbind = (): Promise<void> =>
    this.action("unbind", "", async () => pci.unbindDriver(this.host.shell, await this.address()));

  /** The driver looks at the device again; after a failed probe there is nothing to unbind first. */
  probeAgain = async (): Promise<void> => {
    await this.unbind();
    await this.bind();
  };

  bind = (): Promise<void> =>
    this.action("bind", this.family.pciDriver, async () => {
      await pci.bindDriver(this.host.shell, await this.address(), this.family.pciDriver, this.probeMs);
      await this.host.controllersChanged();
    });

  remove = (): Promise<void> =>
    this.action("remove", "", async () => pci.removePci(this.host.shell, await this.address()));

  rescan = (): Promise<void> =>
    this.action("rescan", "", async () => {
      await pci.rescanPci(this.host.shell);
      await pci.waitPresent(this.host.shell, await this.address(), true, 10_000);
      await this.host.controllersChanged();
    });

  /** Function reset (FLR) through sysfs. */
  reset = (): Promise<void> =>
    this.action("reset", "", async () => pci.resetPci(this.host.shell, await this.address()));

  unplug = (): Promise<void> => this.action("unplug", "", async () => void (await this.keeper.slot("unplug")));

  plug = (): Promise<void> =>
    this.action("plug", "", async () => {
      await this.keeper.slot("plug");
      await pci.waitPresent(this.host.shell, await this.address(), true, 20_000);
      await this.host.controllersChanged();
    });

  // --- power of the device

  /** Lets the device idle until the driver's autosuspend has put it to sleep. */
  runtimeSuspend = (): Promise<void> =>
    this.action("runtime-suspend", "", async () => {
      const address = await this.address();
      await setRuntimeControl(this.host.shell, address, "auto");
      await waitRuntimeStatus(this.host.shell, address, "suspended", this.family.timeoutMs + 10_000);
    });

  runtimeResume = (): Promise<void> =>
    this.action("runtime-resume", "", async () => {
      const address = await this.address();
      await setRuntimeControl(this.host.shell, address, "on");
      await waitRuntimeStatus(this.host.shell, address, "active", this.family.timeoutMs + 10_000);
    });

  /** Suspends the host and returns when it is back. A refused suspend is the judge's to explain. */
  suspend = (mode: "S3" | "s2idle"): Promise<void> =>
    this.action("suspend", mode, async () => {
      const sleep = await suspendHost(this.host.shell, {
        mode,
        wakeAfterS: 3,
        ...(this.file.kind === "virtual" && { wake: async () => void (await this.keeper.wakeup()) }),
      });
      await this.host.resync();
      if (sleep.slept) return;
      const who = sleep.failedDevice ? ` (${sleep.failedDevice}, step ${sleep.failedStep ?? "unknown"})` : "";
      throw new RigFault("suspend-refused", `the host did not suspend: ${sleep.error ?? "no reason given"}${who}`);
    });

  /** Whether the slot keeps its power while the host sleeps. A rig that cannot choose has it written in its file. */
  setSlotPower = (value: "kept" | "lost"): Promise<void> =>
    this.action("slot-power", value, async () => {
      if (this.file.kind === "virtual") await this.keeper.setSlotPower(value);
      else if (this.file.slotPower !== value) {
        throw new RigFault(
          "slot-power",
          `rig ${this.file.id}: its slot's power is ${this.file.slotPower} in suspend, not ${value}`,
        );
      }
    });

  /** The device asks for M2 (it posts M1), or, asleep in M3 and D3hot, to be woken (PME). Virtual rigs only. */
  deviceAsks = (what: DeviceAsk): Promise<void> =>
    this.action("device-asks", what, async () => void (await this.keeper.deviceAsks(what)));

  // --- trouble on demand

  raiseSysErr = (): Promise<void> =>
    this.action("raise-sys-err", "", async () => void (await this.keeper.raiseSysErr()));

  /** Lets the device misbehave from now on, until the test's end. @throws UsageError `unknown-fault`, `bad-fault-option` */
  injectFault = (name: string, options: Readonly<Record<string, string | number>> = {}): Promise<void> =>
    this.action("fault", name, async () => {
      this.#injected.push(name);
      await this.keeper.setFault(name, true, options);
    });

  // --- what is so

  /** Channel devices are there: a second witness of mission mode, from sysfs. */
  expectMissionMode = (): Promise<void> =>
    this.action("expect-mission-mode", "", async () => {
      const all = [{ family: this.family, address: await this.address() }, ...this.neighbours];
      for (const { family, address } of all)
        await waitMissionMode(this.host.shell, address, family.timeoutMs, channelsOf(family));
    });

  /** What a test spoilt is good again for the next one: firmware on the host, faults of the device. */
  async restore(): Promise<void> {
    for (const fault of this.#injected.splice(0)) await this.keeper.setFault(fault, false);
    if (this.#firmware === "good") return;
    this.#firmware = "good";
    await this.#stageFirmware("good");
  }

  #loadedByHost({ powerOnEe }: VirtualRigFile): boolean {
    const ee = powerOnEe === undefined ? this.deviceFamily.powerOnEe : ExecEnv[powerOnEe];
    return imageName(this.deviceFamily, ee) !== undefined;
  }

  async #stageFirmware(state: FirmwareState): Promise<void> {
    const bootId = this.host.segments.at(-1)?.bootId;
    if (this.file.kind !== "virtual" || bootId === undefined) return;
    await this.#stage.set(this.host.shell, bootId, this.deviceFamily, state);
    for (const { family } of this.neighbours) {
      if (family.id !== this.deviceFamily.id) await this.#stage.set(this.host.shell, bootId, family, "good");
    }
  }
}

/** Channel devices that mission mode brings, by name. */
const channelsOf = (family: FamilyProfile): string[] => [
  ...new Set(
    family.channels.filter(({ execEnv }) => isMissionMode(execEnv) && execEnv !== ExecEnv.FP).map(({ name }) => name),
  ),
];
