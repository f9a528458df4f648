import { expect, test } from "vitest";
import { COMPLETION, EE, M0, MHICTRL, MHISTATUS, STATE, useBench } from "./bench.ts";
import { CCA, COMMAND_RING, ECA, FakeHost } from "./fake-host.ts";

const bench = useBench();

test("power-on: RESET first, READY after the boot delay, in AMSS", async () => {
  const { client } = bench.host;
  expect(await client.read32(0x128)).toBe(2);
  await bench.host.untilReady();
  expect(await client.read32(MHISTATUS)).toBe(0x0101);
  expect([await client.read32(0x28), await client.read32(0x18), await client.read32(0x20)]).toEqual([
    0x100, 0x300, 0x700,
  ]);
});

test("M0 is acknowledged by the state event first, then by the EE event, each with an interrupt", async () => {
  const { host } = bench;
  await host.bringUp();
  expect(host.events.map(({ ring, type, code }) => [ring, type, code])).toEqual([
    [0, STATE, M0],
    [0, EE, 2],
  ]);
  expect(await host.client.read32(MHISTATUS)).toBe(0x0201);
  await host.until("2 interrupts", () => host.interrupts.length >= 2);
  expect(host.interrupts).toEqual([0x4020, 0x4020]);
  expect(host.ram.readBigUInt64LE(ECA + 28)).toBe(0x20000n + 32n); // rp points to the next free slot
});

test("START is completed with success and the channel's context says RUNNING", async () => {
  const { host } = bench;
  await host.bringUp();
  await host.start(4, { type: 1, eventRing: 1, elements: 16 });
  expect(host.events.at(-1)).toMatchObject({ ring: 0, type: COMPLETION, code: 1, ptr: BigInt(COMMAND_RING) });
  expect(host.ram.readUInt32LE(CCA + 4 * 44)).toBe(0x0202); // burst bits kept
});

test("STOP and RESET are completed; an unknown command is completed with an error", async () => {
  const { host } = bench;
  await host.bringUp();
  await host.start(4, { type: 1, eventRing: 1, elements: 16 });
  for (const [type, code] of [
    [0x11, 1],
    [0x10, 1],
    [0x01, 1],
    [0x77, 0x10],
  ] as const) {
    const before = host.events.length;
    await host.command(type, 4);
    await host.untilEvents(before + 1);
    expect(host.events.at(-1)).toMatchObject({ type: COMPLETION, code });
  }
});

test.each([
  ["a channel that the device does not have", 60, { type: 1, eventRing: 0, elements: 8 } as const],
  ["the wrong direction", 4, { type: 2, eventRing: 1, elements: 8 } as const],
  ["an event ring that does not exist", 4, { type: 1, eventRing: 9, elements: 8 } as const],
])("START with %s is completed with an error", async (_name, channel, setup) => {
  const { host } = bench;
  await host.bringUp();
  await host.start(channel, setup);
  expect(host.events.at(-1)).toMatchObject({ type: COMPLETION, code: 0x10 });
  expect(bench.served.logged("guest-error").length).toBe(1);
});

test("START with a context full of nonsense is completed with an error", async () => {
  const { host } = bench;
  await host.bringUp();
  host.ram.fill(0xff, CCA + 4 * 44, CCA + 5 * 44);
  const before = host.events.length;
  await host.command(0x12, 4);
  await host.untilEvents(before + 1);
  expect(host.events.at(-1)).toMatchObject({ type: COMPLETION, code: 0x10 });
});

test("MHI RESET clears MHICTRL, MHISTATUS and INTVEC, and READY comes back", async () => {
  const { host } = bench;
  await host.bringUp();
  await host.client.write32(0x120, 3);
  await host.client.write32(MHICTRL, 0x0202);
  await host.until("RESET cleared", async () => (await host.client.read32(MHICTRL)) === 0);
  expect(await host.client.read32(0x120)).toBe(0);
  await host.untilReady();
  await host.setUpMmio();
  const before = host.events.length;
  await host.setState(M0);
  await host.untilEvents(before + 2); // the EE event goes out again after a reset
  expect(host.events.slice(before).map(({ type }) => type)).toEqual([STATE, EE]);
});

test("a RESET while DMA is under way waits for it, and tells the host by interrupt", async () => {
  const { host } = bench;
  await host.bringUp();
  host.client.answersDma = false;
  await host.command(0x12, 4);
  await host.until("the command is being fetched", () => host.client.dmaSeen.at(-1)?.address === BigInt(COMMAND_RING));
  await host.until("both interrupts of the bring-up", () => host.interrupts.length === 2);
  await host.client.write32(MHICTRL, 0x0202);
  expect(await host.client.read32(MHICTRL)).toBe(0x0202); // still on
  expect(await host.client.read32(MHISTATUS)).toBe(0x0201);
  host.client.releaseDma();
  await host.until("RESET cleared", async () => (await host.client.read32(MHICTRL)) === 0);
  await host.until("the BHI interrupt", () => host.interrupts.length === 3);
  await host.collect();
  expect(host.events.length).toBe(2); // the command was dropped
});

test("a second M0 gets a second M0 event and no second EE event", async () => {
  const { host } = bench;
  await host.bringUp();
  await host.setState(M0);
  await host.untilEvents(3);
  expect(host.events.slice(2).map(({ type, code }) => [type, code])).toEqual([[STATE, M0]]);
});

test("SOC reset and function-level reset forget everything without a word to the host", async () => {
  const { host } = bench;
  await host.bringUp();
  await host.client.write32(0xb0, 1);
  expect(await host.client.read32(MHISTATUS)).toBe(0);
  expect(await host.client.config(0x52, 2)).toBe(0x8b); // the link keeps its configuration
  await host.client.setConfig(0x78, 0x8000, 2);
  expect([await host.client.config(0x52, 2), await host.client.config(0x04, 2)]).toEqual([0x8a, 0]);
  expect(await host.client.config(0x78, 2)).toBe(0x2810);
});

test("a new connection is a cold power-on", async () => {
  await bench.host.bringUp();
  await bench.host.client.close();
  bench.host = await FakeHost.connect(bench.served.path);
  expect(await bench.host.client.read32(0x58)).toBe(0);
  expect(await bench.host.client.config(0x52, 2)).toBe(0x8a);
  await bench.host.bringUp();
  expect(bench.served.endpoint.status()).toMatchObject({ mhiState: "M0", counters: { connections: 2 } });
});

test("M0 without contexts, or with bus mastering off, is logged and not acknowledged", async () => {
  const { host } = bench;
  await host.untilReady();
  await host.setState(M0);
  await host.until("guest error", () => bench.served.logged("guest-error").length > 0);
  expect(await host.client.read32(MHISTATUS)).toBe(0x0101);
  expect(host.client.dmaSeen).toEqual([]); // bus mastering is off: nothing goes out
  await host.setUpPci();
  await host.setState(M0);
  await host.until("guest error", () => bench.served.logged("guest-error").length > 1);
  expect(await host.client.read32(MHISTATUS)).toBe(0x0101);
});
