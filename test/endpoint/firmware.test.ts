/** Boot from the loader: what the host does in mhi_fw_load_handler, and what the device says to it. */
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { EndpointOptions } from "../../harness/endpoint/endpoint.ts";
import { parseFaultText } from "../../harness/endpoint/faults/index.ts";
import { ExecEnv } from "../../harness/mhi/exec-env.ts";
import type { FamilyProfile } from "../../harness/mhi/families/family.ts";
import { sdx55 } from "../../harness/mhi/families/qualcomm.ts";
import { imageNames, madeUpImage, sha256 } from "../../harness/mhi/firmware-image.ts";
import { rddmImage } from "../../harness/mhi/ram-dump.ts";
import { BUFFERS, FakeHost } from "./fake-host.ts";
import { type Served, serve } from "./served.ts";

const [BHI, BHIE] = [0x100, 0x200];
const EXECENV = BHI + 0x28;
const [STATUS, ERRCODE] = [BHI + 0x2c, BHI + 0x30];
const TXVECSTATUS = BHIE + 0x44;
const EE_EVENT = 0x40;
const SUCCESS = 2;
const ERROR = 3;

const fullChain: FamilyProfile = {
  ...sdx55,
  firmware: { image: "made/up.bin", load: "bhi-bhie", sblBytes: 512 * 1024, segmentBytes: 512 * 1024 },
};
const [sbl = "", edl = ""] = imageNames(sdx55);
const good = madeUpImage(sdx55, sbl);
const chain = madeUpImage(fullChain, "made/up.bin");

let served: Served | undefined;
let host: FakeHost | undefined;
afterEach(async () => {
  await host?.client.close();
  await served?.close();
});

/** A device in its loader, and a host that has found it there. */
async function found(options: Partial<EndpointOptions> = {}): Promise<{ host: FakeHost; served: Served }> {
  const bench = await serve({ powerOnEe: ExecEnv.PBL, ...options });
  const fake = await FakeHost.connect(bench.path);
  [served, host] = [bench, fake];
  await fake.setUpPci();
  return { host: fake, served: bench };
}

/** mhi_fw_load_bhi, up to its wait. */
async function offer({ ram, client }: FakeHost, image: Buffer): Promise<void> {
  image.copy(ram, BUFFERS);
  await client.write32(STATUS, 0);
  await client.write32(BHI + 0x0c, 0);
  await client.write32(BHI + 0x08, BUFFERS);
  await client.write32(BHI + 0x10, image.length);
  await client.write32(BHI + 0x18, 0x1234567);
}

/** mhi_fw_load_bhie: the image in segments behind a table. */
async function offerSegments({ ram, client }: FakeHost, image: Buffer, segmentBytes: number): Promise<void> {
  const tableAt = BUFFERS - 4096;
  const count = Math.ceil(image.length / segmentBytes);
  image.copy(ram, BUFFERS);
  for (let index = 0; index < count; index++) {
    const bytes = Math.min(segmentBytes, image.length - index * segmentBytes);
    ram.writeBigUInt64LE(BigInt(BUFFERS + index * segmentBytes), tableAt + 16 * index);
    ram.writeBigUInt64LE(BigInt(bytes), tableAt + 16 * index + 8);
  }
  await client.write32(BHIE + 0x30, 0);
  await client.write32(BHIE + 0x2c, tableAt);
  await client.write32(BHIE + 0x34, 16 * count);
  await client.write32(BHIE + 0x3c, 0x77);
}

async function answered(fake: FakeHost, register = STATUS): Promise<number> {
  await fake.until("an answer", async () => (await fake.client.read32(register)) >>> 30 !== 0);
  return (await fake.client.read32(register)) >>> 30;
}

const eesTold = (fake: FakeHost): number[] =>
  fake.events.filter(({ type }) => type === EE_EVENT).map(({ code }) => code);

/** From READY on, as after any boot; then until that EE is told. */
async function bringUp(fake: FakeHost, ee: number): Promise<void> {
  await fake.untilReady();
  await fake.setUpMmio();
  await fake.setState(2);
  await fake.until(`EE ${ee}`, async () => {
    await fake.collect();
    return eesTold(fake).includes(ee);
  });
}

