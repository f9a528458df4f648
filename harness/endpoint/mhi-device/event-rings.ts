/**
 * Event rings: the device produces, the host consumes and gives elements back by doorbell.
 *
 * Posting order: the elements, then the context's rp (which points to the next free slot), then the vector. A ring
 * that is full holds its events back until the host's doorbell.
 */
import { hex } from "../../base/hex.ts";
import type { ExecEnv } from "../../mhi/exec-env.ts";
import { execEnvName } from "../../mhi/exec-env.ts";
import { type MhiState, mhiStateName } from "../../mhi/mhi-state.ts";
import {
  type CompletionCode,
  completionCodeName,
  ElementType,
  elementChannel,
  elementCode,
  elementType,
  elementTypeName,
} from "../../mhi/ring-element.ts";
import type { FaultQuestions } from "../faults/board.ts";
import type { DeviceLog } from "../log.ts";
import type { DeviceBus } from "./bus.ts";
import { CONTEXT_BYTES, parseEventContext, RP_AT } from "./contexts.ts";
import { encodeElements, type Ring, type RingElement, u64 } from "./ring.ts";

export interface PostedEvent extends RingElement {
  /** Block event interrupt: the TRE asked for no interrupt of its own. */
  readonly quiet?: boolean;
}

export const stateChangeEvent = (state: MhiState): PostedEvent => ({
  ptr: 0n,
  dword0: state << 24,
  dword1: ElementType.STATE_CHANGE_EVENT << 16,
});
export const execEnvEvent = (ee: ExecEnv): PostedEvent => ({
  ptr: 0n,
  dword0: ee << 24,
  dword1: ElementType.EE_EVENT << 16,
});
export const commandCompletion = (ptr: bigint, code: CompletionCode): PostedEvent => ({
  ptr,
  dword0: code << 24,
  dword1: ElementType.CMD_COMPLETION_EVENT << 16,
});
export const transferEvent = (
  channel: number,
  ptr: bigint,
  code: CompletionCode,
  lengthBytes: number,
): PostedEvent => ({
  ptr,
  dword0: (code << 24) | (lengthBytes & 0xffff),
  dword1: (channel << 24) | (ElementType.TX_EVENT << 16),
});

interface EventRing {
  readonly index: number;
  readonly ring: Ring;
  readonly contextAt: bigint;
  readonly vector: number;
  readonly moderationMs: number;
  /** Next slot to fill. */
  rp: number;
  /** Last element that the host has given. */
  wp: number;
  backlog: PostedEvent[];
  moderation: NodeJS.Timeout | undefined;
}

/** Control events that may wait for a full ring; more means that the host has stopped listening. */
const MAX_BACKLOG = 1024;

export class EventRings {
  readonly #bus: DeviceBus;
  readonly #log: DeviceLog;
  readonly #faults: Pick<FaultQuestions, "events" | "readPointer">;
  #rings = new Map<number, EventRing>();
  #posted = 0;

  constructor(bus: DeviceBus, log: DeviceLog, faults: Pick<FaultQuestions, "events" | "readPointer">) {
    this.#bus = bus;
    this.#faults = faults;
    this.#log = log;
  }

  get loaded(): boolean {
    return this.#rings.size > 0;
  }

  get posted(): number {
    return this.#posted;
  }

  has(index: number): boolean {
    return this.#rings.has(index);
  }

  /** Fetches the contexts: at the first M0 after READY, not at M3 to M0. */
  async load(arrayAt: bigint, count: number): Promise<void> {
    const rings = new Map<number, EventRing>();
    const bytes = count > 0 ? await this.#bus.read(arrayAt, count * CONTEXT_BYTES) : Buffer.alloc(0);
    for (let index = 0; index < count; index++) {
      const context = parseEventContext(bytes.subarray(index * CONTEXT_BYTES, (index + 1) * CONTEXT_BYTES));
      if (typeof context === "string") {
        this.#log("guest-error", `event ring ${index}: ${context}; the ring is not used`, { ring: index });
        continue;
      }
      const contextAt = arrayAt + BigInt(index * CONTEXT_BYTES);
      rings.set(index, { ...context, index, contextAt, backlog: [], moderation: undefined });
    }
    this.clear();
    this.#rings = rings;
  }

