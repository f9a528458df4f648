/**
 * PCI configuration space: bytes, a mask of the writable bits, and a mask of the bits that a written 1 clears.
 *
 *   0x00 header type 0   0x40 power management   0x50 MSI (64-bit)   0x70 PCI Express endpoint v2
 *
 * Capability places as a T99W175 (SDX55) shows them in lspci. The client (QEMU) asks for BAR values and for the MSI
 * bits by itself too, but passes every write on.
 */
import type { FamilyProfile } from "../../mhi/families/family.ts";
import { addExpressCapability, DEVCTL, DEVCTL_FLR } from "./express.ts";
import { addMsiCapability, MSI_CONTROL, type MsiMessage, readMsi } from "./msi.ts";
import { addPowerCapability, PMCSR, PMCSR_PME_ENABLE, PMCSR_PME_STATUS, PMCSR_STATE } from "./power.ts";

export const CONFIG_BYTES = 4096;
const BAR0 = 0x10;
const BAR_64_BIT = 0x4;
export const COMMAND = 0x04;
export const COMMAND_MEMORY = 1 << 1;
export const COMMAND_MASTER = 1 << 2;
const COMMAND_WRITABLE = 0x0546; // memory, master, parity, SERR, INTx disable
const STATUS_WRITE_1_CLEARS = 0xf900;
const STATUS_CAPABILITIES = 0x0010;

/** Where a capability's author puts its bits. */
export interface ConfigBuilder {
  set8(offset: number, value: number): void;
  set16(offset: number, value: number, writable?: number, clearOnOne?: number): void;
  set32(offset: number, value: number, writable?: number): void;
}

export interface ConfigEvents {
  /** Function-level reset was written. */
  functionReset(): void;
  /** PMCSR changed the device's power state: 0 = D0, 3 = D3hot. */
  powerState(state: number): void;
  /** The MSI control word was written. */
  msiControl(control: number): void;
}

export class ConfigSpace {
  readonly #family: FamilyProfile;
  readonly #events: ConfigEvents;
  readonly #bytes = Buffer.alloc(CONFIG_BYTES);
  readonly #writable = Buffer.alloc(CONFIG_BYTES);
  readonly #clearOnOne = Buffer.alloc(CONFIG_BYTES);

  constructor(family: FamilyProfile, events: ConfigEvents) {
    this.#family = family;
    this.#events = events;
    this.reset();
  }

  /** Power-on values: power cut, FLR and conventional reset alike. */
  reset(): void {
    for (const bytes of [this.#bytes, this.#writable, this.#clearOnOne]) bytes.fill(0);
    const builder = this.#builder();
    this.#addHeader(builder);
    addPowerCapability(builder);
    addMsiCapability(builder);
    addExpressCapability(builder);
  }

  get busMaster(): boolean {
    return (this.#bytes.readUInt16LE(COMMAND) & COMMAND_MASTER) !== 0;
  }

  /** 0 = D0 ... 3 = D3hot. */
  get powerState(): number {
    return this.#bytes.readUInt16LE(PMCSR) & PMCSR_STATE;
  }

  /** The device wants to be woken from D3hot: PME_Status. False where the host has not enabled it. */
  assertPme(): boolean {
    const control = this.#bytes.readUInt16LE(PMCSR);
    if ((control & PMCSR_STATE) !== 3 || (control & PMCSR_PME_ENABLE) === 0) return false;
    this.#bytes.writeUInt16LE(control | PMCSR_PME_STATUS, PMCSR);
    return true;
  }

  get msi(): MsiMessage {
    return readMsi(this.#bytes);
  }

  read(offset: number, lengthBytes: number): Buffer {
    return Buffer.from(this.#bytes.subarray(offset, offset + lengthBytes));
  }

  write(offset: number, data: Uint8Array): void {
    const powerBefore = this.powerState;
    const flrWritten = bitWritten(offset, data, DEVCTL, DEVCTL_FLR);
    data.forEach((value, index) => {
      this.#writeByte(offset + index, value);
    });
    if (covers(offset, data.length, MSI_CONTROL)) this.#events.msiControl(this.#bytes.readUInt16LE(MSI_CONTROL));
    if (this.powerState !== powerBefore) this.#events.powerState(this.powerState);
    if (flrWritten) this.#events.functionReset();
  }

  #writeByte(at: number, value: number): void {
    const old = this.#bytes[at] ?? 0;
    const writable = this.#writable[at] ?? 0;
    const cleared = value & (this.#clearOnOne[at] ?? 0);
    this.#bytes[at] = ((old & ~writable) | (value & writable)) & ~cleared;
  }

  #addHeader(builder: ConfigBuilder): void {
    const { pci } = this.#family;
    builder.set16(0x00, pci.vendor);
    builder.set16(0x02, pci.device);
    builder.set16(COMMAND, 0, COMMAND_WRITABLE);
    builder.set16(0x06, STATUS_CAPABILITIES, 0, STATUS_WRITE_1_CLEARS);
    builder.set32(0x08, pci.classCode * 0x100); // revision 0
    builder.set32(0x0c, 0, 0xff); // cache line size
    this.#addBars(builder);
    builder.set16(0x2c, pci.subVendor);
    builder.set16(0x2e, pci.subDevice);
    builder.set8(0x34, 0x40);
    builder.set16(0x3c, 0, 0xff); // interrupt line; pin 0: no INTx
  }

  /** Memory BARs: 64-bit ones, which take two places, unless the next place is a BAR of its own. */
  #addBars(builder: ConfigBuilder): void {
    const { bars } = this.#family.pci;
    for (const [index, bytes] of Object.entries(bars)) {
      const at = BAR0 + 4 * Number(index);
      const wide = bars[Number(index) + 1] === undefined;
      builder.set32(at, wide ? BAR_64_BIT : 0, ~(bytes - 1) >>> 0);
      if (wide) builder.set32(at + 4, 0, 0xffffffff);
    }
  }

  #builder(): ConfigBuilder {
    return {
      set8: (offset, value) => this.#bytes.writeUInt8(value, offset),
      set16: (offset, value, writable = 0, clearOnOne = 0) => {
        this.#bytes.writeUInt16LE(value, offset);
        this.#writable.writeUInt16LE(writable, offset);
        this.#clearOnOne.writeUInt16LE(clearOnOne, offset);
      },
      set32: (offset, value, writable = 0) => {
        this.#bytes.writeUInt32LE(value, offset);
        this.#writable.writeUInt32LE(writable, offset);
      },
    };
  }
}

const covers = (offset: number, length: number, at: number): boolean => offset <= at + 1 && offset + length > at;

/** Whether a write puts a 1 into `bit` of the 16-bit register at `at`. */
function bitWritten(offset: number, data: Uint8Array, at: number, bit: number): boolean {
  const low = data[at - offset] ?? 0;
  const high = data[at + 1 - offset] ?? 0;
  return (((high << 8) | low) & bit) !== 0;
}
