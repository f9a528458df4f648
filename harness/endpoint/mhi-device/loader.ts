/**
 * Puts a RAM dump into the host's memory (BHIe), and takes an image from it, in one piece (BHI) or in segments (BHIe), and compares it with the one that the
 * device should be given. Source: mhi_fw_load_bhi, mhi_fw_load_bhie of drivers/bus/mhi/host/boot.c.
 */
import { createHash } from "node:crypto";
import { hex } from "../../base/hex.ts";
import type { DeviceBus } from "./bus.ts";

export interface Verdict {
  readonly good: boolean;
  /** One line for the device log. */
  readonly text: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A table of more is a guest gone mad: 64 MiB in segments of 512 KiB are 128. */
const MAX_SEGMENTS = 4096;
const MAX_IMAGE_BYTES = 128 << 20;
const ENTRY_BYTES = 16;
/** Read and hashed at a time. */
const PIECE_BYTES = 512 * 1024;

interface Segment {
  readonly address: bigint;
  readonly bytes: number;
}

/** @throws RigFault `dma-refused` or `dma-cancelled` from the bus. */
export async function takeImage(
  bus: DeviceBus,
  address: bigint,
  bytes: number,
  expected: Buffer | undefined,
): Promise<Verdict> {
  return compare(bus, [{ address, bytes }], expected);
}

/** `tableBytes` of entries: u64 address, u64 size. */
export async function takeSegments(
  bus: DeviceBus,
  tableAt: bigint,
  tableBytes: number,
  expected: Buffer | undefined,
): Promise<Verdict> {
  const count = tableBytes / ENTRY_BYTES;
  if (!Number.isInteger(count) || count === 0 || count > MAX_SEGMENTS) {
    return refused(badTable(tableBytes));
  }
  const segments = readTable(await bus.read(tableAt, tableBytes));
  return typeof segments === "string" ? refused(segments) : compare(bus, segments, expected);
}

/** Fills the segments of a table, one after the other. @returns how many bytes, or a sentence about what is wrong */
export async function fillSegments(
  bus: DeviceBus,
  tableAt: bigint,
  tableBytes: number,
  contentOf: (bytes: number) => Buffer,
): Promise<number | string> {
  const count = tableBytes / ENTRY_BYTES;
  if (!Number.isInteger(count) || count === 0 || count > MAX_SEGMENTS) return badTable(tableBytes);
  const segments = readTable(await bus.read(tableAt, tableBytes));
  if (typeof segments === "string") return segments;
  const total = segments.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total === 0 || total > MAX_IMAGE_BYTES) return `segments of ${total} bytes in all`;
  const content = contentOf(total);
  let from = 0;
  for (const { address, bytes } of segments) {
    await bus.write(address, content.subarray(from, from + bytes));
    from += bytes;
  }
  return total;
}

const badTable = (bytes: number): string =>
  `segment table of ${bytes} bytes, expected a multiple of 16 up to ${MAX_SEGMENTS * 16}`;

/** The segments of a table, or a sentence about what is wrong with it. */
export function readTable(table: Buffer): Segment[] | string {
  const segments: Segment[] = [];
  for (let at = 0; at < table.length; at += ENTRY_BYTES) {
    const size = table.readBigUInt64LE(at + 8);
    if (size > BigInt(MAX_IMAGE_BYTES)) return `segment ${at / ENTRY_BYTES} of ${hex(size)} bytes`;
    segments.push({ address: table.readBigUInt64LE(at), bytes: Number(size) });
  }
  return segments;
}

async function compare(bus: DeviceBus, segments: readonly Segment[], expected: Buffer | undefined): Promise<Verdict> {
  const total = segments.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total === 0 || total > MAX_IMAGE_BYTES) return refused(`image of ${total} bytes`, total);
  const hash = createHash("sha256");
  for (const { address, bytes } of segments) {
    for (let at = 0; at < bytes; at += PIECE_BYTES) {
      hash.update(await bus.read(address + BigInt(at), Math.min(PIECE_BYTES, bytes - at)));
    }
  }
  return judge(total, hash.digest("hex"), expected);
}

function judge(bytes: number, sha256: string, expected: Buffer | undefined): Verdict {
  const found = { bytes, sha256 };
  if (!expected) return { ...found, good: false, text: `image of ${bytes} bytes, and none is expected` };
  const wanted = createHash("sha256").update(expected).digest("hex");
  if (bytes !== expected.length) {
    return { ...found, good: false, text: `image of ${bytes} bytes, expected ${expected.length}` };
  }
  const good = sha256 === wanted;
  const what = `image of ${bytes} bytes, sha256 ${sha256.slice(0, 16)}`;
  return { ...found, good, text: good ? what : `${what}, expected ${wanted.slice(0, 16)}` };
}

const refused = (text: string, bytes = 0): Verdict => ({ good: false, text, bytes, sha256: "" });
