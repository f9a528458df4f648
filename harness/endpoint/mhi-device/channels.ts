/**
 * Transfer channels: START, STOP and RESET, and moving data.
 *
 * Outbound: a transfer descriptor is one TRE or a chain; it is taken when its last TRE lies below the host's write
 * pointer, and completed by one event that points to that last TRE. Inbound: packets fill the host's buffers in order;
 * one that does not fit goes on in the next buffer (OVERFLOW, last one EOT). Nothing is ever completed past the
 * write pointer: the host does not check, and would panic.
 */
import { hex } from "../../base/hex.ts";
import { BurstMode, ChannelState, ChannelType } from "../../mhi/channel.ts";
import type { ChannelProfile } from "../../mhi/families/family.ts";
import {
  CompletionCode,
  ElementType,
  elementLength,
  elementType,
  RING_ELEMENT_BYTES,
  TRE_BEI,
  TRE_CHAIN,
  TRE_IEOT,
} from "../../mhi/ring-element.ts";
import type { ChannelFunction, FunctionDevice, SubsystemDump } from "../functions/function.ts";
import { functionFor } from "../functions/index.ts";
import type { DeviceLog } from "../log.ts";
import { isCancelled } from "./action-queue.ts";
import type { DeviceBus } from "./bus.ts";
import { CONTEXT_BYTES, parseChannelContext, WP_AT } from "./contexts.ts";
import { type EventRings, type PostedEvent, transferEvent } from "./event-rings.ts";
import { type Ring, readElement } from "./ring.ts";

interface Tre {
  readonly at: bigint;
  readonly buffer: bigint;
  readonly lengthBytes: number;
  readonly flags: number;
  readonly good: boolean;
}

interface Channel {
  readonly profile: ChannelProfile;
  readonly contextAt: bigint;
  readonly ring: Ring;
  readonly eventRing: number;
  readonly burst: boolean;
  readonly behind: ChannelFunction;
  state: number;
  /** Next element to fetch. */
  next: number;
  wp: number;
  /** Outbound: TREs of a descriptor whose end has not come yet. */
  chain: Tre[];
  /** Inbound: packets that wait for buffers. */
  readonly outbox: Buffer[];
  scheduled: boolean;
}

export interface ChannelsPort {
  readonly bus: DeviceBus;
  readonly events: EventRings;
  readonly log: DeviceLog;
  readonly device: FunctionDevice;
  /** In M0 and not about to be reset: data may move. */
  running(): boolean;
  /** A fault keeps the function behind that channel from speaking first. */
  silence(channel: string): boolean;
  /** Runs `work` in the device's action queue. */
  later(what: string, work: () => Promise<void>): void;
}

/** Elements fetched by one access. */
const BATCH = 32;
const MAX_OUTBOX = 256;
/** Largest transfer kept; a chain of more is a guest gone mad. */
const MAX_TRANSFER_BYTES = 1 << 20;

export class Channels {
  readonly #port: ChannelsPort;
  readonly #channels = new Map<number, Channel>();
  #transfers = 0;

  constructor(port: ChannelsPort) {
    this.#port = port;
  }

  get transfers(): number {
    return this.#transfers;
  }

