/**
 * The virtual rig: a QEMU machine with a real kernel, and the emulated device on its PCIe root port. Power, reset and
 * slot are switched through QEMU's monitor; everything else is done over SSH and the console, as on any rig.
 *
 *   open     packages, image, keys, endpoint process          powered off
 *   powerOn  QEMU started stopped, console opened, released   on
 *   powerOff QEMU ended, as if the plug was pulled            off
 *   close    machine, endpoint, links: reverse order
 */
import { constants } from "node:fs";
import { lstat, mkdir, open, readFile, readlink, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { RigFault } from "../base/errors.ts";
import type { EndpointClient } from "../endpoint/client.ts";
import type { PowerOnEe } from "../mhi/exec-env.ts";
import { ensureAssets, type LabAssets } from "./assets.ts";
import type { UserDrivers } from "./build/user-modules.ts";
import { EndpointProcess } from "./endpoint-process.ts";
import type { OnProgress } from "./progress.ts";
import { Qemu, type QemuEnd } from "./qemu.ts";
import { type Accel, DUT_ID, emulatedDevice, labArgs } from "./qemu-args.ts";
import type { QmpEvent } from "./qmp.ts";
import { throwIfCancelled } from "./run-program.ts";
import { chooseSshPort, portTaken } from "./ssh-port.ts";

export interface VirtualLabOptions {
  /** The lab's own folder (sockets, logs, the console's link); short, because socket paths have 107 bytes. */
  readonly stateDir: string;
  readonly cacheDir: string;
  /** Device family that the endpoint plays. */
  readonly profile: string;
  /** Families of the other emulated devices in the machine. */
  readonly beside: readonly string[];
  /** Where the device stands after power-on; by default as its family does. */
  readonly powerOnEe?: PowerOnEe;
  readonly slotPower: "kept" | "lost";
  /** Armed from the start: `NAME[:key=value,...]`. */
  readonly faults: readonly string[];
  /** Fixed port on loopback for the guest's SSH; a free one when left out. */
  readonly sshPort?: number;
  readonly accel: "auto" | Accel;
  readonly memoryMb: number;
  readonly cpus: number;
  /** Debian's kernel of that version, `6.1`; by default MHI_HIL_KERNEL, then the lab's own choice. */
  readonly kernel?: string;
  /** The lab's own MHI client in the guest, for LOOPBACK and RDDM. */
  readonly clientModule?: boolean;
  /** The user's own drivers in place of the kernel's. */
  readonly drivers?: UserDrivers;
  /** Called on every power-on with the console's path, before the guest runs. */
  readonly onConsole: (ptyPath: string) => Promise<void>;
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal;
}

export interface LabSsh {
  readonly host: "127.0.0.1";
  readonly port: number;
  readonly user: "root";
  readonly privateKeyPath: string;
  /** `ssh-ed25519 AAAA...`: the only key that the guest may show. */
  readonly hostPublicKey: string;
}

export interface LabExit {
  readonly code: "guest-panic" | "guest-reboot" | "guest-poweroff" | "qemu-died" | "endpoint-died" | "power-off";
  /** One sentence. */
  readonly why: string;
  /** True after powerOff and close. */
  readonly expected: boolean;
  readonly signal?: string;
  /** The console's last lines. */
  readonly lastConsole?: string;
}

const statusSchema = z.object({ status: z.string() });

/** pciehp's attention button waits 5 s before it acts; the driver's remove comes on top. */
const UNPLUG_MS = 20_000;
const RESET_MS = 5000;
/** The kernel, whose own resets must not be taken for the firmware's, does not run before. */
const SECOND_RESET_MS = 1000;
/** Between the guest's end and QEMU's: what is still in the pty is read. */
const DRAIN_MS = 150;

export class VirtualLab {
  readonly ssh: LabSsh;
  readonly accel: Accel;
  /** Why that accelerator, for the log. */
  readonly accelReason: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly deviceLogPath: string;
  /** QEMU's standard error. */
  readonly qemuLogPath: string;
  readonly #options: VirtualLabOptions;
  readonly #assets: LabAssets;
  readonly #device: EndpointProcess;
  readonly #beside: readonly EndpointProcess[];
  readonly #exitListeners = new Set<(exit: LabExit) => void>();
  #qemu: Qemu | undefined;
  /** Set by QEMU's events, told when QEMU ends. */
  #reason: LabExit["code"] | undefined;
  #closing = false;

  private constructor(
    options: VirtualLabOptions,
    assets: LabAssets,
    port: number,
    [device, ...beside]: readonly [EndpointProcess, ...EndpointProcess[]],
  ) {
    this.#options = options;
    this.#assets = assets;
    this.#device = device;
    this.#beside = beside;
    this.accel = assets.accel.accel;
    this.accelReason = assets.accel.reason;
    this.versions = assets.versions;
    this.deviceLogPath = deviceLog(options.stateDir);
    this.qemuLogPath = join(options.stateDir, "qemu.log");
    this.ssh = {
      host: "127.0.0.1",
      port,
      user: "root",
      privateKeyPath: assets.keys.userPrivateKeyPath,
      hostPublicKey: assets.keys.hostPublicKey,
    };
    for (const each of [device, ...beside]) void each.ended.then((why) => this.#endpointEnded(why));
  }

  /**
   * Assets ready, endpoint process up, machine off.
   *
   * @throws RigFault: see `ensureAssets`, `chooseSshPort`, `EndpointProcess.start`.
   */
  static async open(options: VirtualLabOptions): Promise<VirtualLab> {
    await mkdir(options.stateDir, { recursive: true, mode: 0o700 });
    const port = await chooseSshPort(options.sshPort);
    const assets = await ensureAssets(options);
    const lab = new VirtualLab(options, assets, port, await startDevices(options));
    try {
      throwIfCancelled(options.signal);
    } catch (error) {
      await lab.close();
      throw error;
    }
    return lab;
  }

  get endpoint(): EndpointClient {
    return this.#device.client;
  }

  /** The fault injector of a virtual rig: the endpoint can be told to misbehave at run time. */
  readonly faults = {
    set: async (name: string, on: boolean, options: Readonly<Record<string, unknown>> = {}): Promise<void> => {
      if (on) await this.endpoint.armFault(name, options as Readonly<Record<string, string | number>>);
      else await this.endpoint.disarmFault(name);
    },
    list: async (): Promise<string[]> =>
      (await this.endpoint.listFaults()).filter((fault) => fault.armed).map((fault) => fault.name),
  };

  async setSlotPower(value: "kept" | "lost"): Promise<void> {
    for (const { client } of [this.#device, ...this.#beside]) await client.setSlotPower(value);
  }

  power(): "on" | "off" {
    return this.#qemu ? "on" : "off";
  }

  /** Process id of QEMU, for those who want to see it die. */
  get qemuPid(): number | undefined {
    return this.#qemu?.pid;
  }

  /** Cold: a new QEMU, memory empty. Returns when the guest runs, not when it answers. */
  async powerOn(): Promise<void> {
    if (this.#qemu) return;
    const { image, kernel, qemu: binary } = this.#assets;
    this.#reason = undefined;
    await rm(this.consoleLogPath, { force: true });
    const args = labArgs({
      accel: this.accel,
      memoryMb: this.#options.memoryMb,
      cpus: this.#options.cpus,
      kernelPath: kernel.image,
      release: kernel.release,
      initrdPath: image.initrdPath,
      sshPort: this.ssh.port,
      deviceSockets: [this.#device, ...this.#beside].map(({ socketPath }) => socketPath),
      consoleLog: this.consoleLogPath,
    });
    const qemu = await this.#startQemu(binary, args);
    this.#qemu = qemu;
    qemu.qmp.onEvent((event) => this.#take(event, qemu));
    void qemu.ended.then((end) => this.#qemuEnded(qemu, end));
    try {
      await this.#openConsole(qemu);
      await qemu.qmp.execute("cont");
    } catch (error) {
      await this.powerOff();
      throw error;
    }
  }

  /** Pulls the plug. */
  async powerOff(): Promise<void> {
    const qemu = this.#qemu;
    if (!qemu) return;
    this.#reason = "power-off";
    await qemu.quit();
    this.#forget(qemu);
    await rm(this.#consoleLink, { force: true });
  }

  /** The machine's reset line: the kernel boots afresh, the device gets a reset. */
  async reset(): Promise<void> {
    const { qmp } = this.#running("reset");
    await qmp.execute("set-action", { reboot: "reset" });
    try {
      const done = qmp.nextEvent("RESET", RESET_MS, (data) => data.guest === false);
      const again = qmp.nextEvent("RESET", SECOND_RESET_MS, (data) => data.guest === true);
      await Promise.all([done, qmp.execute("system_reset")]);
      // SeaBIOS finds itself in memory and resets the machine once more to start clean.
      await again.catch(() => undefined);
    } finally {
      await qmp.execute("set-action", { reboot: "shutdown" });
    }
  }

  /** Presses the slot's attention button and waits until the guest has let go of the device. */
  async unplug(): Promise<void> {
    const { qmp } = this.#running("unplug");
    const done = qmp.nextEvent("DEVICE_DELETED", UNPLUG_MS, (data) => data.device === DUT_ID);
    await Promise.all([done, qmp.execute("device_del", { id: DUT_ID })]);
  }

  /** The device starts cold: QEMU opens a new connection to the endpoint. */
  async plug(): Promise<void> {
    const { qmp } = this.#running("plug");
    await qmp.execute("device_add", emulatedDevice(this.#device.socketPath));
  }

  /**
   * Wakes the guest: from S3 through QEMU's wake line, else from s2idle by an empty line on the console, which the guest's
   * init made a wake source. (The power button wakes too, but no longer after the first S3: QEMU then loses its enable
   * bit. The RTC alarm does not wake from s2idle at all. Both seen with QEMU 11.1 and 6.12.)
   */
  async systemWakeup(): Promise<void> {
    const { qmp } = this.#running("wake");
    const { status } = statusSchema.parse(await qmp.execute("query-status"));
    if (status === "suspended") await qmp.execute("system_wakeup");
    else await pressEnter(this.#consoleLink);
  }

  onExit(callback: (exit: LabExit) => void): () => void {
    this.#exitListeners.add(callback);
    return () => void this.#exitListeners.delete(callback);
  }

  /**
   * Gives everything back, in reverse order.
   *
   * @throws RigFault `lab-close` naming what could not be undone; the rest is undone all the same.
   */
  async close(): Promise<void> {
    this.#closing = true;
    const left: string[] = [];
    const step = async (what: string, undo: () => Promise<unknown>): Promise<void> => {
      await undo().catch((error: Error) => left.push(`${what}: ${error.message}`));
    };
    await step("machine", () => this.powerOff());
    for (const device of [this.#device, ...this.#beside]) await step("endpoint", () => device.close());
    await step("console link", () => rm(this.#consoleLink, { force: true }));
    if (left.length > 0) throw new RigFault("lab-close", `the lab could not be closed cleanly: ${left.join("; ")}`);
  }

  get consoleLogPath(): string {
    return join(this.#options.stateDir, "console.raw");
  }

  get #consoleLink(): string {
    return join(this.#options.stateDir, "console");
  }

  async #startQemu(binary: LabAssets["qemu"], args: readonly string[]): Promise<Qemu> {
    try {
      return await Qemu.start(binary, args, this.qemuLogPath);
    } catch (error) {
      // The port was free when the lab was opened; somebody took it since.
      if (error instanceof RigFault && /host forwarding rule/.test(error.message)) throw await portTaken(this.ssh.port);
      throw error;
    }
  }

  async #openConsole(qemu: Qemu): Promise<void> {
    const pty = await qemu.consolePty();
    const old = await readlink(this.#consoleLink).catch(() => undefined);
    if (old !== undefined || (await lstat(this.#consoleLink).catch(() => undefined))) await rm(this.#consoleLink);
    await symlink(pty, this.#consoleLink);
    await this.#options.onConsole(this.#consoleLink);
  }

  #running(what: string): Qemu {
    if (this.#qemu) return this.#qemu;
    throw new RigFault("power-off", `cannot ${what}: the virtual machine is off; switch it on first`);
  }

  #take(event: QmpEvent, qemu: Qemu): void {
    if (event.name === "GUEST_PANICKED") this.#reason ??= "guest-panic";
    if (event.name !== "SHUTDOWN") return;
    if (event.data.reason === "guest-reset") this.#reason ??= "guest-reboot";
    if (event.data.reason === "guest-shutdown") this.#reason ??= "guest-poweroff";
    // The machine stands still now (shutdown=pause): let the console's reader catch up, then end QEMU.
    if (event.data.guest === true) void delay(DRAIN_MS).then(() => qemu.quit());
  }

  #qemuEnded(qemu: Qemu, end: QemuEnd): void {
    this.#forget(qemu);
    const code = this.#reason ?? "qemu-died";
    this.#reason = undefined;
    const how = end.signal ? `by signal ${end.signal}` : `with exit code ${end.code}`;
    const sentences: Record<LabExit["code"], string> = {
      "guest-panic": "the guest's kernel panicked; the oops is on the console",
      "guest-reboot": "the guest rebooted by itself",
      "guest-poweroff": "the guest switched itself off",
      "endpoint-died": "the emulated device's process ended, so the machine was switched off",
      "power-off": "the machine was switched off",
      "qemu-died": `QEMU was ended ${how}${end.signal ? "" : `: ${qemu.lastWords()}`}`,
    };
    void this.#tell({
      code,
      why: sentences[code],
      expected: code === "power-off",
      ...(end.signal && { signal: end.signal }),
    });
  }

  /** Without its device the machine would only run into time-outs. */
  #endpointEnded(why: string): void {
    if (this.#closing) return;
    const qemu = this.#qemu;
    if (qemu) {
      this.#reason = "endpoint-died";
      void qemu.kill();
    } else void this.#tell({ code: "endpoint-died", why, expected: false });
  }

  #forget(qemu: Qemu): void {
    if (this.#qemu === qemu) this.#qemu = undefined;
  }

  async #tell(exit: LabExit): Promise<void> {
    const text = await readFile(this.consoleLogPath, "latin1").catch(() => "");
    const lastConsole = text.trimEnd().split(/\r?\n/).slice(-20).join("\n");
    for (const listener of this.#exitListeners) listener({ ...exit, ...(lastConsole !== "" && { lastConsole }) });
  }
}

/** O_NOCTTY: a pty opened by a session leader would become its terminal, and hang it up when QEMU ends. */
async function pressEnter(console: string): Promise<void> {
  const file = await open(console, constants.O_WRONLY | constants.O_NOCTTY);
  await file.write("\n").finally(() => file.close());
}

const deviceLog = (stateDir: string, index = 0): string => join(stateDir, `device${index || ""}.log`);

/** The DUT's process, then those beside it, each with a log of its own; faults are the DUT's alone. */
async function startDevices(options: VirtualLabOptions): Promise<readonly [EndpointProcess, ...EndpointProcess[]]> {
  const { stateDir, slotPower, beside } = options;
  const dut = await EndpointProcess.start({ ...options, logPath: deviceLog(stateDir) });
  const others: EndpointProcess[] = [];
  try {
    for (const [at, profile] of beside.entries()) {
      const index = at + 1;
      const logPath = deviceLog(stateDir, index);
      others.push(await EndpointProcess.start({ stateDir, slotPower, profile, index, logPath, faults: [] }));
    }
  } catch (error) {
    await Promise.all([dut, ...others].map((device) => device.close()));
    throw error;
  }
  return [dut, ...others];
}