  clear(): void {
    for (const ring of this.#rings.values()) clearTimeout(ring.moderation);
    this.#rings = new Map();
  }

  /** Events that can be posted now without waiting. One slot stays free, as full and empty would look alike. */
  room(index: number): number {
    const ring = this.#rings.get(index);
    if (!ring || ring.backlog.length > 0) return 0;
    return roomOf(ring);
  }

  /** The host has given elements back. False where the value is no element of the ring. */
  doorbell(index: number, value: bigint): boolean {
    const ring = this.#rings.get(index);
    if (!ring) return true; // before the first M0: the context has the same value by then
    const wp = ring.ring.indexOf(value);
    if (wp === undefined) return false;
    ring.wp = wp;
    return true;
  }

  /** Posts what a full ring had held back. */
  async flush(index: number): Promise<void> {
    const ring = this.#rings.get(index);
    if (ring && ring.backlog.length > 0) await this.#drain(ring);
  }

  async post(index: number, events: readonly PostedEvent[]): Promise<void> {
    await this.postAsIs(index, this.#faults.events(index, events));
  }

  /** Without asking the faults. */
  async postAsIs(index: number, events: readonly PostedEvent[]): Promise<void> {
    const ring = this.#rings.get(index);
    if (!ring || events.length === 0) return;
    if (ring.backlog.length + events.length > MAX_BACKLOG) {
      this.#log("guest-error", `event ring ${index} is full and stays full: ${events.length} events dropped`);
      return;
    }
    ring.backlog.push(...events);
    await this.#drain(ring);
  }

  /** Raises what moderation still holds back, before the device goes to sleep. */
  async flushModeration(): Promise<void> {
    for (const ring of this.#rings.values()) {
      if (!ring.moderation) continue;
      clearTimeout(ring.moderation);
      ring.moderation = undefined;
      await this.#bus.interrupt(ring.vector);
    }
  }

  async #drain(ring: EventRing): Promise<void> {
    const sent: PostedEvent[] = [];
    const accesses: Promise<unknown>[] = [];
    while (ring.backlog.length > 0 && roomOf(ring) > 0) {
      const count = Math.min(ring.backlog.length, roomOf(ring), ring.ring.untilEnd(ring.rp));
      const run = ring.backlog.splice(0, count);
      accesses.push(this.#bus.write(ring.ring.addressOf(ring.rp), encodeElements(run)));
      ring.rp = ring.ring.advance(ring.rp, count);
      sent.push(...run);
    }
    if (ring.backlog.length > 0) this.#log("event", `ring ${ring.index} is full`, { ring: ring.index, full: true });
    if (sent.length === 0) return;
    this.#posted += sent.length;
    accesses.push(
      this.#bus.write(
        ring.contextAt + BigInt(RP_AT),
        u64(this.#faults.readPointer(ring.index, ring.ring.addressOf(ring.rp))),
      ),
    );
    for (const event of sent) this.#logEvent(ring, event);
    accesses.push(this.#signal(ring, sent));
    await Promise.all(accesses);
  }

  /** BEI clear: at once. BEI set and moderation on: one interrupt later. BEI set and moderation off: none. */
  async #signal(ring: EventRing, sent: readonly PostedEvent[]): Promise<void> {
    if (sent.some((event) => event.quiet !== true)) {
      clearTimeout(ring.moderation);
      ring.moderation = undefined;
      await this.#bus.interrupt(ring.vector);
      return;
    }
    if (ring.moderationMs === 0 || ring.moderation) return;
    ring.moderation = setTimeout(() => {
      ring.moderation = undefined;
      this.#bus.interrupt(ring.vector).catch(() => {}); // cancelled: power went meanwhile
    }, ring.moderationMs);
  }

  #logEvent(ring: EventRing, event: PostedEvent): void {
    const type = elementType(event.dword1);
    const name = elementTypeName(type);
    const code = codeName(type, elementCode(event.dword0 >>> 0));
    const channel = type === ElementType.TX_EVENT ? elementChannel(event.dword1 >>> 0) : undefined;
    const where = channel === undefined ? "" : ` channel ${channel} length ${event.dword0 & 0xffff}`;
    this.#log("event", `ring ${ring.index} <- ${name} ${code}${where}`, {
      ring: ring.index,
      type: name,
      code,
      channel,
      ptr: event.ptr === 0n ? undefined : hex(event.ptr),
    });
  }
}

function codeName(type: number, code: number): string {
  if (type === ElementType.STATE_CHANGE_EVENT) return mhiStateName(code);
  return type === ElementType.EE_EVENT ? execEnvName(code) : completionCodeName(code);
}

/** The host hands over base+len-16 at first: rp == wp therefore means nothing given, never all. */
function roomOf(ring: EventRing): number {
  return Math.max(0, ring.ring.distance(ring.rp, ring.wp) - 1);
}
