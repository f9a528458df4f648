/**
 * What each request means: its layout above its handler, sizes checked before anything is read.
 * A handler answers the reply's payload or refuses with an errno and a sentence; it never throws.
 */
import { Command, Errno, IRQ_COUNT, Irq, MAX_TRANSFER_BYTES, REGION_COUNT } from "./message.ts";
import type { VfioTarget } from "./target.ts";

export type Answer = { readonly payload: Buffer } | { readonly errno: Errno; readonly why: string };

export const EMPTY: Answer = { payload: Buffer.alloc(0) };
const refuse = (why: string, errno: Errno = Errno.EINVAL): Answer => ({ errno, why });
const wrongSize = (expected: string, found: number): Answer =>
  refuse(`payload of ${found} bytes, expected ${expected}`);

/** Kept per connection; DMA maps are only counted, as DMA goes through messages. */
export class Session {
  versionSeen = false;
  /** The client's limit on one DMA message. */
  maxTransferBytes = MAX_TRANSFER_BYTES;
  readonly dmaMaps = new Map<bigint, bigint>();
}

const OUR_CAPABILITIES = {
  capabilities: { max_msg_fds: 8, max_data_xfer_size: MAX_TRANSFER_BYTES, pgsizes: 4096, max_dma_maps: 65535 },
};
const MAX_DMA_MAPS = 65535;
const UINT64_END = 1n << 64n;

// VERSION: 0 u16 major, 2 u16 minor, 4 JSON text with NUL (may be absent)
function version(payload: Buffer, session: Session): Answer {
  if (session.versionSeen) return refuse("VERSION was agreed before");
  if (payload.length < 4) return wrongSize("at least 4", payload.length);
  const major = payload.readUInt16LE(0);
  if (major !== 0) return refuse(`major version ${major}, expected 0`);
  const limit = clientTransferLimit(payload.subarray(4));
  if (typeof limit === "string") return refuse(limit);
  session.versionSeen = true;
  session.maxTransferBytes = Math.min(limit, MAX_TRANSFER_BYTES);
  // minor 0: QEMU offers 0 and refuses a reply above its own
  return { payload: Buffer.concat([Buffer.alloc(4), Buffer.from(`${JSON.stringify(OUR_CAPABILITIES)}\0`)]) };
}

/** `max_data_xfer_size` of the client's JSON, 1 MiB where it says nothing; a sentence where the text is no good. */
function clientTransferLimit(text: Buffer): number | string {
  if (text.length === 0) return MAX_TRANSFER_BYTES;
  if (text[text.length - 1] !== 0) return "the capability text has no NUL at its end";
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.toString("utf8", 0, text.length - 1));
  } catch {
    return "the capability text is not JSON";
  }
  const capabilities = field(parsed, "capabilities");
  const limit = field(capabilities, "max_data_xfer_size");
  if (limit === undefined) return MAX_TRANSFER_BYTES;
  if (typeof limit !== "number" || !Number.isInteger(limit) || limit < 4096) {
    return `max_data_xfer_size ${JSON.stringify(limit)}, expected a whole number of at least 4096`;
  }
  return limit;
}

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;

/**
 * Where a request begins with `u32 argsz`, that is the size that its sender has for structure and answer: no smaller than the
 * structure itself.
 */
function argszTooSmall(payload: Buffer, bytes: number): Answer | undefined {
  const argsz = payload.readUInt32LE(0);
  return argsz < bytes ? refuse(`argsz ${argsz}, expected at least ${bytes}`) : undefined;
}

// DMA_MAP: 0 u32 argsz, 4 u32 flags (1 read, 2 write), 8 u64 file offset, 16 u64 address, 24 u64 size
function dmaMap(payload: Buffer, session: Session): Answer {
  if (payload.length !== 32) return wrongSize("32", payload.length);
  const small = argszTooSmall(payload, 32);
  if (small) return small;
  const flags = payload.readUInt32LE(4);
  if ((flags & ~3) !== 0) return refuse(`flags 0x${flags.toString(16)}, expected only read (1) and write (2)`);
  const range = rangeAt(payload, 16);
  if (typeof range === "string") return refuse(range);
  if (session.dmaMaps.size >= MAX_DMA_MAPS) return refuse(`more than ${MAX_DMA_MAPS} DMA maps`, Errno.E2BIG);
  session.dmaMaps.set(range.address, range.size);
  return EMPTY;
}

