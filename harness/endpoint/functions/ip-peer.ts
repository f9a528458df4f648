/**
 * The far end of an IP link, whatever address it is called by: answers pings, and echoes TCP and UDP on port 7.
 * One packet a transfer, as mhi_net sends them (drivers/net/mhi_net.c: raw IP, no QMAP).
 */
import type { FunctionFactory } from "./function.ts";
import { checksum, encodeIpv4, type Ipv4Packet, Protocol, parseIpv4, pseudoHeader } from "./ipv4.ts";
import { TcpEcho } from "./tcp-echo.ts";

const ECHO_REQUEST = 8;
const UDP_ECHO_PORT = 7;
const UDP_HEADER_BYTES = 8;

export const ipPeer: FunctionFactory = ({ send }) => {
  const answer = ipAnswers();
  return {
    receive: (bytes) => {
      for (const packet of answer(bytes)) send(packet);
    },
  };
};

/** Answers to one packet; what is no IPv4 or not for us has none. */
export function ipAnswers(): (bytes: Buffer) => Buffer[] {
  const tcp = new TcpEcho();
  return (bytes) => {
    const packet = parseIpv4(bytes);
    if (packet?.protocol === Protocol.ICMP) return pong(packet);
    if (packet?.protocol === Protocol.UDP) return udpEcho(packet);
    return packet?.protocol === Protocol.TCP ? tcp.answer(packet) : [];
  };
}

const back = ({ protocol, source, destination }: Ipv4Packet, payload: Buffer): Ipv4Packet => ({
  protocol,
  source: destination,
  destination: source,
  payload,
});

function pong(packet: Ipv4Packet): Buffer[] {
  const { payload } = packet;
  if (payload.length < 8 || payload.readUInt8(0) !== ECHO_REQUEST || checksum(payload) !== 0) return [];
  const answer = Buffer.from(payload);
  answer.writeUInt8(0, 0);
  answer.writeUInt16BE(0, 2);
  answer.writeUInt16BE(checksum(answer), 2);
  return [encodeIpv4(back(packet, answer))];
}

function udpEcho(packet: Ipv4Packet): Buffer[] {
  const { payload } = packet;
  if (payload.length < UDP_HEADER_BYTES || payload.readUInt16BE(2) !== UDP_ECHO_PORT) return [];
  const answer = Buffer.from(payload);
  answer.writeUInt16BE(payload.readUInt16BE(2), 0);
  answer.writeUInt16BE(payload.readUInt16BE(0), 2);
  answer.writeUInt16BE(0, 6);
  const reply = back(packet, answer);
  answer.writeUInt16BE(checksum(pseudoHeader(reply), answer) || 0xffff, 6);
  return [encodeIpv4(reply)];
}
