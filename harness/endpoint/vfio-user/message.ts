/**
 * vfio-user messages: the header and the numbers.
 *
 *   header  0 u16 id   2 u16 command   4 u32 size (with header)   8 u32 flags   12 u32 errno
 *
 * Little endian. Source: the vfio-user specification 0.9.2 (docs/interop/vfio-user.rst of QEMU); what QEMU 11.1
 * really sends was seen on the wire.
 */
export const HEADER_BYTES = 16;

export const Command = {
  VERSION: 1,
  DMA_MAP: 2,
  DMA_UNMAP: 3,
  DEVICE_GET_INFO: 4,
  DEVICE_GET_REGION_INFO: 5,
  DEVICE_GET_REGION_IO_FDS: 6,
  DEVICE_GET_IRQ_INFO: 7,
  DEVICE_SET_IRQS: 8,
  REGION_READ: 9,
  REGION_WRITE: 10,
  DMA_READ: 11, // device to client
  DMA_WRITE: 12, // device to client
  DEVICE_RESET: 13,
  REGION_WRITE_MULTI: 15, // only if `write_multiple` was offered: it is not
} as const;
export type Command = (typeof Command)[keyof typeof Command];

const NAMES = new Map<number, string>(Object.entries(Command).map(([name, value]) => [value, name]));
export const commandName = (command: number): string => NAMES.get(command) ?? `command ${command}`;

export const FLAG_TYPE_MASK = 0xf;
export const FLAG_REPLY = 1;
export const FLAG_NO_REPLY = 0x10;
export const FLAG_ERROR = 0x20;

/** Linux errno values, as the peer reads them. */
export const Errno = { EIO: 5, EBUSY: 16, ENODEV: 19, EINVAL: 22, E2BIG: 7, ENOTSUP: 95 } as const;
export type Errno = (typeof Errno)[keyof typeof Errno];

/** Regions of a PCI device, as linux/vfio.h numbers them. */
export const Region = { BAR0: 0, BAR5: 5, ROM: 6, CONFIG: 7, VGA: 8 } as const;
export const REGION_COUNT = 9;

/** Interrupt kinds, as linux/vfio.h numbers them. */
export const Irq = { INTX: 0, MSI: 1, MSIX: 2, ERR: 3, REQ: 4 } as const;
export const IRQ_COUNT = 5;

/** Largest data part of one message, both ways (VERSION capability `max_data_xfer_size`). */
export const MAX_TRANSFER_BYTES = 1 << 20;
/** Largest frame taken: data, the longest fixed part, and room. */
export const MAX_FRAME_BYTES = MAX_TRANSFER_BYTES + 4096;

export interface Header {
  readonly id: number;
  readonly command: number;
  readonly size: number;
  readonly flags: number;
  readonly errno: number;
}

export interface Message extends Header {
  readonly payload: Buffer;
}

export const isReply = (flags: number): boolean => (flags & FLAG_TYPE_MASK) === FLAG_REPLY;

export function readHeader(bytes: Buffer, at = 0): Header {
  return {
    id: bytes.readUInt16LE(at),
    command: bytes.readUInt16LE(at + 2),
    size: bytes.readUInt32LE(at + 4),
    flags: bytes.readUInt32LE(at + 8),
    errno: bytes.readUInt32LE(at + 12),
  };
}

export interface FrameFields {
  readonly id: number;
  readonly command: number;
  readonly flags?: number;
  readonly errno?: number;
  readonly payload?: Uint8Array;
}

/** One frame with its size filled in. */
export function encodeFrame(fields: FrameFields): Buffer {
  const length = HEADER_BYTES + (fields.payload?.length ?? 0);
  const frame = Buffer.allocUnsafe(length);
  frame.writeUInt16LE(fields.id, 0);
  frame.writeUInt16LE(fields.command, 2);
  frame.writeUInt32LE(length, 4);
  frame.writeUInt32LE(fields.flags ?? 0, 8);
  frame.writeUInt32LE(fields.errno ?? 0, 12);
  if (fields.payload) frame.set(fields.payload, HEADER_BYTES);
  return frame;
}
