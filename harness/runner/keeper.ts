/**
 * The keeper of a rig: the one process that holds what must outlive a test worker: the lease, the console (drained from
 * before power-on) and, for a virtual rig, the virtual machine and its endpoint. Workers, `mhi-hil lab ...` and the run
 * speak to it over a Unix socket.
 *
 * Playwright starts a new worker after each failed test; without the keeper each failure would cost a boot and a hole in
 * the console's log.
 */

import { systemClock } from "../base/clock.ts";
import { RigFault, UsageError } from "../base/errors.ts";
import { type RpcPeer, RpcServer } from "../base/rpc.ts";
import type { UserDrivers } from "../lab/build/user-modules.ts";
import { SerialConsole } from "../rig/console/serial-console.ts";
import type { RigFile } from "../rig/inventory/schema.ts";
import { acquireLease, type Lease } from "../rig/lease.ts";
import * as protocol from "./keeper-protocol.ts";
import { controlSocket } from "./paths.ts";
import { openRigHardware, type RigHardware } from "./rig-hardware.ts";

export interface KeeperOptions {
  readonly rig: RigFile;
  readonly faults: readonly string[];
  /** Debian's kernel for a virtual rig, `6.1`, instead of the rig file's. */
  readonly kernel?: string;
  /** The user's own drivers in place of the kernel's. */
  readonly drivers?: UserDrivers;
  /** Who holds the rig, for others who want it: `mhi-hil run (pid 4711)`. */
  readonly who: string;
  /** File that the console's lines are appended to. */
  readonly consoleLog: string;
  readonly onProgress: (message: string, bytesDone?: number, bytesTotal?: number) => void;
  readonly signal: AbortSignal;
}

type Claim = { who: string; pid: number; since: string };

export class Keeper {
  readonly socketPath: string;
  readonly #options: KeeperOptions;
  readonly #lease: Lease;
  readonly #since = systemClock.now().toISOString();
  #hardware: RigHardware | undefined;
  #console: SerialConsole | undefined;
  #server: RpcServer | undefined;
  #claim: Claim | undefined;
  #exit: protocol.ExitNote | undefined;
  #broken: string | undefined;
  #boots = 0;
  #onShutdown: () => void = () => undefined;

  private constructor(options: KeeperOptions, lease: Lease) {
    this.#options = options;
    this.#lease = lease;
    this.socketPath = controlSocket(options.rig.id);
  }

  /**
   * Takes the lease, opens the hardware and, on a virtual rig, switches it on: the guest boots while the caller
   * is still loading its suite.
   *
   * @throws RigFault for whatever the lab could not do (lease taken, packages not to be had, port taken ...).
   */
  static async start(options: KeeperOptions): Promise<Keeper> {
    const lease = await acquireLease(options.rig.id, options.who);
    const keeper = new Keeper(options, lease);
    try {
      await keeper.#open();
    } catch (error) {
      await keeper.close();
      throw error;
    }
    return keeper;
  }

  /** Resolves when a client asked for the shutdown. */
  get shutdownAsked(): Promise<void> {
    return new Promise((resolve) => {
      this.#onShutdown = resolve;
    });
  }

