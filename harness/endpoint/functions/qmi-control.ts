/**
 * QMI's control service behind the QMI channel: what every client asks first.
 *
 *   QMUX  0 u8 1   1 u16 length of the rest   3 u8 flags (0x80 from the device)   4 u8 service   5 u8 client
 *   CTL   6 u8 kind (0 request, 1 response)   7 u8 transaction   8 u16 message   10 u16 TLV bytes   12 TLVs
 *
 * Source: the QMUX framing of libqmi and drivers/net/usb/qmi_wwan.c; message ids of the CTL service.
 */
import type { FunctionFactory } from "./function.ts";

const IF_TYPE = 1;
const FROM_DEVICE = 0x80;
const CTL = 0;
const RESPONSE = 1;
const HEADER_BYTES = 12;

const Message = { GET_VERSION_INFO: 0x21, GET_CLIENT_ID: 0x22, RELEASE_CLIENT_ID: 0x23, SYNC: 0x27 } as const;
const QmiError = { NONE: 0, INVALID_CLIENT_ID: 5, NOT_SUPPORTED: 94 } as const;

/** Services that it names: CTL, WDS, DMS, NAS, with the versions of an SDX55. */
const SERVICES: readonly (readonly [service: number, major: number, minor: number])[] = [
  [0x00, 1, 5],
  [0x01, 1, 67],
  [0x02, 1, 14],
  [0x03, 1, 25],
];
const MAX_CLIENTS = 32;

interface Request {
  readonly transaction: number;
  readonly message: number;
  readonly tlvs: ReadonlyMap<number, Buffer>;
}

export const qmiControl: FunctionFactory = ({ send }) => {
  const clients = new Set<string>();
  return {
    receive: (frame) => {
      const request = parse(frame);
      if (request) send(answer(request, clients));
    },
  };
};

/** A whole request to the control service; undefined for anything else. */
function parse(frame: Buffer): Request | undefined {
  if (frame.length < HEADER_BYTES || frame[0] !== IF_TYPE || frame.readUInt16LE(1) !== frame.length - 1)
    return undefined;
  if (frame[4] !== CTL || frame[6] !== 0) return undefined;
  if (frame.readUInt16LE(10) !== frame.length - HEADER_BYTES) return undefined;
  const tlvs = new Map<number, Buffer>();
  for (let at = HEADER_BYTES; at < frame.length; ) {
    if (at + 3 > frame.length) return undefined;
    const end = at + 3 + frame.readUInt16LE(at + 1);
    if (end > frame.length) return undefined;
    tlvs.set(frame[at] ?? 0, frame.subarray(at + 3, end));
    at = end;
  }
  return { transaction: frame[7] ?? 0, message: frame.readUInt16LE(8), tlvs };
}

function answer(request: Request, clients: Set<string>): Buffer {
  const { message, tlvs } = request;
  if (message === Message.SYNC) {
    clients.clear();
    return encode(request, QmiError.NONE);
  }
  if (message === Message.GET_VERSION_INFO) return encode(request, QmiError.NONE, tlv(0x01, versions()));
  if (message === Message.GET_CLIENT_ID) return allocate(request, clients);
  if (message === Message.RELEASE_CLIENT_ID) {
    const wanted = tlvs.get(0x01);
    const known = wanted !== undefined && clients.delete(wanted.toString("hex"));
    return known ? encode(request, QmiError.NONE, tlv(0x01, wanted)) : encode(request, QmiError.INVALID_CLIENT_ID);
  }
  return encode(request, QmiError.NOT_SUPPORTED);
}

function allocate(request: Request, clients: Set<string>): Buffer {
  const service = request.tlvs.get(0x01)?.[0];
  const known = SERVICES.some(([id]) => id === service);
  if (service === undefined || !known || clients.size >= MAX_CLIENTS) return encode(request, QmiError.NOT_SUPPORTED);
  let client = 1;
  while (clients.has(Buffer.from([service, client]).toString("hex"))) client += 1;
  const id = Buffer.from([service, client]);
  clients.add(id.toString("hex"));
  return encode(request, QmiError.NONE, tlv(0x01, id));
}

function versions(): Buffer {
  const list = Buffer.alloc(1 + 5 * SERVICES.length);
  list.writeUInt8(SERVICES.length, 0);
  SERVICES.forEach(([service, major, minor], index) => {
    list.writeUInt8(service, 1 + 5 * index);
    list.writeUInt16LE(major, 2 + 5 * index);
    list.writeUInt16LE(minor, 4 + 5 * index);
  });
  return list;
}

function tlv(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(3);
  head.writeUInt8(type, 0);
  head.writeUInt16LE(value.length, 1);
  return Buffer.concat([head, value]);
}

function encode({ transaction, message }: Request, error: number, ...more: readonly Buffer[]): Buffer {
  const result = Buffer.alloc(4);
  result.writeUInt16LE(error === QmiError.NONE ? 0 : 1, 0);
  result.writeUInt16LE(error, 2);
  const tlvs = Buffer.concat([tlv(0x02, result), ...more]);
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUInt8(IF_TYPE, 0);
  head.writeUInt16LE(HEADER_BYTES - 1 + tlvs.length, 1);
  head.writeUInt8(FROM_DEVICE, 3);
  head.writeUInt8(RESPONSE, 6);
  head.writeUInt8(transaction, 7);
  head.writeUInt16LE(message, 8);
  head.writeUInt16LE(tlvs.length, 10);
  return Buffer.concat([head, tlvs]);
}