describe("over BHI", () => {
  test("in the loader there is no READY, and the image brings SBL, then AMSS", async () => {
    const { host, served } = await found();
    await delay(30);
    expect([await host.client.read32(EXECENV), await host.mhiState()]).toEqual([ExecEnv.PBL, 0]);
    await offer(host, good);
    expect(await answered(host)).toBe(SUCCESS);
    await host.until("the interrupt", () => host.interrupts.length > 0);
    await bringUp(host, ExecEnv.AMSS);
    expect(eesTold(host)).toEqual([ExecEnv.SBL, ExecEnv.AMSS]);
    expect(await host.client.read32(EXECENV)).toBe(ExecEnv.AMSS);
    expect(served.logged("firmware")).toMatchObject([
      { stage: "bhi", good: true, bytes: good.length, sha256: sha256(good) },
    ]);
  });

  test.each([
    ["half of it", good.subarray(0, good.length / 2)],
    ["one bit of it wrong", Buffer.from(good).fill((good[1000] ?? 0) ^ 1, 1000, 1001)],
    ["the flash programmer instead", madeUpImage(sdx55, edl)],
  ])("%s: refused with an error and its words", async (_name, image) => {
    const { host, served } = await found();
    await offer(host, image);
    expect(await answered(host)).toBe(ERROR);
    const words = await Promise.all([0, 1, 2, 3].map((index) => host.client.read32(ERRCODE + 4 * index)));
    expect(words).toEqual([0x0bad1a6e, 1, 2, 3]);
    await host.until("the interrupt", () => host.interrupts.length > 0);
    await delay(30);
    expect([await host.client.read32(EXECENV), await host.mhiState()]).toEqual([ExecEnv.PBL, 0]);
    expect(served.logged("firmware")).toMatchObject([{ good: false, bytes: image.length }]);
  });

  test("after a refusal the good one is taken", async () => {
    const { host } = await found();
    await offer(host, good.subarray(0, 100));
    expect(await answered(host)).toBe(ERROR);
    await offer(host, good);
    expect(await answered(host)).toBe(SUCCESS);
  });

  test("an image that lies nowhere: no answer, and the device lives", async () => {
    const { host, served } = await found();
    await host.client.write32(BHI + 0x08, 0xfffff000);
    await host.client.write32(BHI + 0x10, 0x10000);
    await host.client.write32(BHI + 0x18, 1);
    await host.until("the error", () => served.logged("guest-error").length > 0);
    await offer(host, good);
    expect(await answered(host)).toBe(SUCCESS);
  });

  test("sizes of a guest gone mad", async () => {
    const { host } = await found();
    for (const bytes of [0, 0xffffffff]) {
      await host.client.write32(STATUS, 0);
      await host.client.write32(BHI + 0x10, bytes);
      await host.client.write32(BHI + 0x18, 1);
      expect(await answered(host)).toBe(ERROR);
    }
  });

  test("a crash throws the image away: RESET brings the loader back", async () => {
    const { host, served } = await found();
    await offer(host, good);
    await bringUp(host, ExecEnv.AMSS);
    served.endpoint.raiseSysErr("interrupt");
    await host.client.write32(0x38, 2);
    await host.until("PBL", async () => (await host.client.read32(EXECENV)) === ExecEnv.PBL);
    await delay(20);
    expect(await host.mhiState()).toBe(0);
  });

  test("an MHI reset without a crash keeps it", async () => {
    const { host } = await found();
    await offer(host, good);
    await bringUp(host, ExecEnv.AMSS);
    await host.client.write32(0x38, 2);
    await host.bringUpAgain();
    expect(await host.client.read32(EXECENV)).toBe(ExecEnv.AMSS);
  });

  test("a device in AMSS takes no image", async () => {
    const { host, served } = await found({ powerOnEe: ExecEnv.AMSS });
    await offer(host, good);
    expect(served.logged("guest-error").map(({ text }) => text)).toEqual(["image doorbell in AMSS; ignored"]);
  });
});

