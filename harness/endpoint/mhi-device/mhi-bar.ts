/** The BAR that MHI is in: its registers, and around them what the family's SoC has there. */
import { systemClock } from "../../base/clock.ts";
import type { FamilyProfile } from "../../mhi/families/family.ts";
import type { Registers } from "./registers.ts";
import { REGISTER_BYTES } from "./registers.ts";
import { SocSpace } from "./soc-space.ts";

export class MhiBar {
  readonly #registers: Registers;
  readonly #space: SocSpace | undefined;
  readonly #counter: FamilyProfile["counter"];

  /** `globalReset` hears of the SoC's own reset register. */
  constructor({ space, counter }: FamilyProfile, registers: Registers, globalReset: () => void) {
    this.#registers = registers;
    this.#space = space && new SocSpace(space, globalReset);
    this.#counter = counter;
  }

  powerOn(): void {
    this.#space?.powerOn();
  }

  name(offset: number): string {
    return offset < REGISTER_BYTES ? this.#registers.name(offset) : `BAR+0x${offset.toString(16)}`;
  }

  /** `offset` and `lengthBytes` lie inside the BAR. */
  read(offset: number, lengthBytes: number): Buffer {
    if (this.#space && !this.#registers.owns(offset)) return this.#space.read(offset, lengthBytes);
    const bytes = Buffer.alloc(lengthBytes);
    this.#registers.read(offset, lengthBytes).copy(bytes);
    this.#countInto(bytes, offset);
    return bytes;
  }

  write(offset: number, data: Uint8Array): void {
    if (this.#space && !this.#registers.owns(offset)) this.#space.write(offset, data);
    else this.#registers.write(offset, data);
  }

  /** The free-running counter, where the read meets it. */
  #countInto(bytes: Buffer, offset: number): void {
    if (!this.#counter || offset >= this.#counter.at + 8 || offset + bytes.length <= this.#counter.at) return;
    const ticks = Buffer.alloc(8);
    ticks.writeBigUInt64LE(BigInt(Math.floor((systemClock.monotonicNs() / 1e9) * this.#counter.hz)));
    for (let at = 0; at < bytes.length; at++) {
      const from = offset + at - this.#counter.at;
      if (from >= 0 && from < ticks.length) bytes[at] = ticks[from] ?? 0;
    }
  }
}
