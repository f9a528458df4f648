/**
 * The MHI side of the endpoint. How it comes to READY, and its execution environment, are boot.ts's.
 *
 *   power-on -> RESET -> READY -M0-> M0 <-> M2        SYS_ERR from anywhere,
 *                                    M0 <-> M3        back to RESET by MHICTRL.RESET
 *
 * Register accesses change the device at once; whatever needs the host's memory goes through one action queue.
 * Sources: facts of drivers/bus/mhi/host (pm.c, init.c) and of the Linux endpoint stack's behaviour on SDX55.
 */

import { setTimeout as delay } from "node:timers/promises";
import { describeError } from "../../base/errors.ts";
import { hex } from "../../base/hex.ts";
import { ExecEnv } from "../../mhi/exec-env.ts";
import { channelName, type FamilyProfile } from "../../mhi/families/family.ts";
import { MhiState, mhiStateName } from "../../mhi/mhi-state.ts";
import * as R from "../../mhi/registers.ts";
import type { FaultQuestions } from "../faults/board.ts";
import type { SysErrVia } from "../faults/fault.ts";
import type { SubsystemDump } from "../functions/function.ts";
import type { DeviceLog } from "../log.ts";
import { ActionQueue } from "./action-queue.ts";
import { Boot } from "./boot.ts";
import type { DeviceBus } from "./bus.ts";
import { Channels } from "./channels.ts";
import { CommandRing } from "./commands.ts";
import { EventRings, execEnvEvent, type PostedEvent, stateChangeEvent } from "./event-rings.ts";
import { type RegisterEvents, Registers } from "./registers.ts";

export interface MhiDeviceOptions {
  readonly family: FamilyProfile;
  readonly bus: DeviceBus;
  readonly faults: FaultQuestions;
  readonly log: DeviceLog;
  /** From power-on or reset to READY, and between the stages of a loaded boot, ms. */
  readonly bootDelayMs: number;
  /** Where it stands after power-on; the family's own choice when left out. */
  readonly powerOnEe?: ExecEnv;
}

/** What a request to the device came to. */
export interface Signalled {
  /** The host was told; otherwise it finds out when it looks. */
  readonly signalled: boolean;
  readonly why?: string;
}

const CONTROL_RING = 0;

export class MhiDevice {
  readonly registers: Registers;
  readonly #family: FamilyProfile;
  readonly #bus: DeviceBus;
  readonly #faults: FaultQuestions;
  readonly #log: DeviceLog;
  readonly #boot: Boot;
  readonly #queue: ActionQueue;
  readonly #events: EventRings;
  readonly #channels: Channels;
  readonly #commands: CommandRing;
  #state: MhiState = MhiState.RESET;
  /** Counted up whenever all is forgotten. */
  #life = 0;
  #resetPending = false;
  #wakeVote = false;
  /** The host was reset while the device slept with its slot powered: a wake, or a reboot? */
  #sleptThroughReset = false;
  /** After a crash, until the host has taken the RAM dump. */
  #dumpWaits = false;
  #guestErrors = 0;

