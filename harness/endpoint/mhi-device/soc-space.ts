/**
 * The SoC's own registers around MHI's, as the ath drivers reach them: the first part of the BAR as it is, the rest through
 * windows whose place in the register space a select register gives, six bits a window.
 * Source: ath11k_pci_select_window, ath11k_pci_select_static_window of drivers/net/wireless/ath/ath11k/pci.c.
 */
import type { RegisterSpace } from "../../mhi/families/family.ts";
import { PagedMemory } from "./paged-memory.ts";

const SELECT_BITS = 6;
const GLOBAL_RESET = 1;

export class SocSpace {
  readonly #space: RegisterSpace;
  readonly #memory: PagedMemory;
  readonly #reset: () => void;

  /** `reset` hears of the global reset's falling edge: the SoC starts afresh. */
  constructor(space: RegisterSpace, reset: () => void) {
    this.#space = space;
    this.#memory = new PagedMemory(space.windowBytes << SELECT_BITS);
    this.#reset = reset;
    this.powerOn();
  }

  powerOn(): void {
    this.#memory.clear();
    for (const [at, value] of Object.entries(this.#space.presets)) this.#memory.write32(Number(at), value);
  }

  read(offset: number, lengthBytes: number): Buffer {
    return this.#memory.read(this.#addressOf(offset), lengthBytes);
  }

  write(offset: number, data: Uint8Array): void {
    const { globalResetAt } = this.#space;
    const held = this.#held(globalResetAt);
    this.#memory.write(this.#addressOf(offset), data);
    if (held && !this.#held(globalResetAt)) this.#reset();
  }

  #held(resetAt: number): boolean {
    return (this.#memory.read32(resetAt) & GLOBAL_RESET) !== 0;
  }

  /** Address in the register space of a place in the BAR. */
  #addressOf(offset: number): number {
    const { selectAt, windowAt, windowBytes } = this.#space;
    if (offset < windowAt) return offset;
    const window = Math.floor((offset - windowAt) / windowBytes);
    const select = (this.#memory.read32(selectAt) >>> (SELECT_BITS * window)) & ((1 << SELECT_BITS) - 1);
    return select * windowBytes + ((offset - windowAt) % windowBytes);
  }
}
