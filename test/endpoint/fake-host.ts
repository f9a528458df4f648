/**
 * The host's side of MHI for tests: memory with contexts and rings, and the driver's moves, taken from facts about
 * drivers/bus/mhi/host. Not the endpoint's code turned round: layouts are written out here once more.
 */
import { setTimeout as delay } from "node:timers/promises";
import { Cmd, type Memory, RawClient } from "./raw-client.ts";

export const CCA = 0x10000;
export const ECA = 0x12000;
export const CRC = 0x13000;
export const COMMAND_RING = 0x14000;
const EVENT_RINGS = 0x20000;
const EVENT_RING_SPACING = 0x10000;
const TRANSFER_RINGS = 0x100000;
const TRANSFER_RING_SPACING = 0x1000;
export const BUFFERS = 0x300000;
export const MSI_ADDRESS = 0xfee00000n;
const EVENT_ELEMENTS = [64, 128, 64, 64, 1024, 2048];
const MEMORY_BYTES = 8 << 20;

export interface Event {
  readonly ring: number;
  readonly ptr: bigint;
  /** dword0[31:24]: code, state or EE. */
  readonly code: number;
  readonly length: number;
  readonly type: number;
  readonly channel: number;
}

export interface ChannelSetup {
  readonly type: 1 | 2;
  readonly eventRing: number;
  readonly elements: number;
  readonly burst?: boolean;
}

export class FakeHost implements Memory {
  readonly ram = Buffer.alloc(MEMORY_BYTES);
  /** MSI data words in the order of arrival. */
  readonly interrupts: number[] = [];
  readonly client: RawClient;
  /** Events taken from all rings, in order within a ring. */
  readonly events: Event[] = [];
  readonly #eventRead = EVENT_ELEMENTS.map(() => 0);
  readonly #writePointers = new Map<number, number>();
  readonly #rings = new Map<number, ChannelSetup>();
  #commandWrite = 0;

  private constructor(client: RawClient) {
    this.client = client;
    client.memory = this;
  }

  static async connect(path: string): Promise<FakeHost> {
    return new FakeHost(await RawClient.ready(path));
  }

  read(address: bigint, length: number): Buffer | undefined {
    if (address + BigInt(length) > BigInt(MEMORY_BYTES)) return undefined;
    return Buffer.from(this.ram.subarray(Number(address), Number(address) + length));
  }

  write(address: bigint, data: Buffer): boolean {
    if (address === MSI_ADDRESS) {
      this.interrupts.push(data.readUInt32LE(0));
      return true;
    }
    if (address + BigInt(data.length) > BigInt(MEMORY_BYTES)) return false;
    this.ram.set(data, Number(address));
    return true;
  }

  /** Memory and bus master on, MSI with `vectors` (a power of two). */
  async setUpPci(vectors = 1): Promise<void> {
    await this.client.setConfig(0x04, 0x0006, 2);
    await this.client.setConfig(0x54, Number(MSI_ADDRESS), 4);
    await this.client.setConfig(0x58, 0, 4);
    await this.client.setConfig(0x5c, 0x4020, 2);
    await this.client.setConfig(0x52, 0x0001 | (Math.log2(vectors) << 4), 2);
  }

  async untilReady(): Promise<void> {
    await this.until("READY", async () => ((await this.client.read32(0x48)) & 0xff01) === 0x0101);
  }

  /** Contexts into memory, their addresses into the device, as the driver's mhi_init_mmio. */
  async setUpMmio(): Promise<void> {
    this.#eventRead.fill(0);
    this.#commandWrite = 0;
    EVENT_ELEMENTS.forEach((elements, index) => {
      const at = ECA + 44 * index;
      const base = this.#eventBase(index);
      const moderation = [0, 5, 0, 0, 1, 1][index] ?? 0;
      this.ram.writeUInt32LE((moderation << 16) >>> 0, at);
      this.ram.writeUInt32LE(1, at + 4);
      this.ram.writeUInt32LE(0, at + 8); // vector
      this.#ringContext(at, base, elements * 16, base, base + (elements - 1) * 16);
    });
    this.#ringContext(CRC, COMMAND_RING, 2048, COMMAND_RING, COMMAND_RING);
    for (const [high, low, value] of [
      [0x5c, 0x58, CCA],
      [0x64, 0x60, ECA],
      [0x6c, 0x68, CRC],
    ] as const) {
      await this.client.write32(high, 0);
      await this.client.write32(low, value);
    }
    await this.client.write32(0x10, 0x02060880); // MHICFG: 6 event rings, 2 of them hardware
    for (let ring = 0; ring < 4; ring++) await this.#eventDoorbell(ring);
  }

  /** Everything up to mission mode; the two events are taken. */
  async bringUp(vectors = 1): Promise<void> {
    await this.setUpPci(vectors);
    await this.untilReady();
    await this.setUpMmio();
    await this.setState(2);
    await this.untilEvents(2);
    await this.#eventDoorbell(4);
    await this.#eventDoorbell(5);
  }

  /** From a reset that was just written to mission mode; the rings' events are forgotten. */
  async bringUpAgain(): Promise<void> {
    await this.untilReady();
    await this.setUpMmio();
    this.events.length = 0;
    await this.setState(2);
    await this.untilEvents(2);
  }

  /** MHICTRL = state; the RESET bit is not touched. */
  async setState(state: number): Promise<void> {
    await this.client.write32(0x38, state << 8);
  }

  async mhiState(): Promise<number> {
    return ((await this.client.read32(0x48)) >>> 8) & 0xff;
  }

