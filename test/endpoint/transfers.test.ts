import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import type { FamilyProfile } from "../../harness/mhi/families/family.ts";
import { sdx55 } from "../../harness/mhi/families/qualcomm.ts";
import { useBench } from "./bench.ts";
import { BUFFERS, CCA, type FakeHost } from "./fake-host.ts";

/** An SDX55 whose QMI channels have a loopback behind them. */
const looped: FamilyProfile = {
  ...sdx55,
  channels: sdx55.channels.map((channel) => (channel.name === "QMI" ? { ...channel, name: "LOOPBACK" } : channel)),
};
const bench = useBench({ family: looped });
const [EOT, OVERFLOW, DB_MODE] = [2, 3, 6];
const QMI_UL = { type: 1, eventRing: 0, elements: 4 } as const;
const QMI_DL = { type: 2, eventRing: 0, elements: 4 } as const;

async function openQmi(): Promise<FakeHost> {
  const { host } = bench;
  await host.bringUp();
  await host.start(14, QMI_UL);
  await host.start(15, QMI_DL);
  return host;
}

test("a transfer is completed and comes back on the downlink channel", async () => {
  const host = await openQmi();
  const dl = host.queue(15, BUFFERS + 0x1000, 4096);
  await host.ring(15);
  host.ram.write("hello device", BUFFERS);
  const ul = host.queue(14, BUFFERS, 12);
  await host.ring(14);
  await host.untilEvents(6);
  expect(host.transfers(14)).toMatchObject([{ ring: 0, code: EOT, length: 12, ptr: BigInt(ul) }]);
  expect(host.transfers(15)).toMatchObject([{ ring: 0, code: EOT, length: 12, ptr: BigInt(dl) }]);
  expect(host.ram.toString("utf8", BUFFERS + 0x1000, BUFFERS + 0x100c)).toBe("hello device");
});

test("a packet that does not fit goes on in the next buffer", async () => {
  const host = await openQmi();
  for (let i = 0; i < 3; i++) host.queue(15, BUFFERS + 0x1000 + i * 0x100, 5);
  await host.ring(15);
  host.ram.write("hello device", BUFFERS);
  host.queue(14, BUFFERS, 12);
  await host.ring(14);
  await host.untilEvents(8);
  expect(host.transfers(15).map(({ code, length }) => [code, length])).toEqual([
    [OVERFLOW, 5],
    [OVERFLOW, 5],
    [EOT, 2],
  ]);
  expect(host.ram.toString("utf8", BUFFERS + 0x1200, BUFFERS + 0x1202)).toBe("ce");
});

test("nothing is completed past the write pointer: a packet waits for a buffer", async () => {
  const host = await openQmi();
  host.queue(15, BUFFERS + 0x1000, 4096); // queued, not rung
  host.ram.write("x", BUFFERS);
  host.queue(14, BUFFERS, 1);
  await host.ring(14);
  await host.untilEvents(5);
  await delay(20);
  await host.collect();
  expect(host.transfers(15)).toEqual([]);
  await host.ring(15);
  await host.untilEvents(6);
  expect(host.transfers(15).length).toBe(1);
});

test("a chain is taken when its last element is there, and completed by one event that points to it", async () => {
  const host = await openQmi();
  host.queue(15, BUFFERS + 0x1000, 4096);
  await host.ring(15);
  host.ram.write("abcdef", BUFFERS);
  host.queue(14, BUFFERS, 4, 1);
  await host.ring(14);
  await delay(20);
  await host.collect();
  expect(host.transfers(14)).toEqual([]);
  const last = host.queue(14, BUFFERS + 4, 2);
  await host.ring(14);
  await host.untilEvents(6);
  expect(host.transfers(14)).toMatchObject([{ code: EOT, length: 2, ptr: BigInt(last) }]);
  expect(host.ram.toString("utf8", BUFFERS + 0x1000, BUFFERS + 0x1006)).toBe("abcdef");
});

test("the rings wrap: 40 echoes through rings of 4", async () => {
  const host = await openQmi();
  for (let i = 0; i < 40; i++) {
    host.queue(15, BUFFERS + 0x1000, 64);
    await host.ring(15);
    host.ram.writeUInt32LE(0xc0de0000 + i, BUFFERS);
    host.queue(14, BUFFERS, 4);
    await host.ring(14);
    await host.untilEvents(4 + (i + 1) * 2);
    expect(host.ram.readUInt32LE(BUFFERS + 0x1000)).toBe(0xc0de0000 + i);
  }
});

