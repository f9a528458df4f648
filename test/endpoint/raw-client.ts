/**
 * A vfio-user client made of nothing but a socket: sends any bytes, answers the server's DMA from a memory.
 * It shares no code with the server's reader or handlers, only the numbers.
 */
import { createConnection, type Socket } from "node:net";

export const Cmd = {
  VERSION: 1,
  DMA_MAP: 2,
  DMA_UNMAP: 3,
  GET_INFO: 4,
  GET_REGION_INFO: 5,
  GET_IRQ_INFO: 7,
  SET_IRQS: 8,
  REGION_READ: 9,
  REGION_WRITE: 10,
  DMA_READ: 11,
  DMA_WRITE: 12,
  RESET: 13,
} as const;
export const EINVAL = 22;
export const E2BIG = 7;
export const ENOTSUP = 95;
export const ENODEV = 19;

export interface Reply {
  readonly id: number;
  readonly command: number;
  readonly flags: number;
  readonly errno: number;
  readonly payload: Buffer;
}

/** Guest memory as the client serves it; undefined = the address decodes to nothing. */
export interface Memory {
  read(address: bigint, length: number): Buffer | undefined;
  write(address: bigint, data: Buffer): boolean;
}

export const noMemory: Memory = { read: () => undefined, write: () => false };

export function frame(id: number, command: number, payload: Uint8Array = Buffer.alloc(0), flags = 0, size?: number) {
  const bytes = Buffer.alloc(16 + payload.length);
  bytes.writeUInt16LE(id, 0);
  bytes.writeUInt16LE(command, 2);
  bytes.writeUInt32LE(size ?? bytes.length, 4);
  bytes.writeUInt32LE(flags, 8);
  bytes.set(payload, 16);
  return bytes;
}

export const u32s = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => {
    bytes.writeUInt32LE(value >>> 0, index * 4);
  });
  return bytes;
};
export const u64s = (...values: bigint[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, index) => {
    bytes.writeBigUInt64LE(value, index * 8);
  });
  return bytes;
};
export const regionAccess = (region: number, offset: bigint, count: number, data: Uint8Array = Buffer.alloc(0)) =>
  Buffer.concat([u64s(offset), u32s(region, count), data]);

export class RawClient {
  readonly socket: Socket;
  memory: Memory = noMemory;
  /** False: DMA requests are left unanswered, as by a host that hangs. */
  answersDma = true;
  /** DMA requests in the order seen. */
  readonly dmaSeen: { command: number; address: bigint; count: bigint }[] = [];
  closed = false;
  #pending = Buffer.alloc(0);
  #nextId = 1;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  readonly #onClose = new Set<() => void>();
  #held: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
      for (const listener of this.#onClose) listener();
    });
  }

  static connect(path: string): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(path, () => resolve(new RawClient(socket)));
      socket.once("error", reject);
    });
  }

  /** Connected and past VERSION. */
  static async ready(path: string): Promise<RawClient> {
    const client = await RawClient.connect(path);
    await client.request(Cmd.VERSION, Buffer.alloc(4));
    return client;
  }

  send(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  id(): number {
    this.#nextId = (this.#nextId + 1) & 0x7fff;
    return this.#nextId;
  }

  reply(id: number): Promise<Reply> {
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  request(command: number, payload: Uint8Array = Buffer.alloc(0)): Promise<Reply> {
    const id = this.id();
    const reply = this.reply(id);
    this.send(frame(id, command, payload));
    return reply;
  }

  async read(region: number, offset: number, count: number): Promise<Buffer> {
    const reply = await this.request(Cmd.REGION_READ, regionAccess(region, BigInt(offset), count));
    return reply.payload.subarray(16);
  }

  async read32(offset: number): Promise<number> {
    return (await this.read(0, offset, 4)).readUInt32LE(0);
  }

  async write32(offset: number, value: number): Promise<void> {
    await this.request(Cmd.REGION_WRITE, regionAccess(0, BigInt(offset), 4, u32s(value)));
  }

  async config(offset: number, count: 1 | 2 | 4): Promise<number> {
    return (await this.read(7, offset, count)).readUIntLE(0, count);
  }

  async setConfig(offset: number, value: number, count: 1 | 2 | 4): Promise<void> {
    const data = Buffer.alloc(count);
    data.writeUIntLE(value >>> 0, 0, count);
    await this.request(Cmd.REGION_WRITE, regionAccess(7, BigInt(offset), count, data));
  }

  /** The server has closed the connection. */
  untilClosed(): Promise<void> {
    return this.closed ? Promise.resolve() : new Promise((resolve) => this.#onClose.add(resolve));
  }

  close(): Promise<void> {
    this.socket.destroy();
    return this.untilClosed();
  }

  #take(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    while (this.#pending.length >= 16) {
      const size = this.#pending.readUInt32LE(4);
      if (this.#pending.length < size) return;
      const message = Buffer.from(this.#pending.subarray(0, size));
      this.#pending = this.#pending.subarray(size);
      this.#message(message);
    }
  }

  #message(bytes: Buffer): void {
    const [id, command, flags] = [bytes.readUInt16LE(0), bytes.readUInt16LE(2), bytes.readUInt32LE(8)];
    const payload = bytes.subarray(16);
    if ((flags & 1) === 0) {
      this.#dma(id, command, payload);
      return;
    }
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.({ id, command, flags, errno: bytes.readUInt32LE(12), payload });
  }

  #dma(id: number, command: number, payload: Buffer): void {
    const [address, count] = [payload.readBigUInt64LE(0), payload.readBigUInt64LE(8)];
    this.dmaSeen.push({ command, address, count });
    if (this.answersDma) this.#serveDma(id, command, payload, address, count);
    else this.#held.push(() => this.#serveDma(id, command, payload, address, count));
  }

  /** Answers what was left unanswered, and from now on at once. */
  releaseDma(): void {
    this.answersDma = true;
    for (const serve of this.#held.splice(0)) serve();
  }

  #serveDma(id: number, command: number, payload: Buffer, address: bigint, count: bigint): void {
    const head = payload.subarray(0, 16);
    if (command === Cmd.DMA_WRITE) {
      const done = this.memory.write(address, payload.subarray(16));
      this.#answer(id, command, done ? head : undefined);
    } else {
      const data = this.memory.read(address, Number(count));
      this.#answer(id, command, data && Buffer.concat([head, data]));
    }
  }

  #answer(id: number, command: number, payload: Buffer | undefined): void {
    const bytes = frame(id, command, payload ?? Buffer.alloc(0), payload ? 1 : 0x21);
    if (!payload) bytes.writeUInt32LE(ENODEV, 12);
    this.send(bytes);
  }
}