  constructor(options: MhiDeviceOptions) {
    this.#family = options.family;
    this.#bus = options.bus;
    this.#faults = options.faults;
    this.#log = (kind, text, fields) => {
      if (kind === "guest-error") this.#guestErrors += 1;
      options.log(kind, text, fields);
    };
    this.#queue = new ActionQueue((what, error) => this.#log("guest-error", `${what}: ${describeError(error)}`));
    this.#events = new EventRings(options.bus, this.#log, options.faults);
    const shared = {
      bus: options.bus,
      events: this.#events,
      log: this.#log,
      running: () => this.#state === MhiState.M0 && !this.#resetPending,
      later: (what: string, work: () => Promise<void>) => this.#queue.push(what, work),
      silence: (channel: string) => options.faults.silence(channel),
    };
    this.#channels = new Channels({
      ...shared,
      device: {
        family: options.family,
        log: this.#log,
        dumpWaits: () => this.#dumpWaits,
        dumpTaken: () => {
          this.#dumpWaits = false;
        },
        imageFate: (stage) => options.faults.imageFate(stage),
        imagesLoaded: () => this.#boot.imagesLoaded(),
      },
    });
    this.#commands = new CommandRing({
      ...shared,
      channels: this.#channels,
      loseCompletion: (command, channel) => this.#faults.loseCompletion(command, channel),
      channelContexts: () => this.registers.pair(R.CCABAP_LOWER),
    });
    this.#boot = new Boot(
      { ...options, powerOnEe: options.powerOnEe ?? options.family.powerOnEe },
      {
        ...shared,
        faults: options.faults,
        registers: () => this.registers,
        ready: () => this.#setState(MhiState.READY),
        canTell: () => this.#state === MhiState.M0 || this.#state === MhiState.M2,
        tell: (ee) => this.#events.post(CONTROL_RING, [execEnvEvent(ee)]),
        raiseBhi: () => this.#raiseBhi(),
      },
    );
    const registerEvents: RegisterEvents = {
      control: (value) => this.#control(value),
      channelDoorbell: (channel, value) => this.#channelDoorbell(channel, value),
      eventDoorbell: (ring, value) => this.#eventDoorbell(ring, value),
      commandDoorbell: (value) => this.#commandDoorbell(value),
      wakeDoorbell: (vote) => this.#wakeDoorbell(vote),
      edlDoorbell: (cookie) => this.#log("guest-error", `EDL doorbell ${hex(cookie)}: no EDL in this profile; ignored`),
      imageDoorbell: (session) => this.#boot.imageDoorbell(session),
      transmitVectorDoorbell: (sequence) => this.#boot.transmitVectorDoorbell(sequence),
      socReset: () => this.#socReset(),
      contextBase: () => this.#contextBase(),
      other: (name, value) => this.#log("mmio-write", `${name} = ${hex(value)}`, { name, value }),
      ignored: (name) =>
        this.#log("guest-error", `write to ${name}, which is read-only or not there; ignored`, { name }),
    };
    this.registers = new Registers(registerEvents, options.family);
  }

  get state(): MhiState {
    return this.#state;
  }

  get execEnv(): number {
    return this.registers.execEnv;
  }

  get counters() {
    return {
      eventsPosted: this.#events.posted,
      commandsCompleted: this.#commands.completed,
      transfers: this.#channels.transfers,
      channelsStarted: this.#channels.started,
      guestErrors: this.#guestErrors,
    };
  }

  /** Everything forgotten: power-on, function-level reset, SOC reset, a reset of the slot. */
  coldReset(why: string): void {
    this.#log("reset", `cold reset: ${why}`, { cold: true, why });
    this.#bus.cancelAll(why);
    this.registers.powerOn();
    for (const [offset, value] of this.#faults.registers()) this.registers.set(offset, value);
    this.#boot.powerOn();
    this.#restart();
  }

  /** No power: nothing runs, nothing answers. */
  powerOff(): void {
    this.#boot.stop();
    this.#bus.cancelAll("power is off");
    this.#forget();
    this.#dumpWaits = false;
    this.#faults.reset();
    this.#state = MhiState.RESET;
  }

  /** The host's reset reached a device whose slot kept its power: asleep in M3 it stays as it was. */
  slotResetWithPower(): void {
    if (this.#state !== MhiState.M3) {
      this.coldReset("host reset, not in M3");
      return;
    }
    this.#sleptThroughReset = true;
    this.#log("reset", "host reset while in M3, slot power kept: context kept", { cold: false });
  }

  raiseSysErr(via: SysErrVia): Signalled {
    const ringUsable = this.#events.loaded && [MhiState.M0, MhiState.M1, MhiState.M2].some((s) => s === this.#state);
    const before = this.#state;
    this.#boot.stop();
    this.#queue.clear();
    this.#setState(MhiState.SYS_ERR);
    if (via === "interrupt") {
      this.#raiseBhi();
      return { signalled: true };
    }
    if (!ringUsable) return { signalled: false, why: `no event can be posted in ${mhiStateName(before)}` };
    this.#queue.push("SYS_ERR event", () => this.#events.post(CONTROL_RING, [stateChangeEvent(MhiState.SYS_ERR)]));
    return { signalled: true };
  }

  /** The firmware crashed and waits to be dumped: EE RDDM, SYS_ERR, the BHI interrupt. */
  crashToRddm(): void {
    this.registers.execEnv = ExecEnv.RDDM;
    this.raiseSysErr("interrupt");
    this.#boot.dumpRam();
  }

  crashWithDump(): void {
    this.#dumpWaits = true;
    this.raiseSysErr("interrupt");
  }

  restartSubsystem(dump: SubsystemDump): boolean {
    return this.#channels.restartSubsystem(dump);
  }

  /** The register alone: the device goes on as it is. */
  showExecEnv(value: number): void {
    this.registers.execEnv = value;
  }

  /** Posts events past all faults. */
  post(ring: number, events: readonly PostedEvent[]): void {
    this.#queue.push("late events", () => this.#events.postAsIs(ring, events));
  }

  /** The device asks for M2: posts M1; the host answers MHICTRL = M2, or wakes it at once where packets wait. */
  requestLowPower(): Signalled {
    if (this.#state !== MhiState.M0) return { signalled: false, why: `in ${mhiStateName(this.#state)}, expected M0` };
    this.#queue.push("M1 event", async () => {
      if (this.#state !== MhiState.M0) return;
      this.#setState(MhiState.M1);
      await this.#events.post(CONTROL_RING, [stateChangeEvent(MhiState.M1)]);
    });
    return { signalled: true };
  }

  // ---- registers and doorbells ----

  #control(value: number): void {
    const requested = R.stateField(value) as MhiState;
    this.#log("mmio-write", `MHICTRL = ${hex(value, 4)}`, { name: "MHICTRL", value });
    if ((value & R.MHICTRL_RESET) !== 0) this.#resetAsked();
    else if (requested === MhiState.M0) this.#queue.push("M0", () => this.#enterM0());
    else if (requested === MhiState.M2) this.#queue.push("M2", () => this.#enterM2());
    else if (requested === MhiState.M3) this.#queue.push("M3", () => this.#enterM3());
    else if (value !== 0) this.#log("guest-error", `MHICTRL asks for ${mhiStateName(requested)}: not known; ignored`);
  }

  #channelDoorbell(channel: number, value: bigint): void {
    const name = channelName(this.#family, channel);
    this.#log("doorbell", `channel ${channel} (${name}) = ${hex(value)}`, { channel, value: hex(value) });
    if (this.#resetPending) return;
    this.#channels.doorbell(channel, value);
    this.#leaveM2("channel doorbell");
  }

  #eventDoorbell(ring: number, value: bigint): void {
    this.#log("doorbell", `event ring ${ring} = ${hex(value)}`, { ring, value: hex(value) });
    if (this.#resetPending) return;
    if (!this.#events.doorbell(ring, value)) {
      this.#log("guest-error", `event ring ${ring} doorbell ${hex(value)} is no element of the ring; ignored`, {
        ring,
      });
      return;
    }
    this.#queue.push(`event ring ${ring}`, () => this.#events.flush(ring));
    this.#channels.resume();
  }

  #commandDoorbell(value: bigint): void {
    this.#log("doorbell", `command ring = ${hex(value)}`, { value: hex(value) });
    if (this.#resetPending) return;
    this.#commands.doorbell(value);
    this.#leaveM2("command doorbell");
  }

  #wakeDoorbell(vote: boolean): void {
    this.#log("doorbell", `wake = ${vote ? 1 : 0}`, { wake: vote });
    this.#wakeVote = vote;
    if (vote) this.#leaveM2("wake doorbell");
  }

  /**
   * The host sets up anew, so the old context is void: after a reset in M3 that was a reboot and no wake, or where its
   * driver went without a word (a power-down without grace touches no register) and came back.
   */
  #contextBase(): void {
    if (!this.#sleptThroughReset && !this.#events.loaded) return;
    this.#log("reset", "the host sets up anew: the kept context is dropped", { cold: false });
    this.#forget();
    this.#boot.stop();
    this.#setState(MhiState.READY);
  }

  // ---- states ----

  #setState(state: MhiState): void {
    if (state !== this.#state) {
      this.#log("power", `MHI state ${mhiStateName(this.#state)} -> ${mhiStateName(state)}`, {
        from: mhiStateName(this.#state),
        to: mhiStateName(state),
      });
    }
    this.#state = state;
    this.registers.status = statusRegister(state);
  }

  async #enterM0(): Promise<void> {
    if (this.#state === MhiState.RESET || this.#state === MhiState.SYS_ERR) {
      this.#log("guest-error", `MHICTRL = M0 in ${mhiStateName(this.#state)}; ignored`);
      return;
    }
    if (this.#faults.ignoreM0()) return;
    const lateMs = this.#faults.delayM0();
    if (lateMs > 0 && !(await this.#livesOnFor(lateMs))) return;
    this.#sleptThroughReset = false;
    if (!this.#events.loaded) await this.#loadContexts();
    if (!this.#events.has(CONTROL_RING)) {
      this.#log("guest-error", "MHICTRL = M0 without a usable event ring 0: M0 cannot be acknowledged");
      return;
    }
    this.#setState(MhiState.M0);
    await this.#events.post(CONTROL_RING, [stateChangeEvent(MhiState.M0)]);
    await this.#boot.enteredM0();
    this.#commands.resume();
    this.#channels.resume();
  }

  /** False where the device was reset or lost its power meanwhile: what was under way is void. */
  async #livesOnFor(ms: number): Promise<boolean> {
    const life = this.#life;
    await delay(ms);
    return life === this.#life && !this.#resetPending;
  }

  async #loadContexts(): Promise<void> {
    await this.#events.load(this.registers.pair(R.ECABAP_LOWER), this.registers.eventRings);
    await this.#commands.load(this.registers.pair(R.CRCBAP_LOWER));
  }

  async #enterM2(): Promise<void> {
    if (this.#state !== MhiState.M1 && this.#state !== MhiState.M0) {
      this.#log("guest-error", `MHICTRL = M2 in ${mhiStateName(this.#state)}; ignored`);
      return;
    }
    this.#setState(MhiState.M2);
    if (this.#wakeVote) this.#leaveM2("wake vote held");
  }

  #leaveM2(why: string): void {
    if (this.#state !== MhiState.M2) return;
    this.#log("power", `leaving M2: ${why}`);
    this.#queue.push("M2 exit", async () => {
      if (this.#state === MhiState.M2) await this.#enterM0();
    });
  }

  async #enterM3(): Promise<void> {
    const from = this.#state;
    if (from !== MhiState.M0 && from !== MhiState.M1 && from !== MhiState.M2) {
      this.#log("guest-error", `MHICTRL = M3 in ${mhiStateName(from)}; ignored`);
      return;
    }
    if (this.#faults.ignoreM3()) return;
    await this.#events.flushModeration();
    this.#setState(MhiState.M3);
    await this.#events.post(CONTROL_RING, [stateChangeEvent(MhiState.M3)]);
  }

  // ---- resets ----

  #resetAsked(): void {
    if (!this.#faults.ignoreReset()) this.#mhiReset();
  }

  /** MHICTRL.RESET: at once where nothing is under way, else after the running action, so that no DMA lands later. */
  #mhiReset(): void {
    this.#queue.clear();
    if (!this.#queue.busy) {
      this.#finishReset();
      return;
    }
    if (this.#resetPending) return;
    this.#resetPending = true;
    this.#queue.push("reset", async () => {
      this.#finishReset();
      // kernels that sleep until an interrupt (not those that poll) would wait their whole timeout otherwise
      this.#raiseBhi();
    });
  }

  #finishReset(): void {
    this.#log("reset", "MHI reset", { cold: false });
    if (this.#state === MhiState.SYS_ERR) this.#boot.crashed();
    this.registers.clearForReset();
    this.#restart();
  }

  #socReset(): void {
    this.#log("mmio-write", "SOC_RESET_REQ = 1", { name: "SOC_RESET_REQ", value: 1 });
    this.coldReset("SOC reset");
  }

  #forget(): void {
    this.#life += 1;
    this.#queue.clear();
    this.#events.clear();
    this.#channels.clear();
    this.#commands.clear();
    this.#resetPending = false;
    this.#wakeVote = false;
    this.#sleptThroughReset = false;
  }

  /** From nothing to READY. */
  #restart(): void {
    this.#forget();
    this.#faults.reset();
    this.#setState(MhiState.RESET);
    this.#boot.restart();
  }

  #raiseBhi(): void {
    const vector = this.registers.bhiVector;
    this.#queue.push("BHI interrupt", async () => {
      await this.#bus.interrupt(vector);
    });
  }
}

/** MHISTATUS: state in [15:8], SYSERR in bit 2, READY in bit 0. */
function statusRegister(state: MhiState): number {
  if (state === MhiState.RESET) return 0;
  if (state === MhiState.SYS_ERR) return (state << 8) | R.MHISTATUS_SYSERR;
  return (state << 8) | R.MHISTATUS_READY;
}