  /** Gives everything back in reverse order; returns what could not be undone. */
  async close(): Promise<string[]> {
    const left: string[] = [];
    const step = async (what: string, undo: () => Promise<unknown> | undefined) => {
      try {
        await undo();
      } catch (error) {
        left.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      }
    };
    await step("control socket", () => this.#server?.close());
    await step("console", () => this.#console?.close());
    await step("rig", () => this.#hardware?.close());
    await step("lease", () => this.#lease.release());
    return left;
  }

  async #open(): Promise<void> {
    const { rig, faults, kernel, drivers, onProgress, signal } = this.#options;
    this.#hardware = await openRigHardware({
      rig,
      faults,
      ...(kernel !== undefined && { kernel }),
      ...(drivers && { drivers }),
      signal,
      onProgress,
      onConsole: (path) => this.#openConsole(path),
      onExit: (note) => this.#hostEnded(note),
    });
    this.#server = await RpcServer.listen(this.socketPath, this.#handlers());
    if (this.#hardware.prewarm) await this.#power("on");
  }

  async #openConsole(path: string): Promise<void> {
    await this.#console?.close();
    this.#console = await SerialConsole.open({
      path,
      baudRate: this.#hardware?.consoleBaud ?? 115_200,
      logFile: this.#options.consoleLog,
    });
    this.#console.onLine((line) => {
      this.#server?.broadcast("console", { controllerNs: line.controllerNs, text: line.text });
    });
  }

  #hostEnded(note: protocol.ExitNote): void {
    this.#exit = note;
    this.#server?.broadcast("exit", note);
  }

  async #power(state: "on" | "off"): Promise<void> {
    const hardware = this.#opened();
    if (state === "on") {
      this.#exit = undefined;
      this.#boots += 1;
    }
    await hardware.setPower(state);
    this.#server?.broadcast("power", { state });
  }

  #opened(): RigHardware {
    if (!this.#hardware) throw new RigFault("rig-not-open", `rig ${this.#options.rig.id} is not open`);
    return this.#hardware;
  }

  async #status(): Promise<protocol.KeeperStatus> {
    const hardware = this.#opened();
    return {
      rigId: this.#options.rig.id,
      rigPath: this.#options.rig.path,
      pid: process.pid,
      since: this.#since,
      power: await hardware.power(),
      boots: this.#boots,
      ssh: hardware.ssh,
      versions: { ...hardware.versions },
      faults: (await hardware.faults.list()).map((fault) => fault.name),
      ...(hardware.accel && { accel: hardware.accel }),
      ...(this.#console && { consolePath: this.#console.path }),
      ...(hardware.deviceLogPath && { deviceLogPath: hardware.deviceLogPath }),
      ...(this.#claim && { claim: this.#claim }),
      ...(this.#exit && { exit: this.#exit }),
      ...(this.#broken !== undefined && { broken: this.#broken }),
    };
  }

  /** One run at a time: a claim lives as long as the connection that made it. */
  #takeClaim(args: unknown, peer: RpcPeer): Claim {
    const { who, pid } = protocol.claimArgs.parse(args);
    if (this.#claim) {
      const { who: other, pid: otherPid, since } = this.#claim;
      throw new RigFault(
        "lease-taken",
        `rig ${this.#options.rig.id} is in use by ${other} (pid ${otherPid}) since ${since}`,
      );
    }
    const claim = { who, pid, since: systemClock.now().toISOString() };
    this.#claim = claim;
    this.#broken = undefined;
    peer.onClose(() => {
      if (this.#claim === claim) this.#claim = undefined;
    });
    return claim;
  }

  #handlers() {
    return {
      status: () => this.#status(),
      claim: (args: unknown, peer: RpcPeer) => this.#takeClaim(args, peer),
      power: (args: unknown) => this.#power(protocol.powerArgs.parse(args).state),
      reset: () => this.#opened().reset(),
      slot: async (args: unknown) => {
        const slot = this.#opened().slot;
        if (!slot) throw new RigFault("no-slot-control", `rig ${this.#options.rig.id} cannot plug or unplug its slot`);
        await slot[protocol.slotArgs.parse(args).action]();
      },
      wakeup: () => this.#opened().wakeup(),
      fault: (args: unknown) => {
        const { name, on, options } = protocol.faultArgs.parse(args);
        return this.#opened().faults.set(name, on, options);
      },
      "sys-err": () => this.#opened().raiseSysErr(),
      "device.asks": (args: unknown) => this.#opened().deviceAsks(protocol.askArgs.parse(args).for),
      faults: () => this.#opened().faults.list(),
      "slot-power": (args: unknown) => this.#opened().setSlotPower(protocol.slotPowerArgs.parse(args).value),
      "console.since": (args: unknown) => {
        const { sinceNs } = protocol.sinceArgs.parse(args);
        return this.#console?.linesSince(sinceNs) ?? [];
      },
      "console.write": (args: unknown) => {
        if (!this.#console) throw new UsageError("no-console", `rig ${this.#options.rig.id} has no console open`);
        return this.#console.write(protocol.consoleWriteArgs.parse(args).text);
      },
      broken: (args: unknown) => {
        this.#broken = protocol.brokenArgs.parse(args).reason ?? undefined;
      },
      shutdown: () => this.#onShutdown(),
    };
  }
}
