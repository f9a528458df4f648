/**
 * The `rig` fixture: what a suite can do to a rig, in the lab's words. Each verb is written to the trace as a marker, so
 * that cause and effect stand on one axis, and into the test's record.
 *
 * A verb throws a RigFault when the lab failed. What the *device* made go wrong (a refused suspend, a driver that does
 * not come up) is not thrown: it is kept as a refusal, and the judge says from the trace whose fault it was.
 */
import { systemClock } from "../base/clock.ts";
import { describeError, HilError, RigFault } from "../base/errors.ts";
import { ExecEnv, isMissionMode } from "../mhi/exec-env.ts";
import { clientModules, driverModule, type FamilyProfile, familyOn } from "../mhi/families/family.ts";
import { familyById } from "../mhi/families/index.ts";
import { imageName, sha256 } from "../mhi/firmware-image.ts";
import { dumpFile, rddmImage } from "../mhi/ram-dump.ts";
import type { FigureRecord, TestRecord } from "../record/schema.ts";
import { type TakenDump, takeCoredump } from "../rig/host/coredump.ts";
import { type EchoResult, type PingResult, pingThrough, tcpEchoThrough } from "../rig/host/ip-link.ts";
import { exchangeThroughLoopback, LAB_CLIENT, takeRddm } from "../rig/host/lab-client.ts";
import { mhiControllerOf, waitMissionMode } from "../rig/host/mhi-bus.ts";
import { loadModule } from "../rig/host/modules.ts";
import * as pci from "../rig/host/pci.ts";
import { setRuntimeControl, waitRuntimeStatus } from "../rig/host/runtime-pm.ts";
import { suspendHost } from "../rig/host/suspend.ts";
import { exchangeThroughPort } from "../rig/host/wwan-port.ts";
import type { RigFile, VirtualRigFile } from "../rig/inventory/schema.ts";
import { FirmwareStage, type FirmwareState } from "./firmware-stage.ts";
import type { HostLink } from "./host-link.ts";
import type { KeeperClient } from "./keeper-client.ts";

/** RigFaults of host operations behind which the device may stand: the judge decides, not the exception. */
export const DEVICE_MAY_BE_THE_CAUSE: ReadonlySet<string> = new Set([
  "host-write",
  "runtime-pm-wait",
  "mission-mode-wait",
  "module-unload",
  "mhi-gone-wait",
  "pci-wait",
  "suspend-refused",
  "crash-dump-wait",
]);

export type Ability =
  | "slot"
  | "slot-power"
  | "sys-err"
  | "echo"
  | "power"
  | "suspend"
  | "runtime-pm"
  | "unbind"
  | "firmware"
  | "crash-dump"
  | "rddm"
  | "loopback";

export interface Refusal {
  readonly action: string;
  readonly why: string;
}

/** Another MHI device of the same host. */
export interface Neighbour {
  readonly family: FamilyProfile;
  readonly address: string;
}

export class Rig {
  readonly file: RigFile;
  readonly host: HostLink;
  readonly #family: FamilyProfile;
  readonly #keeper: KeeperClient;
  #actions: TestRecord["actions"] = [];
  #refusals: Refusal[] = [];
  #figures: FigureRecord[] = [];
  #address: string | undefined;
  #firmware: FirmwareState = "good";
  readonly #injected: string[] = [];
  readonly #stage = new FirmwareStage();

  constructor(file: RigFile, keeper: KeeperClient, host: HostLink) {
    this.file = file;
    this.#family = familyById(file.kind === "virtual" ? file.profile : file.dut.family);
    this.#keeper = keeper;
    this.host = host;
  }

  /** As the driver of the kernel that is up knows it. */
  get family(): FamilyProfile {
    return familyOn(this.#family, this.host.kernel);
  }

  get actions(): TestRecord["actions"] {
    return this.#actions;
  }

  get refusals(): readonly Refusal[] {
    return this.#refusals;
  }

  /** Throughput and loss, as the verbs of this test measured them. */
  get figures(): readonly FigureRecord[] {
    return this.#figures;
  }

  /** A new test begins: what the one before did is not its own. */
  forgetActions(): void {
    this.#actions = [];
    this.#refusals = [];
    this.#figures = [];
  }

  /** What this rig can do that not every rig can: a suite skips what the rig cannot. */
  can(ability: Ability): boolean {
    const { driverDoes } = this.family;
    if (ability === "suspend" || ability === "runtime-pm" || ability === "unbind") return driverDoes.includes(ability);
    if (ability === "sys-err" && !driverDoes.includes("sys-err-recovery")) return false;
    if (ability === "crash-dump") return this.file.kind === "virtual" && driverDoes.includes(ability);
    if (ability === "rddm") return this.#hasLabClient && this.#family.rddmBytes !== undefined;
    if (ability === "loopback") return this.#hasLabClient && this.has("LOOPBACK");
    if (ability === "firmware") return this.file.kind === "virtual" && this.#loadedByHost(this.file);
    if (this.file.kind === "virtual") return true;
    return ability === "power" && this.file.power !== undefined;
  }

  /** How the first image goes over: what a fault of the loader is to act on. */
  get firstImageStage(): "bhi" | "bhie" {
    return this.family.firmware.load === "bhie" ? "bhie" : "bhi";
  }

  /** A driver that waits for its device in probe may use up its time-outs there. */
  get #probeMs(): number {
    return 30_000 + 2 * (this.family.timeoutMs + this.family.readyTimeoutMs);
  }

