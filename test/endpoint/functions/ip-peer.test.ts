import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ipAnswers } from "../../../harness/endpoint/functions/ip-peer.ts";
import {
  checksum,
  encodeIpv4,
  type Ipv4Packet,
  parseIpv4,
  pseudoHeader,
} from "../../../harness/endpoint/functions/ipv4.ts";

const HOST = 0x0a000001;
const PEER = 0x0a000002;
const [FIN, SYN, RST, PSH, ACK] = [1, 2, 4, 8, 16];

/** A ping of 84 bytes as Linux sends it, caught from `ping -c1 10.0.0.2`, checksums by the kernel. */
const ping = (): Buffer => {
  const icmp = Buffer.concat([Buffer.from("0800000012340001", "hex"), Buffer.from("abcdefghijklmnop")]);
  icmp.writeUInt16BE(checksum(icmp), 2);
  return encodeIpv4({ protocol: 1, source: HOST, destination: PEER, payload: icmp });
};

interface Tcp {
  readonly flags: number;
  readonly sequence: number;
  readonly acknowledged: number;
  readonly data: string;
}

function segment(port: number, { flags, sequence, acknowledged, data }: Tcp): Buffer {
  const payload = Buffer.alloc(20 + data.length);
  payload.writeUInt16BE(40_000, 0);
  payload.writeUInt16BE(port, 2);
  payload.writeUInt32BE(sequence >>> 0, 4);
  payload.writeUInt32BE(acknowledged >>> 0, 8);
  payload.writeUInt8(0x50, 12);
  payload.writeUInt8(flags, 13);
  payload.writeUInt16BE(1000, 14);
  payload.write(data, 20, "latin1");
  const packet: Ipv4Packet = { protocol: 6, source: HOST, destination: PEER, payload };
  payload.writeUInt16BE(checksum(pseudoHeader(packet), payload), 16);
  return encodeIpv4(packet);
}

function read(bytes: Buffer | undefined): Tcp {
  const packet = parseIpv4(bytes ?? Buffer.alloc(0));
  if (!packet) throw new Error("no IPv4 packet");
  expect([packet.source, packet.destination]).toEqual([PEER, HOST]);
  expect(checksum(pseudoHeader(packet), packet.payload)).toBe(0);
  return {
    flags: packet.payload.readUInt8(13),
    sequence: packet.payload.readUInt32BE(4),
    acknowledged: packet.payload.readUInt32BE(8),
    data: packet.payload.toString("latin1", 20),
  };
}

test("checksum: the example of RFC 1071", () => {
  expect(checksum(Buffer.from("0001f203f4f5f6f7", "hex"))).toBe(~0xddf2 & 0xffff);
});

describe("ping", () => {
  test("is answered with the same id, number and data, right sums, addresses swapped", () => {
    const [answer = Buffer.alloc(0)] = ipAnswers()(ping());
    const packet = parseIpv4(answer);
    expect(packet).toMatchObject({ protocol: 1, source: PEER, destination: HOST });
    expect(checksum(packet?.payload ?? Buffer.alloc(1))).toBe(0);
    expect(packet?.payload.toString("hex", 4)).toBe(parseIpv4(ping())?.payload.toString("hex", 4));
    expect(packet?.payload.readUInt8(0)).toBe(0);
  });

  test.each([
    ["cut short", (bytes: Buffer) => bytes.subarray(0, 30)],
    ["a bit wrong in the header", (bytes: Buffer) => bytes.fill(0x41, 8, 9)],
    ["a bit wrong in the data", (bytes: Buffer) => bytes.fill(0, 40, 41)],
    ["IPv6", (bytes: Buffer) => bytes.fill(0x60, 0, 1)],
    ["nothing", () => Buffer.alloc(0)],
  ])("%s: no answer", (_name, spoil) => {
    expect(ipAnswers()(spoil(ping()))).toEqual([]);
  });
});

