/**
 * The RAM dump that an emulated device hands over after a crash: made up, and the same on every machine, so that what the
 * host took can be compared byte for byte. Its table has the layout of Sahara's 64-bit debug table, which QAIC's SSR shares;
 * so has the file that the driver makes of it.
 *
 *   table entry, 64 bytes:  u64 type, u64 address, u64 length, char description[20], char file name[20]
 *   file:                   u64 magic, u64 version, u64 bytes of the file, u64 bytes of the table; table; regions
 *
 * Source: struct sahara_dump_table_entry, struct sahara_memory_dump_meta_v1 of drivers/accel/qaic/sahara.c;
 * struct debug_info_table, struct dump_file_meta of drivers/accel/qaic/qaic_ssr.c.
 */
import { createHash } from "node:crypto";

/** What a device in RDDM fills the host's segments with. */
export const rddmImage = (bytes: number): Buffer =>
  createHash("shake256", { outputLength: bytes }).update("mhi-hil RDDM").digest();

export interface DumpRegion {
  /** In the device's own memory. */
  readonly address: bigint;
  readonly bytes: number;
  readonly description: string;
  readonly fileName: string;
}

const KIB = 1024;
const ENTRY_BYTES = 64;
const META_BYTES = 32;
const MAGIC = 0x1234567890abcdefn;
const VERSION = 1n;
/** Save preference "default is mandatory". */
const MANDATORY = 1n;

/** One region takes several reads, one is as short as a Sahara error message, one is no multiple of anything. */
export const DUMP_REGIONS: readonly DumpRegion[] = [
  { address: 0x8000_0000n, bytes: 160 * KIB, description: "DDR", fileName: "DDRCS0.BIN" },
  { address: 0x1468_0000n, bytes: 16, description: "Reset reason", fileName: "PMIC_PON.BIN" },
  { address: 0x0b00_0000n, bytes: 12_345, description: "Code RAM", fileName: "CODERAM.BIN" },
];

/** Where the table itself lies in the device's memory. */
export const DUMP_TABLE_AT = 0x0c00_0000n;

export function dumpTable(regions: readonly DumpRegion[] = DUMP_REGIONS): Buffer {
  const table = Buffer.alloc(regions.length * ENTRY_BYTES);
  for (const [index, { address, bytes, description, fileName }] of regions.entries()) {
    const at = index * ENTRY_BYTES;
    table.writeBigUInt64LE(MANDATORY, at);
    table.writeBigUInt64LE(address, at + 8);
    table.writeBigUInt64LE(BigInt(bytes), at + 16);
    table.write(description, at + 24, 20, "latin1");
    table.write(fileName, at + 44, 20, "latin1");
  }
  return table;
}

const contents = (regions: readonly DumpRegion[]) =>
  regions.map((region) => ({
    address: region.address,
    data: createHash("shake256", { outputLength: region.bytes }).update(`mhi-hil RAM ${region.fileName}`).digest(),
  }));

/** What a read of the crashed device's memory brings; undefined where nothing is. */
export function readDumpMemory(address: bigint, bytes: bigint): Buffer | undefined {
  const blocks = [{ address: DUMP_TABLE_AT, data: dumpTable() }, ...contents(DUMP_REGIONS)];
  const block = blocks.find(({ address: at, data }) => address >= at && address + bytes <= at + BigInt(data.length));
  if (!block) return undefined;
  const from = Number(address - block.address);
  return block.data.subarray(from, from + Number(bytes));
}

/** The file that the host's driver makes of that dump. */
export function dumpFile(): Buffer {
  const table = dumpTable();
  const regions = contents(DUMP_REGIONS).map(({ data }) => data);
  const bytes = META_BYTES + table.length + regions.reduce((sum, { length }) => sum + length, 0);
  const meta = Buffer.alloc(META_BYTES);
  [MAGIC, VERSION, BigInt(bytes), BigInt(table.length)].forEach((value, index) => {
    meta.writeBigUInt64LE(value, 8 * index);
  });
  return Buffer.concat([meta, table, ...regions]);
}