// DMA_UNMAP: 0 u32 argsz, 4 u32 flags (1 dirty bitmap, 2 all), 8 u64 address, 16 u64 size; the reply repeats it
function dmaUnmap(payload: Buffer, session: Session): Answer {
  if (payload.length !== 24) return wrongSize("24", payload.length);
  const small = argszTooSmall(payload, 24);
  if (small) return small;
  const flags = payload.readUInt32LE(4);
  if ((flags & ~2) !== 0) return refuse(`flags 0x${flags.toString(16)}, expected 0 or 2 (all)`, Errno.ENOTSUP);
  if (flags === 2) session.dmaMaps.clear();
  else {
    const range = rangeAt(payload, 8);
    if (typeof range === "string") return refuse(range);
    session.dmaMaps.delete(range.address); // QEMU also unmaps parts that it never mapped: harmless
  }
  return { payload: Buffer.from(payload) };
}

function rangeAt(payload: Buffer, at: number): { address: bigint; size: bigint } | string {
  const address = payload.readBigUInt64LE(at);
  const size = payload.readBigUInt64LE(at + 8);
  if (size === 0n) return "a range of 0 bytes";
  if (address + size > UINT64_END) return "the range runs past the end of the address space";
  return { address, size };
}

// DEVICE_GET_INFO: 0 u32 argsz, 4 u32 flags (1 reset, 2 PCI), 8 u32 regions, 12 u32 interrupt kinds
function deviceInfo(payload: Buffer): Answer {
  if (payload.length !== 16) return wrongSize("16", payload.length);
  return argszTooSmall(payload, 16) ?? { payload: words(16, 3, REGION_COUNT, IRQ_COUNT) };
}

// DEVICE_GET_REGION_INFO: 0 u32 argsz, 4 u32 flags (1 read, 2 write), 8 u32 index, 12 u32 cap offset, 16 u64 size,
// 24 u64 file offset
function regionInfo(payload: Buffer, target: VfioTarget): Answer {
  if (payload.length !== 32) return wrongSize("32", payload.length);
  const small = argszTooSmall(payload, 32);
  if (small) return small;
  const index = payload.readUInt32LE(8);
  if (index >= REGION_COUNT) return refuse(`region ${index}, expected 0 to ${REGION_COUNT - 1}`);
  const size = target.regionSize(index);
  return { payload: words(32, size === 0 ? 0 : 3, index, 0, size, 0, 0, 0) };
}

// DEVICE_GET_IRQ_INFO: 0 u32 argsz, 4 u32 flags (1 eventfd, 8 no resize), 8 u32 index, 12 u32 count
function irqInfo(payload: Buffer, target: VfioTarget): Answer {
  if (payload.length !== 16) return wrongSize("16", payload.length);
  const small = argszTooSmall(payload, 16);
  if (small) return small;
  const index = payload.readUInt32LE(8);
  if (index >= IRQ_COUNT) return refuse(`interrupt kind ${index}, expected 0 to ${IRQ_COUNT - 1}`);
  return { payload: words(16, 9, index, target.irqCount(index)) };
}

// DEVICE_SET_IRQS: 0 u32 argsz, 4 u32 flags, 8 u32 index, 12 u32 start, 16 u32 count, 20 data.
// flags: one of 1 none, 2 bool, 4 eventfd; one of 8 mask, 16 unmask, 32 trigger.
// The descriptors that come along are not used: interrupts go out as DMA writes of the MSI message.
function setIrqs(payload: Buffer, target: VfioTarget): Answer {
  if (payload.length < 20) return wrongSize("at least 20", payload.length);
  const small = argszTooSmall(payload, 20);
  if (small) return small;
  const flags = payload.readUInt32LE(4);
  const data = flags & 7;
  const action = flags & 0x38;
  if ((flags & ~0x3f) !== 0 || ![1, 2, 4].includes(data) || ![8, 16, 32].includes(action)) {
    return refuse(`flags 0x${flags.toString(16)}, expected one data kind (1, 2, 4) and one action (8, 16, 32)`);
  }
  const [index, start, count] = [payload.readUInt32LE(8), payload.readUInt32LE(12), payload.readUInt32LE(16)];
  if (index >= IRQ_COUNT) return refuse(`interrupt kind ${index}, expected 0 to ${IRQ_COUNT - 1}`);
  const vectors = target.irqCount(index);
  if (start + count > vectors) return refuse(`vectors ${start} to ${start + count}, but kind ${index} has ${vectors}`);
  const dataBytes = data === 2 ? count : 0;
  if (payload.length !== 20 + dataBytes) return wrongSize(String(20 + dataBytes), payload.length);
  return EMPTY;
}