describe("TCP echo", () => {
  test("connect, send twice, close: every byte comes back, in order", () => {
    const answer = ipAnswers();
    const one = (tcp: Tcp): Tcp => read(answer(segment(7, tcp))[0]);
    const opened = one({ flags: SYN, sequence: 99, acknowledged: 0, data: "" });
    expect(opened).toMatchObject({ flags: SYN | ACK, acknowledged: 100 });
    let ours = opened.sequence + 1;
    expect(answer(segment(7, { flags: ACK, sequence: 100, acknowledged: ours, data: "" }))).toEqual([]);
    const first = one({ flags: ACK | PSH, sequence: 100, acknowledged: ours, data: "hello" });
    expect(first).toEqual({ flags: ACK | PSH, sequence: ours, acknowledged: 105, data: "hello" });
    ours += 5;
    const again = one({ flags: ACK | PSH, sequence: 100, acknowledged: ours, data: "hello" });
    expect(again, "sent again: acknowledged, not echoed").toMatchObject({ flags: ACK, acknowledged: 105, data: "" });
    const ahead = one({ flags: ACK | PSH, sequence: 110, acknowledged: ours, data: "later" });
    expect(ahead, "out of order: dropped").toMatchObject({ flags: ACK, acknowledged: 105, data: "" });
    const end = one({ flags: ACK | FIN, sequence: 105, acknowledged: ours, data: "bye" });
    expect(end).toMatchObject({ flags: ACK | PSH | FIN, sequence: ours, acknowledged: 109, data: "bye" });
    expect(answer(segment(7, { flags: ACK, sequence: 109, acknowledged: ours + 4, data: "" }))).toEqual([]);
    const late = one({ flags: ACK, sequence: 109, acknowledged: ours + 4, data: "x" });
    expect(late.flags, "the connection is forgotten").toBe(RST);
  });

  test("another port is refused", () => {
    const [answer] = ipAnswers()(segment(80, { flags: SYN, sequence: 5, acknowledged: 0, data: "" }));
    expect(read(answer)).toMatchObject({ flags: RST | ACK, acknowledged: 6 });
  });

  test("connections are bounded", () => {
    const answer = ipAnswers();
    const flags = Array.from({ length: 70 }, (_, index) => {
      const bytes = segment(7, { flags: SYN, sequence: 1, acknowledged: 0, data: "" });
      const packet = parseIpv4(bytes);
      if (!packet) throw new Error("no packet");
      packet.payload.writeUInt16BE(50_000 + index, 0);
      packet.payload.writeUInt16BE(0, 16);
      packet.payload.writeUInt16BE(checksum(pseudoHeader(packet), packet.payload), 16);
      return read(answer(encodeIpv4(packet))[0]).flags;
    });
    expect(flags.filter((value) => value === (SYN | ACK))).toHaveLength(64);
  });
});

test("UDP echo on port 7, silence on others", () => {
  const datagram = (port: number): Buffer => {
    const payload = Buffer.from("9c40000000100000deadbeefcafe0001", "hex");
    payload.writeUInt16BE(port, 2);
    return encodeIpv4({ protocol: 17, source: HOST, destination: PEER, payload });
  };
  const [answer = Buffer.alloc(0)] = ipAnswers()(datagram(7));
  const packet = parseIpv4(answer);
  expect(packet?.payload.toString("hex", 0, 4)).toBe("00079c40");
  expect(packet?.payload.toString("hex", 8)).toBe("deadbeefcafe0001");
  expect(packet && checksum(pseudoHeader(packet), packet.payload)).toBe(0);
  expect(ipAnswers()(datagram(9))).toEqual([]);
});

const spoilt = (bytes: Buffer, at: number, value: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at % copy.length] = value;
  return copy;
};

test("noise and spoilt packets never throw", () => {
  const answer = ipAnswers();
  const damaged = fc.tuple(
    fc.constantFrom(ping(), segment(7, { flags: SYN, sequence: 1, acknowledged: 0, data: "x" })),
    fc.nat(60),
    fc.nat(255),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
        damaged.map(([bytes, at, value]) => spoilt(bytes, at, value)),
      ),
      (bytes) => {
        for (const packet of answer(bytes)) expect(parseIpv4(packet)).toBeDefined();
      },
    ),
    { numRuns: 2000 },
  );
});
