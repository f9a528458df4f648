/** One question at a time over a Unix socket: how long until the answer is there. */
import { createConnection } from "node:net";
import { Command, encodeFrame, HEADER_BYTES, Region } from "../harness/endpoint/vfio-user/message.ts";

/** u64 offset, u32 region, u32 count, as vfio-user's REGION_READ has it; the answer repeats it before the data. */
export const READ_REQUEST_BYTES = HEADER_BYTES + 16;
export const READ_REPLY_BYTES = READ_REQUEST_BYTES + 4;

export function readRequest(offset: number): Buffer {
  const payload = Buffer.alloc(16);
  payload.writeBigUInt64LE(BigInt(offset), 0);
  payload.writeUInt32LE(Region.BAR0, 8);
  payload.writeUInt32LE(4, 12);
  return encodeFrame({ id: 1, command: Command.REGION_READ, payload });
}

/** major 0, minor 1, no capabilities: the first message of any client. */
export const versionRequest = (): Buffer =>
  encodeFrame({ id: 1, command: Command.VERSION, payload: Buffer.from([0, 0, 1, 0, ...Buffer.from("{}\0")]) });

export class Asker {
  readonly #socket: ReturnType<typeof createConnection>;
  #onBytes: (count: number, chunk: Buffer) => void = () => undefined;
  #onEnd: () => void = () => undefined;

  private constructor(socket: ReturnType<typeof createConnection>) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#onBytes(chunk.length, chunk));
    socket.on("error", () => undefined); // "close" follows
    socket.on("close", () => this.#onEnd());
  }

  static connect(path: string): Promise<Asker> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(path, () => resolve(new Asker(socket)));
      socket.once("error", reject);
    });
  }

  /** The first chunk that comes back, whatever its size. */
  once(request: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#onEnd = () => reject(new Error("the peer closed the connection"));
      this.#onBytes = (_, chunk) => resolve(chunk);
      this.#socket.write(request);
    });
  }

  /** @returns microseconds a round trip. */
  async roundTripUs(request: Buffer, replyBytes: number, count: number): Promise<number> {
    const startedNs = process.hrtime.bigint();
    await new Promise<void>((resolve, reject) => {
      let left = count;
      let missing = replyBytes;
      this.#onEnd = () => reject(new Error("the peer closed the connection"));
      this.#onBytes = (bytes) => {
        missing -= bytes;
        if (missing > 0) return;
        missing = replyBytes;
        if (--left === 0) resolve();
        else this.#socket.write(request);
      };
      this.#socket.write(request);
    });
    return Number(process.hrtime.bigint() - startedNs) / 1000 / count;
  }

  close(): void {
    this.#onEnd = () => undefined;
    this.#socket.destroy();
  }
}