describe("full boot chain over BHI and BHIe", () => {
  const options = { family: fullChain };

  test("SBL takes the first part, then waits for the whole", async () => {
    const { host, served } = await found(options);
    await offer(host, chain.subarray(0, 512 * 1024));
    expect(await answered(host)).toBe(SUCCESS);
    await bringUp(host, ExecEnv.SBL);
    await delay(30);
    await host.collect();
    expect(eesTold(host)).toEqual([ExecEnv.SBL]);
    await offerSegments(host, chain, 512 * 1024);
    expect(await answered(host, TXVECSTATUS)).toBe(SUCCESS);
    expect((await host.client.read32(TXVECSTATUS)) & 0x3fffffff).toBe(0x77);
    await bringUpOn(host);
    expect(eesTold(host)).toEqual([ExecEnv.SBL, ExecEnv.AMSS]);
    expect(served.logged("firmware").map(({ stage, good }) => [stage, good])).toEqual([
      ["bhi", true],
      ["bhie", true],
    ]);
  });

  test.each<[string, (fake: FakeHost) => Promise<void>]>([
    ["a segment short", (fake) => offerSegments(fake, chain.subarray(0, 1024 * 1024), 512 * 1024)],
    [
      "a table that is none",
      (fake) => fake.client.write32(BHIE + 0x34, 17).then(() => fake.client.write32(BHIE + 0x3c, 5)),
    ],
  ])("%s: refused, and SBL stays", async (_name, send) => {
    const { host } = await found(options);
    await offer(host, chain.subarray(0, 512 * 1024));
    await bringUp(host, ExecEnv.SBL);
    await send(host);
    expect(await answered(host, TXVECSTATUS)).toBe(ERROR);
    expect(await host.client.read32(EXECENV)).toBe(ExecEnv.SBL);
  });

  test("after a refusal the next vector's status starts from nothing", async () => {
    const { host } = await found(options);
    await offer(host, chain.subarray(0, 512 * 1024));
    await bringUp(host, ExecEnv.SBL);
    await offerSegments(host, chain.subarray(0, 1000), 512 * 1024);
    expect(await answered(host, TXVECSTATUS)).toBe(ERROR);
    served?.endpoint.faults.arm("firmware-never-acked", { stage: "bhie" });
    await offerSegments(host, chain, 512 * 1024);
    expect((await host.client.read32(TXVECSTATUS)) >>> 30).toBe(0);
  });

  test("a cleared doorbell means nothing", async () => {
    const { host, served } = await found(options);
    await host.client.write32(BHIE + 0x3c, 0);
    await host.client.write32(TXVECSTATUS, 0);
    expect(served.logged("guest-error")).toEqual([]);
  });
});

describe("other ways up", () => {
  test("EDL: the flash programmer's image brings FP, and FP is told", async () => {
    const { host } = await found({ powerOnEe: ExecEnv.EDL });
    await offer(host, madeUpImage(sdx55, edl));
    expect(await answered(host)).toBe(SUCCESS);
    await bringUp(host, ExecEnv.FP);
    expect(eesTold(host)).toEqual([ExecEnv.FP]);
  });

  test("PTHRU: READY without an image, AMSS after M0", async () => {
    const { host } = await found({ powerOnEe: ExecEnv.PTHRU });
    expect(await host.client.read32(EXECENV)).toBe(ExecEnv.PTHRU);
    await bringUp(host, ExecEnv.AMSS);
    expect(eesTold(host)).toEqual([ExecEnv.AMSS]);
  });
});

