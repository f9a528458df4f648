import { hex } from "../../base/hex.ts";
import { RING_ELEMENT_BYTES } from "../../mhi/ring-element.ts";

/** The largest ring taken; the driver's largest has 2048 elements. Bounds what a mad guest can make us read. */
const MAX_ELEMENTS = 65536;
const ELEMENT = BigInt(RING_ELEMENT_BYTES);

/** Place and size of a ring in guest memory; elements are spoken of by index. */
export class Ring {
  readonly base: bigint;
  readonly elements: number;

  private constructor(base: bigint, elements: number) {
    this.base = base;
    this.elements = elements;
  }

  /** A sentence where base and length make no ring. */
  static of(base: bigint, lengthBytes: bigint): Ring | string {
    const ok = lengthBytes >= 2n * ELEMENT && lengthBytes % ELEMENT === 0n && lengthBytes / ELEMENT <= MAX_ELEMENTS;
    if (!ok) return `ring length ${lengthBytes}, expected a multiple of 16 from 32 to ${MAX_ELEMENTS * 16}`;
    if (base === 0n || base % ELEMENT !== 0n) return `ring base ${hex(base)}, expected a multiple of 16 above 0`;
    return new Ring(base, Number(lengthBytes / ELEMENT));
  }

  /** Index of the element at `address`; undefined outside the ring or off its grid. */
  indexOf(address: bigint): number | undefined {
    const at = address - this.base;
    if (at < 0n || at % ELEMENT !== 0n || at >= BigInt(this.elements) * ELEMENT) return undefined;
    return Number(at / ELEMENT);
  }

  addressOf(index: number): bigint {
    return this.base + BigInt(index) * ELEMENT;
  }

  advance(index: number, by = 1): number {
    return (index + by) % this.elements;
  }

  /** Elements from `from` up to, not with, `to`. */
  distance(from: number, to: number): number {
    return (to - from + this.elements) % this.elements;
  }

  /** Elements from `index` to the end of the ring's memory: what one access can reach. */
  untilEnd(index: number): number {
    return this.elements - index;
  }

  toString(): string {
    return `${hex(this.base)} (${this.elements} elements)`;
  }
}

export interface RingElement {
  readonly ptr: bigint;
  readonly dword0: number;
  readonly dword1: number;
}

export const readElement = (bytes: Buffer, index: number): RingElement => ({
  ptr: bytes.readBigUInt64LE(index * RING_ELEMENT_BYTES),
  dword0: bytes.readUInt32LE(index * RING_ELEMENT_BYTES + 8),
  dword1: bytes.readUInt32LE(index * RING_ELEMENT_BYTES + 12),
});

export function encodeElements(elements: readonly RingElement[]): Buffer {
  const bytes = Buffer.alloc(elements.length * RING_ELEMENT_BYTES);
  elements.forEach((element, index) => {
    bytes.writeBigUInt64LE(element.ptr, index * RING_ELEMENT_BYTES);
    bytes.writeUInt32LE(element.dword0 >>> 0, index * RING_ELEMENT_BYTES + 8);
    bytes.writeUInt32LE(element.dword1 >>> 0, index * RING_ELEMENT_BYTES + 12);
  });
  return bytes;
}

export function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}
