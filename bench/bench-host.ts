/** A host without a guest: a vfio-user client that answers the device's DMA from a memory, and counts its interrupts. */
import { createConnection, type Socket } from "node:net";
import { Command, encodeFrame, FLAG_REPLY, HEADER_BYTES, Region } from "../harness/endpoint/vfio-user/message.ts";
import { versionRequest } from "./round-trips.ts";

const MSI_ADDRESS = 0xfee0_0000n;
const MEMORY_BYTES = 80 << 20;

export class BenchHost {
  readonly ram = Buffer.alloc(MEMORY_BYTES);
  readonly #socket: Socket;
  #pending: Buffer = Buffer.alloc(0);
  #nextId = 1;
  readonly #waiting = new Map<number, (payload: Buffer) => void>();
  #onInterrupt: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", () => undefined);
  }

  /** `greet: false`: the peer takes the first message for something else. */
  static async connect(path: string, { greet = true } = {}): Promise<BenchHost> {
    const socket = await new Promise<Socket>((resolve, reject) => {
      const made = createConnection(path, () => resolve(made));
      made.once("error", reject);
    });
    const host = new BenchHost(socket);
    if (greet) await host.greet();
    return host;
  }

  /** VERSION, and its answer. */
  greet(): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#waiting.set(1, () => resolve());
      this.#socket.write(versionRequest());
    });
  }

  read32(offset: number): Promise<number> {
    return this.#ask(Command.REGION_READ, access(Region.BAR0, offset)).then((reply) => reply.readUInt32LE(16));
  }

  async write32(offset: number, value: number, region: number = Region.BAR0): Promise<void> {
    const data = Buffer.alloc(4);
    data.writeUInt32LE(value >>> 0);
    await this.#ask(Command.REGION_WRITE, Buffer.concat([access(region, offset), data]));
  }

  /** So many reads under way at once. @returns reads a second */
  async readRate(offset: number, count: number, window: number): Promise<number> {
    const startedNs = process.hrtime.bigint();
    let left = count;
    const chain = async (): Promise<void> => {
      while (left-- > 0) await this.read32(offset);
    };
    await Promise.all(Array.from({ length: window }, chain));
    return count / (Number(process.hrtime.bigint() - startedNs) / 1e9);
  }

  /** Memory and bus mastering on, one MSI vector; offsets as the endpoint's capability list has them. */
  async setUpPci(): Promise<void> {
    await this.write32(0x04, 0x0006, Region.CONFIG);
    await this.write32(0x54, Number(MSI_ADDRESS), Region.CONFIG);
    await this.write32(0x58, 0, Region.CONFIG);
    await this.write32(0x5c, 0x4020, Region.CONFIG);
    await this.write32(0x50, 0x0001_0000, Region.CONFIG);
  }

  nextInterrupt(): Promise<void> {
    return new Promise((resolve) => {
      this.#onInterrupt = resolve;
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #ask(command: number, payload: Buffer): Promise<Buffer> {
    this.#nextId = (this.#nextId % 0xffff) + 1;
    const id = this.#nextId;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.write(encodeFrame({ id, command, payload }));
    });
  }

  #take(chunk: Buffer): void {
    let bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (bytes.length >= HEADER_BYTES) {
      const size = bytes.readUInt32LE(4);
      if (bytes.length < size) break;
      this.#message(bytes.subarray(0, size));
      bytes = bytes.subarray(size);
    }
    this.#pending = bytes;
  }

  #message(frame: Buffer): void {
    const id = frame.readUInt16LE(0);
    const payload = frame.subarray(HEADER_BYTES);
    if ((frame.readUInt32LE(8) & FLAG_REPLY) === 0) {
      this.#dma(id, frame.readUInt16LE(2), payload);
      return;
    }
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.(payload);
  }

  #dma(id: number, command: number, payload: Buffer): void {
    const address = payload.readBigUInt64LE(0);
    const head = payload.subarray(0, 16);
    if (command === Command.DMA_READ) {
      const at = Number(address);
      const data = this.ram.subarray(at, at + Number(payload.readBigUInt64LE(8)));
      this.#reply(id, command, Buffer.concat([head, data]));
      return;
    }
    if (address !== MSI_ADDRESS) this.ram.set(payload.subarray(16), Number(address));
    this.#reply(id, command, head);
    if (address === MSI_ADDRESS) this.#onInterrupt();
  }

  #reply(id: number, command: number, payload: Buffer): void {
    this.#socket.write(encodeFrame({ id, command, payload, flags: FLAG_REPLY }));
  }
}

/** u64 offset, u32 region, u32 count. */
function access(region: number, offset: number): Buffer {
  const head = Buffer.alloc(16);
  head.writeBigUInt64LE(BigInt(offset), 0);
  head.writeUInt32LE(region, 8);
  head.writeUInt32LE(4, 12);
  return head;
}