describe("faults", () => {
  async function withFault(text: string): Promise<FakeHost> {
    const { host, served } = await found();
    const { name, options } = parseFaultText(text);
    served.endpoint.faults.arm(name, options);
    await offer(host, good);
    return host;
  }

  test("firmware-refused: once, then the same image is good", async () => {
    const fake = await withFault("firmware-refused");
    expect(await answered(fake)).toBe(ERROR);
    await offer(fake, good);
    expect(await answered(fake)).toBe(SUCCESS);
  });

  test("firmware-never-acked: taken, and no word of it", async () => {
    const fake = await withFault("firmware-never-acked");
    await fake.until("the image taken", () => (served?.logged("firmware").length ?? 0) > 0);
    await delay(50);
    expect([(await fake.client.read32(STATUS)) >>> 30, fake.interrupts.length]).toEqual([0, 0]);
  });

  test("firmware-slow: the same answer, later", async () => {
    const fake = await withFault("firmware-slow:delayMs=80");
    await fake.until("the image taken", () => (served?.logged("firmware").length ?? 0) > 0);
    expect((await fake.client.read32(STATUS)) >>> 30).toBe(0);
    expect(await answered(fake)).toBe(SUCCESS);
  });

  test("one of the other stage does not act", async () => {
    expect(await answered(await withFault("firmware-refused:stage=bhie"))).toBe(SUCCESS);
  });
});

/** The rings are set up already; only the next EE is awaited. */
async function bringUpOn(fake: FakeHost): Promise<void> {
  await fake.until("AMSS", async () => {
    await fake.collect();
    return eesTold(fake).includes(ExecEnv.AMSS);
  });
}

describe("RDDM", () => {
  const RXVEC = BHIE + 0x60;
  const RXVECSTATUS = BHIE + 0x78;
  const TABLE = BUFFERS - 4096;
  const RDDM = 3;

  /** mhi_rddm_prepare, with two segments of these sizes. */
  async function prepare({ ram, client }: FakeHost, sizes: readonly number[]): Promise<void> {
    for (const [index, size] of sizes.entries()) {
      ram.writeBigUInt64LE(BigInt(BUFFERS + index * 0x1_0000), TABLE + 16 * index);
      ram.writeBigUInt64LE(BigInt(size), TABLE + 16 * index + 8);
    }
    await client.write32(RXVEC + 4, 0);
    await client.write32(RXVEC, TABLE);
    await client.write32(RXVEC + 8, 16 * sizes.length);
    await client.write32(RXVEC + 0x10, 0x55);
  }

  test("the dump fills the host's segments, then come the status and an interrupt", async () => {
    const { host, served } = await found({ powerOnEe: ExecEnv.AMSS });
    await prepare(host, [4096, 1000]);
    served.endpoint.faults.arm("rddm", { afterMs: 5 });
    await bringUp(host, ExecEnv.AMSS);
    expect(await answered(host, RXVECSTATUS)).toBe(SUCCESS);
    expect([(await host.client.read32(RXVECSTATUS)) & 0xff, await host.client.read32(EXECENV)]).toEqual([0x55, RDDM]);
    const dump = rddmImage(5096);
    expect(host.ram.subarray(BUFFERS, BUFFERS + 4096).equals(dump.subarray(0, 4096))).toBe(true);
    expect(host.ram.subarray(BUFFERS + 0x1_0000, BUFFERS + 0x1_0000 + 1000).equals(dump.subarray(4096))).toBe(true);
    expect(host.ram[BUFFERS + 0x1_0000 + 1000]).toBe(0);
    await host.until("two interrupts more", () => host.interrupts.length >= 3);
  });

  test("a table that makes no sense is an error; without one nothing is written", async () => {
    const { host, served } = await found({ powerOnEe: ExecEnv.AMSS });
    await prepare(host, [2 ** 31]);
    served.endpoint.faults.arm("rddm", { afterMs: 5 });
    await bringUp(host, ExecEnv.AMSS);
    expect(await answered(host, RXVECSTATUS)).toBe(ERROR);

    const other = await found({ powerOnEe: ExecEnv.AMSS });
    other.served.endpoint.faults.arm("rddm", { afterMs: 5 });
    await bringUp(other.host, ExecEnv.AMSS);
    await other.host.until("RDDM", async () => (await other.host.client.read32(EXECENV)) === RDDM);
    await delay(20);
    expect(await other.host.client.read32(RXVECSTATUS)).toBe(0);
    await host.client.close();
    await served.close();
  });
});
