import { RigFault } from "../../base/errors.ts";
import { hex } from "../../base/hex.ts";
import { Command, commandName, encodeFrame, FLAG_ERROR, type Message } from "./message.ts";
import type { Dma } from "./target.ts";

interface Outstanding {
  readonly command: number;
  readonly address: bigint;
  readonly lengthBytes: number;
  resolve(payload: Buffer): void;
  reject(error: Error): void;
}

/**
 * The most that one message carries. QEMU 11.1 stands still when its answer does not fit into the socket's send buffer
 * (208 KiB by default): a read of 512 KiB was never answered, nor any register access after it.
 */
const PIECE_BYTES = 64 * 1024;

/**
 * DMA as messages to the client: DMA_READ and DMA_WRITE, both `0 u64 address, 8 u64 count, 16 data`.
 * The client serves them in the order sent (one queue in its main loop), so writes keep their order.
 */
export class DmaRequests implements Dma {
  readonly #send: (frame: Buffer) => void;
  readonly #maxTransferBytes: () => number;
  readonly #outstanding = new Map<number, Outstanding>();
  #nextId = 0;
  /** Why nothing can be sent any more. */
  #closed: string | undefined;

  constructor(send: (frame: Buffer) => void, maxTransferBytes: () => number) {
    this.#send = send;
    this.#maxTransferBytes = maxTransferBytes;
  }

  async read(address: bigint, lengthBytes: number): Promise<Buffer> {
    const data: Buffer[] = [];
    for (const { at, length } of this.#split(lengthBytes)) {
      data.push((await this.#request(Command.DMA_READ, address + BigInt(at), length)).subarray(16));
    }
    const [only] = data;
    return data.length === 1 && only ? only : Buffer.concat(data);
  }

  async write(address: bigint, data: Uint8Array): Promise<void> {
    const parts = this.#split(data.length).map(({ at, length }) =>
      this.#request(Command.DMA_WRITE, address + BigInt(at), length, data.subarray(at, at + length)),
    );
    await Promise.all(parts);
  }

  cancelAll(reason: string): void {
    const waiting = [...this.#outstanding.values()];
    this.#outstanding.clear();
    for (const request of waiting) request.reject(fault("dma-cancelled", request, reason));
  }

  /** No more requests: the connection is gone. */
  close(reason: string): void {
    this.#closed = reason;
    this.cancelAll(reason);
  }

  /** Takes a reply frame; a sentence where it fits no request or is malformed. */
  settle(message: Message): string | undefined {
    const request = this.#outstanding.get(message.id);
    if (!request) return undefined; // cancelled earlier, or never asked: nobody waits
    this.#outstanding.delete(message.id);
    if ((message.flags & FLAG_ERROR) !== 0) {
      request.reject(fault("dma-refused", request, `the host answered errno ${message.errno}`));
      return undefined;
    }
    const expected = request.command === Command.DMA_READ ? 16 + request.lengthBytes : 0;
    if (message.command !== request.command || message.payload.length < expected) {
      const why = `reply ${commandName(message.command)} of ${message.payload.length} bytes, expected ${commandName(request.command)} of ${expected}`;
      request.reject(fault("dma-refused", request, why));
      return why;
    }
    request.resolve(message.payload);
    return undefined;
  }

  #request(command: number, address: bigint, lengthBytes: number, data?: Uint8Array): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const entry: Outstanding = { command, address, lengthBytes, resolve, reject };
      const id = this.#closed === undefined ? this.#freeId() : undefined;
      if (id === undefined) {
        reject(fault("dma-cancelled", entry, this.#closed ?? "65536 requests are under way"));
        return;
      }
      this.#outstanding.set(id, entry);
      const payload = Buffer.alloc(16 + (data?.length ?? 0));
      payload.writeBigUInt64LE(BigInt.asUintN(64, address), 0);
      payload.writeBigUInt64LE(BigInt(lengthBytes), 8);
      if (data) payload.set(data, 16);
      this.#send(encodeFrame({ id, command, payload }));
    });
  }

  #freeId(): number | undefined {
    if (this.#outstanding.size >= 0x10000) return undefined;
    while (this.#outstanding.has(this.#nextId)) this.#nextId = (this.#nextId + 1) & 0xffff;
    const id = this.#nextId;
    this.#nextId = (id + 1) & 0xffff;
    return id;
  }

  #split(lengthBytes: number): { at: number; length: number }[] {
    const limit = Math.min(PIECE_BYTES, this.#maxTransferBytes());
    const parts: { at: number; length: number }[] = [];
    for (let at = 0; at < lengthBytes; at += limit) parts.push({ at, length: Math.min(limit, lengthBytes - at) });
    return parts;
  }
}

const fault = (
  code: string,
  request: Pick<Outstanding, "command" | "address" | "lengthBytes">,
  why: string,
): RigFault =>
  new RigFault(
    code,
    `${commandName(request.command)} of ${request.lengthBytes} bytes at ${hex(request.address)}: ${why}`,
    {
      values: { address: hex(request.address), lengthBytes: request.lengthBytes },
    },
  );
