/** IPv4, ICMP, UDP and TCP as far as a responder needs them. RFC 791, 792, 768, 9293; checksums after RFC 1071. */

export const Protocol = { ICMP: 1, TCP: 6, UDP: 17 } as const;

export interface Ipv4Packet {
  readonly protocol: number;
  readonly source: number;
  readonly destination: number;
  readonly payload: Buffer;
}

const HEADER_BYTES = 20;
const TTL = 64;

/** Undefined for what is no whole, unfragmented IPv4 packet with a right checksum. */
export function parseIpv4(bytes: Buffer): Ipv4Packet | undefined {
  if (bytes.length < HEADER_BYTES || bytes.readUInt8(0) >> 4 !== 4) return undefined;
  const headerBytes = (bytes.readUInt8(0) & 15) * 4;
  const total = bytes.readUInt16BE(2);
  if (headerBytes < HEADER_BYTES || total < headerBytes || total > bytes.length) return undefined;
  if ((bytes.readUInt16BE(6) & 0x3fff) !== 0) return undefined; // a fragment
  if (checksum(bytes.subarray(0, headerBytes)) !== 0) return undefined;
  return {
    protocol: bytes.readUInt8(9),
    source: bytes.readUInt32BE(12),
    destination: bytes.readUInt32BE(16),
    payload: bytes.subarray(headerBytes, total),
  };
}

export function encodeIpv4({ protocol, source, destination, payload }: Ipv4Packet): Buffer {
  const packet = Buffer.alloc(HEADER_BYTES + payload.length);
  packet.writeUInt8(0x45, 0);
  packet.writeUInt16BE(packet.length, 2);
  packet.writeUInt8(TTL, 8);
  packet.writeUInt8(protocol, 9);
  packet.writeUInt32BE(source, 12);
  packet.writeUInt32BE(destination, 16);
  packet.writeUInt16BE(checksum(packet.subarray(0, HEADER_BYTES)), 10);
  payload.copy(packet, HEADER_BYTES);
  return packet;
}

/** One's complement of the one's complement sum; 0 over data that holds its own right checksum. */
export function checksum(...parts: readonly Buffer[]): number {
  let sum = 0;
  for (const part of parts) {
    for (let at = 0; at + 1 < part.length; at += 2) sum += part.readUInt16BE(at);
    if (part.length % 2 === 1) sum += (part.at(-1) ?? 0) << 8;
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** What TCP and UDP put before their segment when they sum it up. */
export function pseudoHeader({ source, destination, protocol, payload }: Ipv4Packet): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt32BE(source, 0);
  header.writeUInt32BE(destination, 4);
  header.writeUInt8(protocol, 9);
  header.writeUInt16BE(payload.length, 10);
  return header;
}