  get started(): number {
    return [...this.#channels.values()].filter((channel) => channel.state === ChannelState.RUNNING).length;
  }

  clear(): void {
    this.#channels.clear();
  }

  /** START: fetches the context and takes its ring from the start. */
  async start(number: number, arrayAt: bigint): Promise<CompletionCode> {
    const profile = this.#port.device.family.channels.find((entry) => entry.channel === number);
    if (!profile) return this.#refuse(number, "START of a channel that this device does not have");
    if (this.#channels.get(number)?.state === ChannelState.RUNNING) this.#refuse(number, "START while running");
    const contextAt = arrayAt + BigInt(number * CONTEXT_BYTES);
    const context = parseChannelContext(await this.#port.bus.read(contextAt, CONTEXT_BYTES));
    if (typeof context === "string") return this.#refuse(number, `START: ${context}`);
    const type = profile.direction === "ul" ? ChannelType.OUTBOUND : ChannelType.INBOUND;
    if (context.type !== type) return this.#refuse(number, `START: channel type ${context.type}, expected ${type}`);
    if (!this.#port.events.has(context.eventRing)) {
      return this.#refuse(number, `START: event ring ${context.eventRing} does not exist`);
    }
    const channel: Channel = {
      profile,
      contextAt,
      ring: context.ring,
      eventRing: context.eventRing,
      burst: context.burstMode === BurstMode.ENABLED,
      behind: this.#functionOf(profile),
      state: ChannelState.RUNNING,
      next: context.rp,
      wp: context.wp,
      chain: [],
      outbox: [],
      scheduled: false,
    };
    this.#channels.set(number, channel);
    await this.#writeState(channel);
    if (profile.direction === "dl") this.#speakFirst(number - 1);
    return CompletionCode.SUCCESS;
  }

  /** False: no started channel has a function that could tell of it. */
  restartSubsystem(dump: SubsystemDump): boolean {
    const teller = [...this.#channels.values()].find(
      ({ profile, behind }) => profile.direction === "ul" && behind.restartSubsystem,
    );
    teller?.behind.restartSubsystem?.(dump);
    return teller !== undefined;
  }

  #functionOf({ name, channel }: ChannelProfile): ChannelFunction {
    const { device } = this.#port;
    const made = functionFor(
      device.family,
      name,
    )({
      device,
      send: (answer) => {
        // one that answers late may have been forgotten by a reset: the new one's host must not hear of it
        if (this.#channels.get(channel)?.behind === made) this.#send(channel | 1, answer);
      },
    });
    return made;
  }

  #speakFirst(uplink: number): void {
    const channel = this.#channels.get(uplink);
    if (channel?.behind.started && !this.#port.silence(channel.profile.name)) channel.behind.started();
  }

  /** STOP keeps the ring; RESET forgets it. */
  async stop(number: number, state: typeof ChannelState.STOP | typeof ChannelState.DISABLED): Promise<CompletionCode> {
    const channel = this.#channels.get(number);
    if (!channel) {
      this.#refuse(number, "STOP or RESET of a channel that was not started");
      return CompletionCode.SUCCESS;
    }
    channel.state = state;
    if (state === ChannelState.DISABLED) this.#channels.delete(number);
    await this.#writeState(channel);
    return CompletionCode.SUCCESS;
  }

  doorbell(number: number, value: bigint): void {
    const channel = this.#channels.get(number);
    const wp = channel?.ring.indexOf(value);
    if (!channel || wp === undefined) {
      const why = channel ? `is no element of the ring at ${channel.ring}` : "but the channel is not started";
      this.#port.log("guest-error", `channel ${number} doorbell ${hex(value)} ${why}; ignored`, { channel: number });
      return;
    }
    channel.wp = wp;
    this.#schedule(channel);
  }

  /** Takes up all work: after M0, and when an event ring has room again. */
  resume(): void {
    for (const channel of this.#channels.values()) {
      if (channel.next !== channel.wp || channel.outbox.length > 0 || channel.burst) this.#schedule(channel);
    }
  }

  #schedule(channel: Channel): void {
    if (channel.scheduled || !this.#active(channel)) return;
    channel.scheduled = true;
    const { channel: number, direction } = channel.profile;
    this.#port.later(`channel ${number}`, async () => {
      channel.scheduled = false;
      await (direction === "ul" ? this.#drain(channel) : this.#deliver(channel));
    });
  }

  #active(channel: Channel): boolean {
    return (
      channel.state === ChannelState.RUNNING &&
      this.#channels.get(channel.profile.channel) === channel &&
      this.#port.running()
    );
  }

  async #drain(channel: Channel): Promise<void> {
    let last: Tre | undefined;
    while (this.#active(channel)) {
      const tres = await this.#fetch(channel);
      if (tres.length === 0) {
        if (channel.next === channel.wp && (await this.#pollWritePointer(channel))) continue;
        break;
      }
      const events: PostedEvent[] = [];
      for (const tre of tres) {
        channel.chain.push(tre);
        if ((tre.flags & TRE_CHAIN) !== 0) continue;
        last = tre;
        const event = await this.#take(channel, channel.chain.splice(0), tre);
        if (event) events.push(event);
      }
      await this.#port.events.post(channel.eventRing, events);
    }
    if (last && channel.burst && this.#active(channel)) await this.#rearmDoorbell(channel, last.at);
  }

  /** One whole descriptor: its payload goes to the function, its completion is returned. */
  async #take(channel: Channel, chain: readonly Tre[], last: Tre): Promise<PostedEvent | undefined> {
    const number = channel.profile.channel;
    this.#transfers += 1;
    if (chain.some((tre) => !tre.good)) {
      this.#refuse(number, `element at ${hex(last.at)} is no transfer element`);
      return transferEvent(number, last.at, CompletionCode.BAD_TRE, 0);
    }
    const payload = await this.#readPayload(channel, chain);
    if (!payload) return transferEvent(number, last.at, CompletionCode.UNDEFINED_ERR, 0);
    channel.behind.receive(payload);
    if ((last.flags & TRE_IEOT) === 0) return undefined;
    const event = transferEvent(number, last.at, CompletionCode.EOT, last.lengthBytes);
    return { ...event, quiet: (last.flags & TRE_BEI) !== 0 };
  }

  async #readPayload(channel: Channel, chain: readonly Tre[]): Promise<Buffer | undefined> {
    const number = channel.profile.channel;
    const total = chain.reduce((sum, tre) => sum + tre.lengthBytes, 0);
    if (total > MAX_TRANSFER_BYTES) {
      this.#refuse(number, `transfer of ${total} bytes, at most ${MAX_TRANSFER_BYTES} are taken`);
      return undefined;
    }
    try {
      const filled = chain.filter((tre) => tre.lengthBytes > 0);
      return Buffer.concat(await Promise.all(filled.map((tre) => this.#port.bus.read(tre.buffer, tre.lengthBytes))));
    } catch (error) {
      if (isCancelled(error)) throw error;
      this.#refuse(number, `buffer of the element at ${hex(chain[0]?.at ?? 0n)} cannot be read`);
      return undefined;
    }
  }

  #send(number: number, payload: Buffer): void {
    const channel = this.#channels.get(number);
    if (channel?.profile.direction !== "dl" || channel.outbox.length >= MAX_OUTBOX) {
      const why = channel ? `${MAX_OUTBOX} packets wait already` : "it is not started";
      this.#port.log("guest-error", `packet of ${payload.length} bytes for channel ${number} dropped: ${why}`, {
        channel: number,
      });
      return;
    }
    channel.outbox.push(payload);
    this.#schedule(channel);
  }

  async #deliver(channel: Channel): Promise<void> {
    let last: Tre | undefined;
    while (this.#active(channel)) {
      const packet = channel.outbox[0];
      if (!packet) break;
      const [tre] = await this.#fetch(channel, 1);
      if (!tre) {
        if (channel.next === channel.wp && (await this.#pollWritePointer(channel))) continue;
        break;
      }
      last = tre;
      await this.#fill(channel, tre, packet);
    }
    const starving = channel.outbox.length > 0 && channel.next === channel.wp;
    if (last && starving && channel.burst && this.#active(channel)) await this.#rearmDoorbell(channel, last.at);
  }

  /** Puts as much of the packet into one buffer as goes in. */
  async #fill(channel: Channel, tre: Tre, packet: Buffer): Promise<void> {
    const number = channel.profile.channel;
    const quiet = (tre.flags & TRE_BEI) !== 0;
    if (!tre.good) {
      this.#refuse(number, `element at ${hex(tre.at)} is no transfer element`);
      await this.#port.events.post(channel.eventRing, [transferEvent(number, tre.at, CompletionCode.BAD_TRE, 0)]);
      return;
    }
    const part = packet.subarray(0, tre.lengthBytes);
    const rest = packet.subarray(part.length);
    if (rest.length > 0) channel.outbox[0] = rest;
    else channel.outbox.shift();
    this.#transfers += 1;
    const code = rest.length > 0 ? CompletionCode.OVERFLOW : CompletionCode.EOT;
    const written = await this.#writeBuffer(channel, tre, part);
    const event = transferEvent(
      number,
      tre.at,
      written ? code : CompletionCode.UNDEFINED_ERR,
      written ? part.length : 0,
    );
    await this.#port.events.post(channel.eventRing, [{ ...event, quiet }]);
  }

  async #writeBuffer(channel: Channel, tre: Tre, part: Buffer): Promise<boolean> {
    try {
      await this.#port.bus.write(tre.buffer, part);
      return true;
    } catch (error) {
      if (isCancelled(error)) throw error;
      this.#refuse(channel.profile.channel, `buffer of the element at ${hex(tre.at)} cannot be written`);
      return false;
    }
  }

  /** The next elements below the write pointer, no more than the event ring can take completions for. */
  async #fetch(channel: Channel, limit = BATCH): Promise<Tre[]> {
    const { ring, next } = channel;
    const room = this.#port.events.room(channel.eventRing);
    const count = Math.min(limit, room, ring.distance(next, channel.wp), ring.untilEnd(next));
    if (count <= 0) return [];
    const bytes = await this.#port.bus.read(ring.addressOf(next), count * RING_ELEMENT_BYTES);
    channel.next = ring.advance(next, count);
    return Array.from({ length: count }, (_, index) => {
      const element = readElement(bytes, index);
      return {
        at: ring.addressOf(next + index),
        buffer: element.ptr,
        lengthBytes: elementLength(element.dword0),
        flags: element.dword1,
        good: elementType(element.dword1) === ElementType.TRANSFER,
      };
    });
  }

  /** Burst mode: after its first doorbell the host only moves the context's wp. True where it has moved. */
  async #pollWritePointer(channel: Channel): Promise<boolean> {
    if (!channel.burst) return false;
    const bytes = await this.#port.bus.read(channel.contextAt + BigInt(WP_AT), 8);
    const wp = channel.ring.indexOf(bytes.readBigUInt64LE(0));
    if (wp === undefined || wp === channel.wp) return false;
    channel.wp = wp;
    return true;
  }

  /** Burst mode: DB_MODE makes the host ring again with its next element. */
  async #rearmDoorbell(channel: Channel, at: bigint): Promise<void> {
    const event = transferEvent(channel.profile.channel, at, CompletionCode.DB_MODE, 0);
    await this.#port.events.post(channel.eventRing, [event]);
  }

  async #writeState(channel: Channel): Promise<void> {
    await this.#port.bus.write(channel.contextAt, Uint8Array.of(channel.state)); // chcfg[7:0]
  }

  #refuse(channel: number, why: string): CompletionCode {
    this.#port.log("guest-error", `channel ${channel}: ${why}`, { channel });
    return CompletionCode.UNDEFINED_ERR;
  }
}
