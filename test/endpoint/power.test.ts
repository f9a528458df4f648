import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { EE, M0, M1, M2, M3, MHICTRL, MHISTATUS, STATE, SYS_ERR, useBench } from "./bench.ts";
import { BUFFERS } from "./fake-host.ts";

const bench = useBench();
const states = (from: number) => bench.host.events.slice(from).map(({ type, code }) => [type, code]);

test("M3 and back keeps the rings: events go on where they were, channels run on", async () => {
  const { host } = bench;
  await host.bringUp();
  await host.start(14, { type: 1, eventRing: 0, elements: 4 });
  await host.setState(M3);
  await host.untilEvents(4);
  expect(await host.client.read32(MHISTATUS)).toBe(0x0501);
  await host.setState(M0);
  await host.untilEvents(5);
  expect(states(3)).toEqual([
    [STATE, M3],
    [STATE, M0],
  ]);
  host.queue(14, BUFFERS, 4);
  await host.ring(14);
  await host.untilEvents(6);
  expect(host.transfers(14).length).toBe(1);
});

test("a doorbell in M3 waits for M0", async () => {
  const { host } = bench;
  await host.bringUp();
  await host.start(14, { type: 1, eventRing: 0, elements: 4 });
  await host.setState(M3);
  await host.untilEvents(4);
  host.queue(14, BUFFERS, 4);
  await host.ring(14);
  await delay(20);
  await host.collect();
  expect(host.transfers(14)).toEqual([]);
  await host.setState(M0);
  await host.untilEvents(6);
  expect(host.transfers(14).length).toBe(1);
});

test("M1 and M2: the wake doorbell brings M0 back", async () => {
  const { host } = bench;
  await host.bringUp();
  expect(bench.served.endpoint.requestLowPower()).toEqual({ signalled: true });
  await host.untilEvents(3);
  await host.setState(M2);
  await host.until("M2", async () => (await host.mhiState()) === M2);
  await host.client.write32(0x300 + 8 * 127, 1);
  await host.untilEvents(4);
  expect(states(2)).toEqual([
    [STATE, M1],
    [STATE, M0],
  ]);
  expect(bench.served.endpoint.requestLowPower().signalled).toBe(true);
});

test("a wake vote that stands keeps the device out of M2", async () => {
  const { host } = bench;
  await host.bringUp();
  await host.client.write32(0x300 + 8 * 127, 1);
  bench.served.endpoint.requestLowPower();
  await host.untilEvents(3);
  await host.setState(M2);
  await host.untilEvents(4);
  expect(await host.mhiState()).toBe(M0);
});

test("SYS_ERR by event: register, event, and nothing else until the reset", async () => {
  const { host } = bench;
  await host.bringUp();
  await host.start(14, { type: 1, eventRing: 0, elements: 4 });
  expect(bench.served.endpoint.raiseSysErr("event")).toEqual({ signalled: true });
  await host.untilEvents(4);
  expect(states(3)).toEqual([[STATE, SYS_ERR]]);
  expect(await host.client.read32(MHISTATUS)).toBe(0xff04);
  host.queue(14, BUFFERS, 4);
  await host.ring(14);
  await host.setState(M0);
  await delay(20);
  await host.collect();
  expect(host.events.length).toBe(4);
  await host.client.write32(MHICTRL, 0x0202);
  await host.untilReady();
});

test("SYS_ERR by interrupt: register and the BHI vector, no event", async () => {
  const { host } = bench;
  await host.bringUp(8);
  await host.client.write32(0x120, 5);
  await host.until("2 interrupts", () => host.interrupts.length === 2);
  bench.served.endpoint.raiseSysErr("interrupt");
  await host.until("the third", () => host.interrupts.length === 3);
  expect(host.interrupts.at(-1)).toBe(0x4025); // low bits of the data = vector
  expect(host.events.length).toBe(2);
});

test("SYS_ERR in M3 cannot be told; the host finds it when it resumes", async () => {
  const { host } = bench;
  await host.bringUp();
  await host.setState(M3);
  await host.untilEvents(3);
  expect(bench.served.endpoint.raiseSysErr("event").signalled).toBe(false);
  expect(await host.mhiState()).toBe(SYS_ERR);
});

test("vectors are clamped to what the host enabled, and lost while it has MSI off", async () => {
  const { host } = bench;
  await host.bringUp(1);
  await host.client.write32(0x120, 5);
  await host.until("2 interrupts", () => host.interrupts.length === 2);
  bench.served.endpoint.raiseSysErr("interrupt");
  await host.until("the third", () => host.interrupts.length === 3);
  expect(host.interrupts.at(-1)).toBe(0x4020);
  await host.client.setConfig(0x52, 0, 2);
  bench.served.endpoint.raiseSysErr("interrupt");
  await host.client.read32(MHISTATUS);
  expect(bench.served.endpoint.status().counters.lostInterrupts).toBe(1);
  expect(host.interrupts.length).toBe(3);
});

test("slot power kept: a host reset in M3 keeps the context", async () => {
  const { host } = bench;
  await host.bringUp();
  await host.setState(M3);
  await host.untilEvents(3);
  await host.deviceReset();
  expect(await host.client.read32(MHISTATUS)).toBe(0x0501);
  await host.setState(M0);
  await host.untilEvents(4);
  expect(states(3)).toEqual([[STATE, M0]]);
});

test("slot power kept, but the host sets up anew: it was a reboot, so the old context goes", async () => {
  const { host } = bench;
  await host.bringUp();
  await host.setState(M3);
  await host.untilEvents(3);
  await host.deviceReset();
  await host.setUpMmio();
  await host.setState(M0);
  await host.untilEvents(5);
  expect(states(3)).toEqual([
    [STATE, M0],
    [EE, 2],
  ]);
});

test("slot power kept, not in M3: a cold reset, as at machine start", async () => {
  const { host } = bench;
  await host.bringUp();
  await host.deviceReset();
  expect(await host.client.read32(MHISTATUS)).toBe(0);
  await host.untilReady();
});

test("slot power lost: a host reset in M3 finds READY", async () => {
  const { host } = bench;
  bench.served.endpoint.slotPower = "lost";
  await host.bringUp();
  await host.setState(M3);
  await host.untilEvents(3);
  await host.deviceReset();
  await host.untilReady();
  expect(await host.client.read32(MHISTATUS)).toBe(0x0101);
});

test.each([
  ["M3 in READY", 0x0500],
  ["M2 in READY", 0x0400],
  ["a state that nobody knows", 0x4200],
])("MHICTRL = %s is logged and ignored", async (_name, value) => {
  const { host } = bench;
  await host.setUpPci();
  await host.untilReady();
  await host.client.write32(MHICTRL, value);
  await host.until("guest error", () => bench.served.logged("guest-error").length === 1);
  expect(await host.client.read32(MHISTATUS)).toBe(0x0101);
});