test("BEI with moderation: one interrupt for several events, a little later", async () => {
  const { host } = bench;
  await host.bringUp();
  await host.start(4, { type: 1, eventRing: 1, elements: 16 });
  await delay(20);
  const before = host.interrupts.length;
  for (let i = 0; i < 5; i++) host.queue(4, BUFFERS, 4, 0x600);
  await host.ring(4);
  await host.untilEvents(3 + 5);
  await delay(30);
  expect(host.interrupts.length - before).toBe(1);
});

test("BEI without moderation: no interrupt at all", async () => {
  const host = await openQmi();
  await delay(20);
  const before = host.interrupts.length;
  host.queue(14, BUFFERS, 4, 0x600);
  await host.ring(14);
  await host.untilEvents(5);
  await delay(20);
  expect(host.interrupts.length).toBe(before);
});

test("burst mode: what was queued without a doorbell is found, then the doorbell is armed again by DB_MODE", async () => {
  const { host } = bench;
  await host.bringUp();
  await host.start(100, { type: 1, eventRing: 4, elements: 128, burst: true });
  host.queue(100, BUFFERS, 60, 0x600);
  await host.ring(100);
  for (let i = 0; i < 3; i++) host.queue(100, BUFFERS, 60, 0x600); // only the context's wp moves
  await host.until("4 completions and DB_MODE", async () => {
    await host.collect();
    return host.transfers(100).some(({ code }) => code === DB_MODE) && host.transfers(100).length >= 5;
  });
  const codes = host.transfers(100).map(({ code }) => code);
  expect(codes.filter((code) => code === EOT).length).toBe(4);
  expect(codes.at(-1)).toBe(DB_MODE);
});

test("a full event ring holds completions back until the host gives elements back", async () => {
  const { host } = bench;
  await host.bringUp();
  await host.start(46, { type: 1, eventRing: 2, elements: 64 });
  const giveBack = host.events.length;
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 60; i++) host.queue(46, BUFFERS, 4);
    await host.ring(46);
    await delay(30);
    await host.collect(false);
  }
  expect(host.events.length - giveBack).toBe(62); // 64 less the one never given and the one kept free
  await host.client.write32(0x704 + 16, 0);
  await host.client.write32(0x700 + 16, 0x40000 + 61 * 16);
  await host.untilEvents(giveBack + 120);
  expect(host.transfers(46).length).toBe(120);
});

test.each([
  ["outside the ring", 0x500000],
  ["between two elements", 0x100000 + 14 * 0x1000 + 8],
])("a doorbell %s is ignored and logged", async (_name, value) => {
  const host = await openQmi();
  await host.client.write32(0x300 + 8 * 14, value);
  await delay(10);
  await host.collect();
  expect(host.transfers(14)).toEqual([]);
  expect(bench.served.logged("guest-error").length).toBe(1);
});

test("a buffer that decodes to nothing is completed with an error, and the channel goes on", async () => {
  const host = await openQmi();
  host.queue(14, 0x7000000, 16);
  await host.ring(14);
  await host.untilEvents(5);
  host.queue(14, BUFFERS, 4);
  await host.ring(14);
  await host.untilEvents(6);
  expect(host.transfers(14).map(({ code }) => code)).toEqual([0x10, EOT]);
});

test("an element of another type is completed as a bad TRE", async () => {
  const host = await openQmi();
  const at = host.queue(14, BUFFERS, 4);
  host.ram.writeUInt32LE(0x00550200, at + 12);
  await host.ring(14);
  await host.untilEvents(5);
  expect(host.transfers(14)).toMatchObject([{ code: 0x11 }]);
});

test("after RESET a channel's doorbell moves nothing", async () => {
  const host = await openQmi();
  await host.command(0x10, 14);
  await host.untilEvents(5);
  host.queue(14, BUFFERS, 4);
  await host.ring(14);
  await delay(10);
  await host.collect();
  expect(host.transfers(14)).toEqual([]);
  expect(host.ram.readUInt8(CCA + 14 * 44)).toBe(0);
});