  /** Whether the family has a channel pair of that name. */
  has = (channel: string): boolean => this.family.channels.some(({ name }) => name === channel);

  // --- power of the host

  powerOff = (): Promise<void> =>
    this.#action("power-off", "", async () => {
      await this.host.leave("power off");
      await this.#keeper.setPower("off");
    });

  /** Returns when the host answers and the collector is attached; the device's driver is not loaded. */
  powerOn = (): Promise<void> =>
    this.#action("power-on", "", async () => {
      await this.#keeper.setPower("on");
      await this.host.ensure();
    });

  // --- driver and bus

  /**
   * Loads mhi alone first, so that its trace events are armed before the controller driver probes, and the clients, which
   * udev would load on a full system.
   */
  loadDriver = (): Promise<void> =>
    this.#action("load-driver", this.family.pciDriver, async () => {
      await this.host.armTrace();
      await this.address(); // from the first event on it must be clear which controller is the DUT's
      await this.#stageFirmware(this.#firmware);
      const families = [this.family, ...this.neighbours.map(({ family }) => family)];
      for (const client of new Set(families.flatMap(clientModules))) await loadModule(this.host.shell, client);
      if (this.#hasLabClient) await loadModule(this.host.shell, LAB_CLIENT);
      // the DUT's first; each load waits for its devices' probes
      for (const module of new Set(families.map(driverModule))) {
        await loadModule(this.host.shell, module, { timeoutMs: this.#probeMs * families.length });
      }
      await this.host.controllersChanged();
    });

  /** What the driver is to find on the host when it next asks for the device's image. Good again in the next test. */
  setFirmware = (state: FirmwareState): Promise<void> =>
    this.#action("firmware", state, async () => {
      if (this.file.kind !== "virtual")
        throw new RigFault("firmware", `rig ${this.file.id}: its firmware is its owner's`);
      this.#firmware = state;
      await this.#stageFirmware(state);
    });

  unbind = (): Promise<void> =>
    this.#action("unbind", "", async () => pci.unbindDriver(this.host.shell, await this.address()));

  /** The driver looks at the device again; after a failed probe there is nothing to unbind first. */
  probeAgain = async (): Promise<void> => {
    await this.unbind();
    await this.bind();
  };

  bind = (): Promise<void> =>
    this.#action("bind", this.family.pciDriver, async () => {
      await pci.bindDriver(this.host.shell, await this.address(), this.family.pciDriver, this.#probeMs);
      await this.host.controllersChanged();
    });

  remove = (): Promise<void> =>
    this.#action("remove", "", async () => pci.removePci(this.host.shell, await this.address()));

  rescan = (): Promise<void> =>
    this.#action("rescan", "", async () => {
      await pci.rescanPci(this.host.shell);
      await pci.waitPresent(this.host.shell, await this.address(), true, 10_000);
      await this.host.controllersChanged();
    });

  /** Function reset (FLR) through sysfs. */
  reset = (): Promise<void> =>
    this.#action("reset", "", async () => pci.resetPci(this.host.shell, await this.address()));

  unplug = (): Promise<void> => this.#action("unplug", "", async () => void (await this.#keeper.slot("unplug")));

  plug = (): Promise<void> =>
    this.#action("plug", "", async () => {
      await this.#keeper.slot("plug");
      await pci.waitPresent(this.host.shell, await this.address(), true, 20_000);
      await this.host.controllersChanged();
    });

  // --- power of the device

  /** Lets the device idle until the driver's autosuspend has put it to sleep. */
  runtimeSuspend = (): Promise<void> =>
    this.#action("runtime-suspend", "", async () => {
      const address = await this.address();
      await setRuntimeControl(this.host.shell, address, "auto");
      await waitRuntimeStatus(this.host.shell, address, "suspended", this.family.timeoutMs + 10_000);
    });

  runtimeResume = (): Promise<void> =>
    this.#action("runtime-resume", "", async () => {
      const address = await this.address();
      await setRuntimeControl(this.host.shell, address, "on");
      await waitRuntimeStatus(this.host.shell, address, "active", this.family.timeoutMs + 10_000);
    });

  /** Suspends the host and returns when it is back. A refused suspend is the judge's to explain. */
  suspend = (mode: "S3" | "s2idle"): Promise<void> =>
    this.#action("suspend", mode, async () => {
      const sleep = await suspendHost(this.host.shell, {
        mode,
        wakeAfterS: 3,
        ...(this.file.kind === "virtual" && { wake: async () => void (await this.#keeper.wakeup()) }),
      });
      await this.host.resync();
      if (sleep.slept) return;
      const who = sleep.failedDevice ? ` (${sleep.failedDevice}, step ${sleep.failedStep ?? "unknown"})` : "";
      throw new RigFault("suspend-refused", `the host did not suspend: ${sleep.error ?? "no reason given"}${who}`);
    });

  /** Whether the slot keeps its power while the host sleeps. A rig that cannot choose has it written in its file. */
  setSlotPower = (value: "kept" | "lost"): Promise<void> =>
    this.#action("slot-power", value, async () => {
      if (this.file.kind === "virtual") await this.#keeper.setSlotPower(value);
      else if (this.file.slotPower !== value) {
        throw new RigFault(
          "slot-power",
          `rig ${this.file.id}: its slot's power is ${this.file.slotPower} in suspend, not ${value}`,
        );
      }
    });

  // --- trouble on demand

  raiseSysErr = (): Promise<void> =>
    this.#action("raise-sys-err", "", async () => void (await this.#keeper.raiseSysErr()));

  /** Lets the device misbehave from now on, until the test's end. @throws UsageError `unknown-fault`, `bad-fault-option` */
  injectFault = (name: string, options: Readonly<Record<string, string | number>> = {}): Promise<void> =>
    this.#action("fault", name, async () => {
      this.#injected.push(name);
      await this.#keeper.setFault(name, true, options);
    });

  /** Waits until the driver has taken the RAM dump of a crash, and copies it from the host to `file`. */
  takeCrashDump = (file: string): Promise<TakenDump> =>
    this.#action("take-crash-dump", "", async () =>
      takeCoredump(this.host.shell, await this.address(), file, { timeoutMs: this.#probeMs }),
    );

  /** The same of a device in RDDM whose driver does not take the dump by itself: the lab's client does. */
  takeRddmDump = (file: string): Promise<TakenDump> =>
    this.#action("take-rddm-dump", "", async () => {
      await takeRddm(this.host.shell, await this.#controller(), this.family.timeoutMs);
      return await takeCoredump(this.host.shell, await this.address(), file, { timeoutMs: this.#probeMs });
    });

  /** What an emulated device fills the host's segments with. */
  get madeUpRddm(): TakenDump {
    const { rddmBytes = 0, firmware } = this.#family;
    // mhi_alloc_bhie_table gives whole segments
    const segment = firmware.segmentBytes ?? 1;
    const bytes = Math.ceil(rddmBytes / segment) * segment;
    return { bytes, sha256: sha256(rddmImage(bytes)) };
  }

  /** What an emulated device leaves behind when it crashes. */
  get madeUpDump(): TakenDump {
    const file = dumpFile();
    return { bytes: file.length, sha256: sha256(file) };
  }

  /** Opens the channel's port, sends, reads back, closes. Returns what came back, or "" when nothing did. */
  echo = (channel: string, text: string): Promise<string> =>
    this.#action("echo", channel, async () => (await this.#exchange(channel, Buffer.from(text))).toString());

  /** The same with bytes, in hexadecimal both ways. */
  exchange = (channel: string, hex: string): Promise<string> =>
    this.#action("exchange", channel, async () =>
      (await this.#exchange(channel, Buffer.from(hex, "hex"))).toString("hex"),
    );

  /** Pings the far end of the channel pair's network device, which is brought up for it. */
  ping = (channel: string, { count = 10, bytes = 56 } = {}): Promise<PingResult> =>
    this.#action("ping", channel, async () => {
      const result = await pingThrough(this.host.shell, channel, { count, bytes });
      this.#figures.push({ name: `${channel} lost`, value: (100 * (count - result.received)) / count, unit: "%" });
      if (result.meanMs !== undefined)
        this.#figures.push({ name: `${channel} ping`, value: result.meanMs, unit: "ms" });
      return result;
    });

  /** Sends so many random bytes to the far end's TCP echo service and compares what comes back. */
  tcpEcho = (channel: string, bytes: number): Promise<EchoResult> =>
    this.#action("tcp-echo", `${channel} ${bytes}`, async () => {
      const result = await tcpEchoThrough(this.host.shell, channel, bytes, 60_000);
      if (result.intact && result.seconds > 0)
        this.#figures.push({ name: `${channel} each way`, value: bytes / 1024 / result.seconds, unit: "KiB/s" });
      return result;
    });

  // --- what is so

  /** How the DUT is found on the host's bus. */
  get selector(): pci.PciSelector {
    if (this.file.kind === "ssh") return pci.selectorOf(this.file.dut);
    if (this.file.beside.length > 0) return { address: addressBehindPort(0) };
    return { vendor: this.family.pci.vendor, device: this.family.pci.device };
  }

  /** PCI address of the DUT; stays known while the device is away. */
  async address(): Promise<string> {
    if (this.#address) return this.#address;
    const found = await pci.findPci(this.host.shell, this.selector);
    if (!found) {
      const id = `${this.family.pci.vendor.toString(16)}:${this.family.pci.device.toString(16).padStart(4, "0")}`;
      throw new RigFault("dut-missing", `no device ${id} on the host's PCI bus: is it plugged in and powered?`);
    }
    this.#address = found.address;
    this.host.dutAddress = found.address;
    return found.address;
  }

  /** Other MHI devices of the host that the rig file names. */
  get neighbours(): readonly Neighbour[] {
    if (this.file.kind !== "virtual") return [];
    return this.file.beside.map((id, index) => ({
      family: familyOn(familyById(id), this.host.kernel),
      address: addressBehindPort(index + 1),
    }));
  }

  /** Channel devices are there: a second witness of mission mode, from sysfs. */
  expectMissionMode = (): Promise<void> =>
    this.#action("expect-mission-mode", "", async () => {
      const all = [{ family: this.family, address: await this.address() }, ...this.neighbours];
      for (const { family, address } of all)
        await waitMissionMode(this.host.shell, address, family.timeoutMs, channelsOf(family));
    });

  /** What a test spoilt is good again for the next one: firmware on the host, faults of the device. */
  async restore(): Promise<void> {
    for (const fault of this.#injected.splice(0)) await this.#keeper.setFault(fault, false);
    if (this.#firmware === "good") return;
    this.#firmware = "good";
    await this.#stageFirmware("good");
  }

  #loadedByHost({ powerOnEe }: VirtualRigFile): boolean {
    const ee = powerOnEe === undefined ? this.#family.powerOnEe : ExecEnv[powerOnEe];
    return imageName(this.#family, ee) !== undefined;
  }

  async #exchange(channel: string, message: Buffer): Promise<Buffer> {
    const { shell } = this.host;
    if (channel !== "LOOPBACK") return await exchangeThroughPort(shell, channel, message, this.family.timeoutMs);
    return await exchangeThroughLoopback(shell, await this.#controller(), message, this.family.timeoutMs);
  }

  /** Name of the DUT's controller: `mhi0`. @throws RigFault `mission-mode-wait` where it has none */
  async #controller(): Promise<string> {
    const address = await this.address();
    const controller = await mhiControllerOf(this.host.shell, address);
    if (controller) return controller.name;
    throw new RigFault("mission-mode-wait", `${address} has no MHI controller`);
  }

  get #hasLabClient(): boolean {
    return this.file.kind === "virtual" && this.file.clientModule;
  }

  async #stageFirmware(state: FirmwareState): Promise<void> {
    const bootId = this.host.segments.at(-1)?.bootId;
    if (this.file.kind !== "virtual" || bootId === undefined) return;
    await this.#stage.set(this.host.shell, bootId, this.#family, state);
    for (const { family } of this.neighbours) {
      if (family.id !== this.#family.id) await this.#stage.set(this.host.shell, bootId, family, "good");
    }
  }

  async #action<T>(name: string, detail: string, work: () => Promise<T>): Promise<T> {
    const controllerNs = systemClock.monotonicNs();
    await this.host.mark({ phase: "begin", name, detail });
    let error: string | undefined;
    try {
      return await this.host.whileUp(work);
    } catch (thrown) {
      error = describeError(thrown);
      if (!(thrown instanceof HilError) || !DEVICE_MAY_BE_THE_CAUSE.has(thrown.code)) throw thrown;
      this.#refusals.push({ action: name, why: error });
      // Verbs that return a value say "" when they were refused; their test compares it.
      return "" as T;
    } finally {
      await this.host.mark({ phase: "end", name, detail: error === undefined ? "" : "refused" });
      this.#actions.push({
        name,
        controllerNs,
        endControllerNs: systemClock.monotonicNs(),
        ...(detail && { detail }),
        ...(error !== undefined && { error }),
      });
    }
  }
}

/** Root ports are numbered in the order in which the machine has them; each has one bus behind it (qemu-args.ts). */
const addressBehindPort = (index: number): string => `0000:0${index + 1}:00.0`;

/** Channel devices that mission mode brings, by name. */
const channelsOf = (family: FamilyProfile): string[] => [
  ...new Set(
    family.channels.filter(({ execEnv }) => isMissionMode(execEnv) && execEnv !== ExecEnv.FP).map(({ name }) => name),
  ),
];
