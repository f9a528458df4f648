/**
 * A large trace.dat from real recordings: version 6, uncompressed, two CPUs. What it repeats: cycle.ts; how its pages are
 * packed: busy-pages.ts. The other forms (version 7, zstd) are made of it by trace-cmd itself (`trace-cmd convert`).
 *
 * By itself: `node dist/bench/trace/make-input.js FILE MEGABYTES`.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describeError, UsageError } from "../../harness/base/errors.ts";
import { writePages } from "./busy-pages.ts";
import { type Cycle, makeCycle } from "./cycle.ts";
import { type RealRecording, readSdx55 } from "./real-records.ts";

const PAGE_BYTES = 4096;
/** Ids of options: trace-cmd.dat.v6(5). */
const OPTION_UNAME = 5;

export interface MadeInput {
  readonly path: string;
  readonly events: number;
  readonly bytes: number;
}

/** @param bytes - about as many as the file shall have. */
export function makeInput(path: string, bytes: number): MadeInput {
  const cycle = makeCycle();
  const cycles = Math.max(1, Math.round(bytes / bytesOf(cycle)));
  const head = headOf(readSdx55(), cycle.lanes.length);
  const file = openSync(path, "w");
  try {
    let at = roundUp(head.text.length + head.tableBytes);
    const regions = cycle.lanes.map((_, lane) => {
      const offset = at;
      writePages(cycle, lane, cycles, (block) => {
        writeAll(file, block, at);
        at += block.length;
      });
      return { offset, bytes: at - offset };
    });
    const table = Buffer.alloc(head.tableBytes);
    for (const [i, region] of regions.entries()) {
      table.writeBigUInt64LE(BigInt(region.offset), i * 16);
      table.writeBigUInt64LE(BigInt(region.bytes), i * 16 + 8);
    }
    writeAll(file, Buffer.concat([head.text, table]), 0);
    return { path, events: cycles * cycle.events, bytes: at };
  } finally {
    closeSync(file);
  }
}

/** One write may take fewer bytes than it was given. */
export function writeAll(file: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, at + done);
}

const roundUp = (bytes: number): number => Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;

/** Of one cycle in packed pages, about. */
const bytesOf = (cycle: Cycle): number =>
  cycle.lanes.flatMap(({ payloads }) => payloads).reduce((sum, payload) => sum + payload.length + 4.6, 0);

/** Everything before the table of CPU regions. Layout: trace-cmd.dat.v6(5). */
function headOf(recording: RealRecording, cpus: number): { readonly text: Buffer; readonly tableBytes: number } {
  const comms = [...recording.comms].map(([pid, name]) => `${pid} ${name}\n`).join("");
  const uname = Buffer.from(`Linux bench ${recording.kernel} x86_64\0`);
  const text = Buffer.concat([
    Buffer.from([0x17, 0x08, 0x44]),
    Buffer.from("tracing6\0"),
    Buffer.from([0, 8]), // little endian, bytes of a long
    u32(PAGE_BYTES),
    Buffer.from("header_page\0"),
    sized(recording.headerPage),
    Buffer.from("header_event\0"),
    sized(recording.headerEvent),
    u32(0), // formats of ftrace's own events
    u32(1), // event systems
    Buffer.from("mhi_host\0"),
    u32(recording.formats.size),
    ...[...recording.formats.values()].map(sized),
    u32(0), // kallsyms
    u32(0), // printk_formats
    sized(comms),
    u32(cpus),
    Buffer.from("options  \0"),
    u16(OPTION_UNAME),
    u32(uname.length),
    uname,
    u16(0),
    Buffer.from("flyrecord\0"),
  ]);
  return { text, tableBytes: cpus * 16 };
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function sized(text: string): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
  return Buffer.concat([size, Buffer.from(text)]);
}

function byItself(): void {
  const [path, megabytes] = process.argv.slice(2);
  const size = Number(megabytes ?? 256);
  if (!path || !(size > 0)) throw new UsageError("bad-option", "usage: make-input.js FILE [MEGABYTES]");
  const made = makeInput(path, size * 2 ** 20);
  process.stdout.write(`${made.path}: ${made.events} events, ${made.bytes} bytes\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    byItself();
  } catch (error) {
    process.stderr.write(`make-input: ${describeError(error)}\n`);
    process.exitCode = 2;
  }
}
