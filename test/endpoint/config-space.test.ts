import { expect, test } from "vitest";
import { useBench } from "./bench.ts";

const bench = useBench();

test("ids, class and capabilities are those of an SDX55", async () => {
  const { client } = bench.host;
  expect((await client.read(7, 0, 4)).readUInt32LE(0)).toBe(0x030617cb);
  expect(await client.config(0x08, 4)).toBe(0xff000000);
  expect((await client.read(7, 0x2c, 4)).readUInt32LE(0)).toBe(0x030617cb);
  const chain: [number, number][] = [];
  for (let at = await client.config(0x34, 1); at !== 0; at = await client.config(at + 1, 1)) {
    chain.push([at, await client.config(at, 1)]);
  }
  expect(chain).toEqual([
    [0x40, 1],
    [0x50, 5],
    [0x70, 0x10],
  ]);
});

test("BAR0 sizes to 4 KiB of 64-bit memory", async () => {
  const { client } = bench.host;
  await client.setConfig(0x10, 0xffffffff, 4);
  await client.setConfig(0x14, 0xffffffff, 4);
  expect([await client.config(0x10, 4), await client.config(0x14, 4)]).toEqual([0xfffff004, 0xffffffff]);
  await client.setConfig(0x18, 0xffffffff, 4);
  expect(await client.config(0x18, 4)).toBe(0);
});

test("ids and capability headers are read-only", async () => {
  const { client } = bench.host;
  const before = await client.read(7, 0, 256);
  for (const offset of [0, 8, 0x2c, 0x34, 0x40, 0x50, 0x70, 0x74]) await client.setConfig(offset, 0xffff, 2);
  const after = await client.read(7, 0, 256);
  after.writeUInt16LE(before.readUInt16LE(0x52), 0x52);
  expect(after.equals(before)).toBe(true);
});

test("PMCSR: state and PME enable are kept, PME status is cleared by a 1 and never set", async () => {
  const { client } = bench.host;
  await client.setConfig(0x44, 0x8103, 2);
  expect(await client.config(0x44, 2)).toBe(0x010b); // No_Soft_Reset stays
  expect(bench.served.endpoint.status().pciPower).toBe("D3");
  await client.setConfig(0x44, 0x8000, 2);
  expect(await client.config(0x44, 2)).toBe(0x0008);
});

test("D3hot and back keeps the configuration", async () => {
  const { host } = bench;
  await host.bringUp();
  await host.client.setConfig(0x44, 3, 2);
  await host.client.setConfig(0x44, 0, 2);
  expect([await host.client.config(0x52, 2), await host.client.config(0x04, 2)]).toEqual([0x8b, 6]);
});

test("a byte write of FLR's half of device control resets the function", async () => {
  const { client } = bench.host;
  await client.setConfig(0x04, 6, 2);
  await client.setConfig(0x78, 0x10, 1);
  expect(await client.config(0x04, 2)).toBe(6);
  await client.setConfig(0x79, 0x80, 1);
  expect(await client.config(0x04, 2)).toBe(0);
});

test("MSI: enable and vectors are writable, the capability's own bits are not", async () => {
  const { client } = bench.host;
  await client.setConfig(0x52, 0xffff, 2);
  expect(await client.config(0x52, 2)).toBe(0x00fb);
});

test("asks to be woken only from D3hot with PME enabled; the host clears the bit by writing a 1", async () => {
  const { client } = bench.host;
  const asked = (): boolean => bench.served.endpoint.requestWake().signalled;
  expect(asked()).toBe(false);
  await client.setConfig(0x44, 0x0003, 2);
  expect(asked()).toBe(false);
  await client.setConfig(0x44, 0x0103, 2);
  expect(asked()).toBe(true);
  expect((await client.config(0x44, 2)) & 0x8103).toBe(0x8103);
  await client.setConfig(0x44, 0x8100, 2);
  expect((await client.config(0x44, 2)) & 0x8103).toBe(0x0100);
  bench.served.endpoint.goAway("test");
  expect(asked()).toBe(false);
});