// REGION_READ: 0 u64 offset, 8 u32 region, 12 u32 count; the reply is the same followed by the data
function regionRead(payload: Buffer, target: VfioTarget): Answer {
  if (payload.length !== 16) return wrongSize("16", payload.length);
  const access = accessAt(payload, target);
  if ("errno" in access) return access;
  return { payload: Buffer.concat([payload, target.readRegion(access.region, access.offset, access.count)]) };
}

// REGION_WRITE: 0 u64 offset, 8 u32 region, 12 u32 count, 16 data; the reply is the first 16 bytes
function regionWrite(payload: Buffer, target: VfioTarget): Answer {
  if (payload.length < 16) return wrongSize("at least 16", payload.length);
  const access = accessAt(payload, target);
  if ("errno" in access) return access;
  if (payload.length !== 16 + access.count) return wrongSize(String(16 + access.count), payload.length);
  target.writeRegion(access.region, access.offset, payload.subarray(16));
  return { payload: Buffer.from(payload.subarray(0, 16)) };
}

interface Access {
  readonly region: number;
  readonly offset: number;
  readonly count: number;
}

function accessAt(payload: Buffer, target: VfioTarget): Access | { errno: Errno; why: string } {
  const offset = payload.readBigUInt64LE(0);
  const region = payload.readUInt32LE(8);
  const count = payload.readUInt32LE(12);
  const bad = (why: string) => ({ errno: Errno.EINVAL, why });
  if (region >= REGION_COUNT) return bad(`region ${region}, expected 0 to ${REGION_COUNT - 1}`);
  const size = target.regionSize(region);
  if (size === 0) return bad(`region ${region} does not exist on this device`);
  if (count === 0) return bad("an access of 0 bytes");
  if (offset + BigInt(count) > BigInt(size)) {
    return bad(`${count} bytes at 0x${offset.toString(16)}, but region ${region} has 0x${size.toString(16)} bytes`);
  }
  return { region, offset: Number(offset), count };
}

// DEVICE_RESET: no payload
function deviceReset(payload: Buffer, target: VfioTarget): Answer {
  if (payload.length !== 0) return wrongSize("0", payload.length);
  target.reset();
  return EMPTY;
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => {
    bytes.writeUInt32LE(value, index * 4);
  });
  return bytes;
}

/** Answers one request. */
export function answer(command: number, payload: Buffer, session: Session, target: VfioTarget): Answer {
  if (!session.versionSeen && command !== Command.VERSION) return refuse("sent before VERSION");
  switch (command) {
    case Command.VERSION:
      return version(payload, session);
    case Command.DMA_MAP:
      return dmaMap(payload, session);
    case Command.DMA_UNMAP:
      return dmaUnmap(payload, session);
    case Command.DEVICE_GET_INFO:
      return deviceInfo(payload);
    case Command.DEVICE_GET_REGION_INFO:
      return regionInfo(payload, target);
    case Command.DEVICE_GET_IRQ_INFO:
      return irqInfo(payload, target);
    case Command.DEVICE_SET_IRQS:
      return setIrqs(payload, target);
    case Command.REGION_READ:
      return regionRead(payload, target);
    case Command.REGION_WRITE:
      return regionWrite(payload, target);
    case Command.DEVICE_RESET:
      return deviceReset(payload, target);
    default:
      return refuse("not supported by this device", Errno.ENOTSUP);
  }
}

/** Interrupt kinds that a device with MSI alone has. */
export const msiOnly = (irq: number, vectors: number): number => (irq === Irq.MSI ? vectors : 0);
