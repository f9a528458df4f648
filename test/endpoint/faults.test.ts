import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { parseFaultText } from "../../harness/endpoint/faults/index.ts";
import { M0, M3, MHICTRL, MHISTATUS, STATE, SYS_ERR, useBench } from "./bench.ts";
import { FakeHost } from "./fake-host.ts";

const bench = useBench();
const acted = (name: string) => bench.served.endpoint.faults.list().find((fault) => fault.name === name)?.acted;
const arm = (text: string) => {
  const { name, options } = parseFaultText(text);
  bench.served.endpoint.faults.arm(name, options);
};

test("m3-not-acked: no state change, no event; disarmed, M3 works", async () => {
  const { host } = bench;
  arm("m3-not-acked");
  await host.bringUp();
  await host.setState(M3);
  await host.until("acted", () => acted("m3-not-acked") === 1);
  expect(await host.mhiState()).toBe(M0);
  await host.collect();
  expect(host.events.length).toBe(2);
  bench.served.endpoint.faults.disarm("m3-not-acked");
  await host.setState(M3);
  await host.untilEvents(3);
  expect(host.events[2]).toMatchObject({ type: STATE, code: M3 });
});

test("sys-err: once after mission mode, not again after the recovery", async () => {
  const { host } = bench;
  arm("sys-err:afterMs=10");
  await host.bringUp();
  await host.untilEvents(3);
  expect(host.events[2]).toMatchObject({ type: STATE, code: SYS_ERR });
  await host.client.write32(MHICTRL, 0x0202);
  await host.bringUpAgain();
  await delay(40);
  expect(await host.mhiState()).toBe(M0);
  expect(acted("sys-err")).toBe(1);
});

test("sys-err by interrupt, without limit", async () => {
  const { host } = bench;
  arm("sys-err:afterMs=5,via=interrupt,times=0");
  await host.bringUp();
  for (let round = 1; round <= 3; round++) {
    await host.until("SYS_ERR", async () => (await host.mhiState()) === SYS_ERR);
    expect(acted("sys-err")).toBe(round);
    await host.client.write32(MHICTRL, 0x0202);
    await host.bringUpAgain();
  }
});

test("sys-err is dropped when the host resets the device before it is due", async () => {
  const { host } = bench;
  arm("sys-err:afterMs=60");
  await host.bringUp();
  await host.client.write32(MHICTRL, 0x0202);
  await host.untilReady();
  await delay(100);
  expect(await host.client.read32(MHISTATUS)).toBe(0x0101);
});

test("device-gone: all reads are ones, no DMA, no interrupts, until the device is back", async () => {
  const { host } = bench;
  arm("device-gone:afterMs=5");
  await host.bringUp();
  await host.until("gone", async () => (await host.client.config(0, 4)) === 0xffffffff);
  expect(await host.client.read32(MHISTATUS)).toBe(0xffffffff);
  const [dma, interrupts] = [host.client.dmaSeen.length, host.interrupts.length];
  await host.setState(M3);
  await host.command(0x12, 4);
  expect(bench.served.endpoint.raiseSysErr("event").signalled).toBe(false);
  await delay(20);
  expect([host.client.dmaSeen.length, host.interrupts.length]).toEqual([dma, interrupts]);
  bench.served.endpoint.comeBack();
  expect(await host.client.config(0, 2)).toBe(0x17cb);
  await host.untilReady();
});

test("device-gone ends with a new connection, as by a re-plug", async () => {
  arm("device-gone:afterMs=0");
  await bench.host.bringUp();
  await bench.host.until("gone", () => bench.served.endpoint.status().gone);
  await bench.host.client.close();
  bench.host = await FakeHost.connect(bench.served.path);
  await bench.host.bringUp();
  await delay(20);
  expect(bench.served.endpoint.status()).toMatchObject({ gone: false, mhiState: "M0" });
});

test("ready-never: RESET for ever, also after a reset", async () => {
  const { host } = bench;
  await host.untilReady();
  arm("ready-never");
  await host.client.write32(MHICTRL, 2);
  await delay(30);
  expect(await host.client.read32(MHISTATUS)).toBe(0);
  expect(acted("ready-never")).toBe(1);
});

test("command-completion-lost: the first START and its repeats get none, others do", async () => {
  const { host } = bench;
  arm("command-completion-lost");
  await host.bringUp();
  await host.command(0x12, 20);
  await host.until("acted", () => acted("command-completion-lost") === 1);
  await host.command(0x12, 20);
  await host.until("acted twice", () => acted("command-completion-lost") === 2);
  expect(host.events.length).toBe(2);
  await host.start(4, { type: 1, eventRing: 1, elements: 16 });
  expect(host.events.at(-1)).toMatchObject({ code: 1 });
});

test("command-completion-lost: a chosen channel and command, the second one on", async () => {
  const { host } = bench;
  arm("command-completion-lost:channel=4,command=RESET,nth=2");
  await host.bringUp();
  for (let round = 0; round < 2; round++) {
    await host.start(4, { type: 1, eventRing: 1, elements: 16 });
    await host.command(0x10, 4);
    await delay(20);
    await host.collect();
  }
  expect(host.events.length).toBe(2 + 3);
  expect(acted("command-completion-lost")).toBe(1);
});

test("command-completion-lost acts once: after a reset of the device the same command is answered", async () => {
  const { host } = bench;
  arm("command-completion-lost:channel=4");
  await host.bringUp();
  await host.command(0x12, 4);
  await host.until("acted", () => acted("command-completion-lost") === 1);
  await host.client.write32(MHICTRL, 0x0202);
  await host.bringUpAgain();
  await host.start(4, { type: 1, eventRing: 1, elements: 16 });
  expect(host.events.at(-1)).toMatchObject({ code: 1 });
});

test("armed faults outlive a new connection", async () => {
  arm("m3-not-acked");
  await bench.host.client.close();
  bench.host = await FakeHost.connect(bench.served.path);
  await bench.host.bringUp();
  await bench.host.setState(M3);
  await bench.host.until("acted", () => acted("m3-not-acked") === 1);
});

test.each([
  ["no-such-fault", "there are: ready-never, reset-stuck"],
  ["sys-err:afterMs", "expected NAME[:key=value,...]"],
  ["sys-err:after=1", 'has no option "after"; it has: afterMs, times, via'],
  ["sys-err:afterMs=soon", "expected a whole number from 0 to"],
  ["sys-err:afterMs=-1", "expected a whole number"],
  ["sys-err:via=pigeon", "expected one of event, interrupt"],
])("%s is refused with what was expected", (text, expected) => {
  expect(() => arm(text)).toThrow(expected);
});

test("m0-late: M0 is acknowledged after its delay, and not at all where a reset came meanwhile", async () => {
  const { host, served } = bench;
  served.endpoint.faults.arm("m0-late", { delayMs: 60, times: 2 });
  await host.setUpPci();
  await host.untilReady();
  await host.setUpMmio();
  const began = performance.now();
  await host.setState(2);
  await host.untilEvents(2);
  expect(performance.now() - began).toBeGreaterThanOrEqual(55);
  expect(await host.mhiState()).toBe(2);

  await host.client.write32(0x38, 2);
  await host.untilReady();
  await host.setUpMmio();
  await host.setState(2);
  await host.client.write32(0x38, 2);
  await host.untilReady();
  await new Promise((resolve) => setTimeout(resolve, 90));
  expect(await host.mhiState()).toBe(1);
});
