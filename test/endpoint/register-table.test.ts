/** Each register: its value after power-on, which bits the host may change, what it holds after an MHI reset. */
import { expect, test } from "vitest";
import { useBench } from "./bench.ts";

const bench = useBench({ bootDelayMs: 1 });

const READ_ONLY = 0;
const ALL = 0xffffffff;

/** Name, offset, value after power-on, bits that a write changes, whether an MHI reset clears it. Design facts 4.1 to 4.4. */
const TABLE: readonly (readonly [string, number, number, number, boolean])[] = [
  ["MHIREGLEN", 0x00, 0x100, READ_ONLY, false],
  ["MHIVER", 0x08, 0x0100_0000, READ_ONLY, false],
  ["CHDBOFF", 0x18, 0x300, READ_ONLY, false],
  ["ERDBOFF", 0x20, 0x700, READ_ONLY, false],
  ["BHIOFF", 0x28, 0x100, READ_ONLY, false],
  ["BHIEOFF", 0x2c, 0x200, READ_ONLY, false],
  ["DEBUGOFF", 0x30, 0, READ_ONLY, false],
  ["CCABAP_LOWER", 0x58, 0, ALL, true],
  ["CCABAP_HIGHER", 0x5c, 0, ALL, true],
  ["ECABAP_LOWER", 0x60, 0, ALL, true],
  ["ECABAP_HIGHER", 0x64, 0, ALL, true],
  ["CRCBAP_LOWER", 0x68, 0, ALL, true],
  ["CRCBAP_HIGHER", 0x6c, 0, ALL, true],
  ["MHICTRLBASE_LOWER", 0x80, 0, ALL, false],
  ["MHICTRLBASE_HIGHER", 0x84, 0, ALL, false],
  ["MHICTRLLIMIT_LOWER", 0x88, 0, ALL, false],
  ["MHICTRLLIMIT_HIGHER", 0x8c, 0, ALL, false],
  ["MHIDATABASE_LOWER", 0x98, 0, ALL, false],
  ["MHIDATABASE_HIGHER", 0x9c, 0, ALL, false],
  ["MHIDATALIMIT_LOWER", 0xa0, 0, ALL, false],
  ["MHIDATALIMIT_HIGHER", 0xa4, 0, ALL, false],
  ["BHI_IMGADDR_LOW", 0x108, 0, ALL, false],
  ["BHI_IMGADDR_HIGH", 0x10c, 0, ALL, false],
  ["BHI_IMGSIZE", 0x110, 0, ALL, false],
  ["BHI_INTVEC", 0x120, 0, ALL, true],
  ["BHI_EXECENV", 0x128, 2, READ_ONLY, false],
  ["BHI_ERRCODE", 0x130, 0, READ_ONLY, false],
  ["BHI_ERRDBG1", 0x134, 0, READ_ONLY, false],
  ["BHIE_TXVECADDR_LOW", 0x22c, 0, ALL, false],
  ["BHIE_TXVECSIZE", 0x234, 0, ALL, false],
  ["BHIE_RXVECADDR_LOW", 0x260, 0, ALL, false],
  ["BHIE_RXVECADDR_HIGH", 0x264, 0, ALL, false],
  ["BHIE_RXVECSIZE", 0x268, 0, ALL, false],
];

test.each(TABLE)("%s", async (_name, offset, initial, writable, cleared) => {
  const { client } = bench.host;
  await bench.host.untilReady();
  expect(await client.read32(offset)).toBe(initial);
  for (const value of [0xffffffff, 0, 0xa5a5a5a5]) {
    await client.write32(offset, value);
    expect(await client.read32(offset)).toBe(((initial & ~writable) | (value & writable)) >>> 0);
  }
  await client.write32(0x38, 2); // MHICTRL.RESET
  await bench.host.untilReady();
  const kept = ((initial & ~writable) | (0xa5a5a5a5 & writable)) >>> 0;
  expect(await client.read32(offset)).toBe(cleared ? 0 : kept);
});

test("MHISTATUS and the doorbells cannot be made to say what the device does not mean", async () => {
  const { client } = bench.host;
  await bench.host.untilReady();
  await client.write32(0x48, 0xffffffff);
  expect(await client.read32(0x48)).toBe(0x0101);
  await client.write32(0x128, 7); // BHI_EXECENV
  expect(await client.read32(0x128)).toBe(2);
});