  /** Takes what the rings hold; moves the rings' write pointers and rings the doorbells where `giveBack`. */
  async collect(giveBack = true): Promise<void> {
    for (let ring = 0; ring < EVENT_ELEMENTS.length; ring++) {
      const elements = EVENT_ELEMENTS[ring] ?? 0;
      const base = this.#eventBase(ring);
      const rp = Number(this.ram.readBigUInt64LE(ECA + 44 * ring + 28)) - base;
      let at = this.#eventRead[ring] ?? 0;
      if (at * 16 === rp) continue;
      while (at * 16 !== rp) {
        this.events.push(this.#event(ring, base + at * 16));
        at = (at + 1) % elements;
      }
      this.#eventRead[ring] = at;
      if (giveBack) {
        const wp = base + ((at + elements - 1) % elements) * 16;
        this.ram.writeBigUInt64LE(BigInt(wp), ECA + 44 * ring + 36);
        await this.#eventDoorbell(ring);
      }
    }
  }

  /** Waits until `count` events were taken in all. */
  async untilEvents(count: number): Promise<void> {
    await this.until(`${count} events`, async () => {
      await this.collect();
      return this.events.length >= count;
    });
  }

  async until(what: string, probe: () => Promise<boolean> | boolean, timeoutMs = 3000): Promise<void> {
    const end = performance.now() + timeoutMs;
    while (!(await probe())) {
      if (performance.now() > end) throw new Error(`waited ${timeoutMs} ms for ${what}; events: ${this.events.length}`);
      await delay(2);
    }
  }

  /** A channel command element and its doorbell. type: 0x10 RESET, 0x11 STOP, 0x12 START. */
  async command(type: number, channel: number): Promise<void> {
    const at = COMMAND_RING + this.#commandWrite * 16;
    this.ram.fill(0, at, at + 16);
    this.ram.writeUInt32LE(((channel << 24) | (type << 16)) >>> 0, at + 12);
    this.#commandWrite = (this.#commandWrite + 1) % 128;
    const wp = COMMAND_RING + this.#commandWrite * 16;
    this.ram.writeBigUInt64LE(BigInt(wp), CRC + 36);
    await this.client.write32(0x74, 0);
    await this.client.write32(0x70, wp);
  }

  /** Context into memory, START, completion taken. */
  async start(channel: number, setup: ChannelSetup): Promise<void> {
    const at = CCA + 44 * channel;
    const base = this.ringBase(channel);
    this.ram.writeUInt32LE(setup.burst ? 0x0301 : 0x0201, at);
    this.ram.writeUInt32LE(setup.type, at + 4);
    this.ram.writeUInt32LE(setup.eventRing, at + 8);
    this.#ringContext(at, base, setup.elements * 16, base, base);
    this.#rings.set(channel, setup);
    this.#writePointers.set(channel, 0);
    const before = this.events.length;
    await this.command(0x12, channel);
    await this.untilEvents(before + 1);
  }

  /** Writes a TRE without ringing. Flags: 1 chain, 0x200 IEOT, 0x400 BEI. Returns its address. */
  queue(channel: number, buffer: number, length: number, flags = 0x200): number {
    const elements = this.#rings.get(channel)?.elements ?? 1;
    const index = this.#writePointers.get(channel) ?? 0;
    const at = this.ringBase(channel) + index * 16;
    this.ram.writeBigUInt64LE(BigInt(buffer), at);
    this.ram.writeUInt32LE(length, at + 8);
    this.ram.writeUInt32LE((0x20000 | flags) >>> 0, at + 12);
    const next = (index + 1) % elements;
    this.#writePointers.set(channel, next);
    this.ram.writeBigUInt64LE(BigInt(this.ringBase(channel) + next * 16), CCA + 44 * channel + 36);
    return at;
  }

  async ring(channel: number): Promise<void> {
    const wp = this.ringBase(channel) + (this.#writePointers.get(channel) ?? 0) * 16;
    await this.client.write32(0x304 + 8 * channel, 0);
    await this.client.write32(0x300 + 8 * channel, wp);
  }

  ringBase(channel: number): number {
    return TRANSFER_RINGS + channel * TRANSFER_RING_SPACING;
  }

  transfers(channel: number): Event[] {
    return this.events.filter((event) => event.type === 0x22 && event.channel === channel);
  }

  async deviceReset(): Promise<void> {
    await this.client.request(Cmd.RESET);
  }

  #eventBase(ring: number): number {
    return EVENT_RINGS + ring * EVENT_RING_SPACING;
  }

  #ringContext(at: number, base: number, length: number, rp: number, wp: number): void {
    [base, length, rp, wp].forEach((value, index) => {
      this.ram.writeBigUInt64LE(BigInt(value), at + 12 + 8 * index);
    });
  }

  async #eventDoorbell(ring: number): Promise<void> {
    const wp = Number(this.ram.readBigUInt64LE(ECA + 44 * ring + 36));
    await this.client.write32(0x704 + 8 * ring, 0);
    await this.client.write32(0x700 + 8 * ring, wp);
  }

  #event(ring: number, at: number): Event {
    const dword0 = this.ram.readUInt32LE(at + 8);
    const dword1 = this.ram.readUInt32LE(at + 12);
    return {
      ring,
      ptr: this.ram.readBigUInt64LE(at),
      code: dword0 >>> 24,
      length: dword0 & 0xffff,
      type: (dword1 >>> 16) & 0xff,
      channel: dword1 >>> 24,
    };
  }
}
