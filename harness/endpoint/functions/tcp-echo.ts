/**
 * TCP with one service, echo (RFC 862) on port 7: enough for a host's stack to connect, send, read back and close. What
 * comes out of order is dropped, for the sender to send again; the link below loses nothing by itself.
 */
import { checksum, encodeIpv4, type Ipv4Packet, Protocol, pseudoHeader } from "./ipv4.ts";

const ECHO_PORT = 7;
const HEADER_BYTES = 20;
const [FIN, SYN, RST, PSH, ACK] = [1, 2, 4, 8, 16];
const WINDOW = 0xffff;
const OUR_FIRST = 0x1000_0000;
/** Open connections kept; more are refused. */
const MAX_CONNECTIONS = 64;

interface Segment {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledged: number;
  readonly flags: number;
  readonly data: Buffer;
}

interface Connection {
  /** Next byte that we send. */
  next: number;
  /** Next byte that we expect. */
  expected: number;
  finished: boolean;
}

const plus = (sequence: number, bytes: number): number => (sequence + bytes) >>> 0;

export class TcpEcho {
  readonly #connections = new Map<string, Connection>();

  /** The packets that answer one. */
  answer(packet: Ipv4Packet): Buffer[] {
    const segment = parseSegment(packet);
    if (!segment || (segment.flags & RST) !== 0) {
      if (segment) this.#connections.delete(keyOf(packet, segment));
      return [];
    }
    const key = keyOf(packet, segment);
    const known = this.#connections.get(key);
    if ((segment.flags & SYN) !== 0) return this.#open(packet, segment, key);
    if (!known) return [reply(packet, segment, { flags: RST, sequence: segment.acknowledged, acknowledged: 0 })];
    return this.#take(packet, segment, known, key);
  }

  #open(packet: Ipv4Packet, segment: Segment, key: string): Buffer[] {
    const expected = plus(segment.sequence, 1);
    if (segment.destinationPort !== ECHO_PORT || this.#connections.size >= MAX_CONNECTIONS) {
      return [reply(packet, segment, { flags: RST | ACK, sequence: 0, acknowledged: expected })];
    }
    this.#connections.set(key, { next: plus(OUR_FIRST, 1), expected, finished: false });
    return [reply(packet, segment, { flags: SYN | ACK, sequence: OUR_FIRST, acknowledged: expected })];
  }

  #take(packet: Ipv4Packet, segment: Segment, connection: Connection, key: string): Buffer[] {
    const { data, flags } = segment;
    if (connection.finished && segment.acknowledged === connection.next) this.#connections.delete(key);
    if (data.length === 0 && (flags & FIN) === 0) return [];
    const inOrder = segment.sequence === connection.expected;
    const ends = inOrder && (flags & FIN) !== 0;
    const sequence = connection.next;
    if (inOrder) {
      connection.expected = plus(connection.expected, data.length + (ends ? 1 : 0));
      connection.next = plus(connection.next, data.length + (ends ? 1 : 0));
      connection.finished = ends;
    }
    const back = inOrder ? data : Buffer.alloc(0);
    const push = back.length > 0 ? PSH : 0;
    const answer = { flags: ACK | push | (ends ? FIN : 0), sequence, acknowledged: connection.expected };
    return [reply(packet, segment, answer, back)];
  }
}

const keyOf = ({ source, destination }: Ipv4Packet, { sourcePort, destinationPort }: Segment): string =>
  `${source}:${sourcePort} ${destination}:${destinationPort}`;

function parseSegment(packet: Ipv4Packet): Segment | undefined {
  const { payload } = packet;
  if (payload.length < HEADER_BYTES || checksum(pseudoHeader(packet), payload) !== 0) return undefined;
  const headerBytes = (payload.readUInt8(12) >> 4) * 4;
  if (headerBytes < HEADER_BYTES || headerBytes > payload.length) return undefined;
  return {
    sourcePort: payload.readUInt16BE(0),
    destinationPort: payload.readUInt16BE(2),
    sequence: payload.readUInt32BE(4),
    acknowledged: payload.readUInt32BE(8),
    flags: payload.readUInt8(13),
    data: payload.subarray(headerBytes),
  };
}

function reply(
  to: Ipv4Packet,
  { sourcePort, destinationPort }: Segment,
  { flags, sequence, acknowledged }: Pick<Segment, "flags" | "sequence" | "acknowledged">,
  data: Buffer = Buffer.alloc(0),
): Buffer {
  const payload = Buffer.alloc(HEADER_BYTES + data.length);
  payload.writeUInt16BE(destinationPort, 0);
  payload.writeUInt16BE(sourcePort, 2);
  payload.writeUInt32BE(sequence, 4);
  payload.writeUInt32BE(acknowledged, 8);
  payload.writeUInt8((HEADER_BYTES / 4) << 4, 12);
  payload.writeUInt8(flags, 13);
  payload.writeUInt16BE(WINDOW, 14);
  data.copy(payload, HEADER_BYTES);
  const packet = { protocol: Protocol.TCP, source: to.destination, destination: to.source, payload };
  payload.writeUInt16BE(checksum(pseudoHeader(packet), payload), 16);
  return encodeIpv4(packet);
}
