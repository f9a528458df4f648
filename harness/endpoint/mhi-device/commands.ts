import { hex } from "../../base/hex.ts";
import { ChannelState } from "../../mhi/channel.ts";
import {
  CompletionCode,
  ElementType,
  elementChannel,
  elementType,
  RING_ELEMENT_BYTES,
} from "../../mhi/ring-element.ts";
import type { FaultCommand } from "../faults/fault.ts";
import type { DeviceLog } from "../log.ts";
import type { DeviceBus } from "./bus.ts";
import type { Channels } from "./channels.ts";
import { CONTEXT_BYTES, parseRingContext } from "./contexts.ts";
import { commandCompletion, type EventRings } from "./event-rings.ts";
import { type Ring, type RingElement, readElement } from "./ring.ts";

export interface CommandsPort {
  readonly bus: DeviceBus;
  readonly events: EventRings;
  readonly channels: Channels;
  readonly log: DeviceLog;
  running(): boolean;
  later(what: string, work: () => Promise<void>): void;
  loseCompletion(command: FaultCommand, channel: number): boolean;
  /** CCABAP. */
  channelContexts(): bigint;
}

/** Completions go to the first event ring. */
const CONTROL_RING = 0;

/** The command ring: channel commands, each answered by a completion. */
export class CommandRing {
  readonly #port: CommandsPort;
  #ring: Ring | undefined;
  #next = 0;
  #wp = 0;
  #scheduled = false;
  #completed = 0;

  constructor(port: CommandsPort) {
    this.#port = port;
  }

  get completed(): number {
    return this.#completed;
  }

  /** Fetches the context: at the first M0 after READY. */
  async load(contextAt: bigint): Promise<void> {
    const context = parseRingContext(await this.#port.bus.read(contextAt, CONTEXT_BYTES));
    if (typeof context === "string") {
      this.#port.log("guest-error", `command ring: ${context}; commands are not taken`);
      return;
    }
    this.#ring = context.ring;
    this.#next = context.rp;
    this.#wp = context.wp;
  }

  clear(): void {
    this.#ring = undefined;
    this.#next = 0;
    this.#wp = 0;
    this.#scheduled = false;
  }

  doorbell(value: bigint): void {
    const wp = this.#ring?.indexOf(value);
    if (wp === undefined) {
      const ring = this.#ring ? `the ring is at ${this.#ring}` : "there is no command ring yet";
      this.#port.log("guest-error", `command doorbell ${hex(value)} ignored: ${ring}`);
      return;
    }
    this.#wp = wp;
    this.resume();
  }

  resume(): void {
    if (this.#scheduled || this.#next === this.#wp || !this.#port.running()) return;
    this.#scheduled = true;
    this.#port.later("commands", async () => {
      this.#scheduled = false;
      await this.#drain();
    });
  }

  async #drain(): Promise<void> {
    const ring = this.#ring;
    while (ring && ring === this.#ring && this.#next !== this.#wp && this.#port.running()) {
      const at = ring.addressOf(this.#next);
      const element = readElement(await this.#port.bus.read(at, RING_ELEMENT_BYTES), 0);
      if (!this.#port.running()) return; // a reset or SYS_ERR came meanwhile: not started is not done
      this.#next = ring.advance(this.#next);
      const code = await this.#run(element);
      if (code === undefined) continue;
      this.#completed += 1;
      await this.#port.events.post(CONTROL_RING, [commandCompletion(at, code)]);
    }
  }

  /** The completion code; undefined where a fault eats the completion. */
  async #run(element: RingElement): Promise<CompletionCode | undefined> {
    const channel = elementChannel(element.dword1);
    switch (elementType(element.dword1)) {
      case ElementType.NOOP_CMD:
        return CompletionCode.SUCCESS;
      case ElementType.START_CHAN_CMD:
        return this.#channelCommand("START", channel, this.#port.channels.start(channel, this.#port.channelContexts()));
      case ElementType.STOP_CHAN_CMD:
        return this.#channelCommand("STOP", channel, this.#port.channels.stop(channel, ChannelState.STOP));
      case ElementType.RESET_CHAN_CMD:
        return this.#channelCommand("RESET", channel, this.#port.channels.stop(channel, ChannelState.DISABLED));
      default:
        this.#port.log("guest-error", `command of type ${hex(elementType(element.dword1))} is not known`);
        return CompletionCode.UNDEFINED_ERR;
    }
  }

  async #channelCommand(
    command: FaultCommand,
    channel: number,
    work: Promise<CompletionCode>,
  ): Promise<CompletionCode | undefined> {
    this.#port.log("command", `command ${command} channel ${channel}`, { command, channel });
    const code = await work;
    return this.#port.loseCompletion(command, channel) ? undefined : code;
  }
}
