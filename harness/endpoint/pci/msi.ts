/** MSI capability, 64-bit address, 32 vectors, no per-vector masking (PCI 3.0, section 6.8.1). */
import type { ConfigBuilder } from "./config-space.ts";

const AT = 0x50;
const NEXT = 0x70;
const CAPABLE_64 = 0x0080;
const CAPABLE_32_VECTORS = 5 << 1;
const ENABLE = 0x0001;
const MULTIPLE_ENABLE = 0x0070;
export const MSI_VECTORS = 32;

export const MSI_CONTROL = AT + 2;
const ADDRESS_LOW = AT + 4;
const ADDRESS_HIGH = AT + 8;
const DATA = AT + 12;

export interface MsiMessage {
  readonly enabled: boolean;
  /** Vectors that the host has enabled: 1, 2, 4 ... 32. */
  readonly vectors: number;
  readonly address: bigint;
  readonly data: number;
}

export function addMsiCapability(config: ConfigBuilder): void {
  config.set8(AT, 0x05);
  config.set8(AT + 1, NEXT);
  config.set16(MSI_CONTROL, CAPABLE_64 | CAPABLE_32_VECTORS, ENABLE | MULTIPLE_ENABLE);
  config.set32(ADDRESS_LOW, 0, 0xfffffffc);
  config.set32(ADDRESS_HIGH, 0, 0xffffffff);
  config.set16(DATA, 0, 0xffff);
}

export function readMsi(bytes: Buffer): MsiMessage {
  const control = bytes.readUInt16LE(MSI_CONTROL);
  return {
    enabled: (control & ENABLE) !== 0,
    vectors: 1 << Math.min(5, (control & MULTIPLE_ENABLE) >> 4),
    address: bytes.readBigUInt64LE(ADDRESS_LOW),
    data: bytes.readUInt16LE(DATA),
  };
}

/** A device may alter only the low bits of the data that Multiple Message Enable gives it. */
export function msiData(msi: MsiMessage, vector: number): number {
  const mask = msi.vectors - 1;
  return (msi.data & ~mask) | (vector & mask);
}
