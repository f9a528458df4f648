/**
 * Recordings that claim more than they hold: sizes, counts and chains. Each is read or refused in a sentence, in bounded
 * memory and time, whatever the file says of itself.
 */
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { type Decoded, decodeInChild } from "../fuzz/decode-child.ts";
import { dataReader, fuzzInputs } from "../fuzz/inputs.ts";
import { root } from "../support/cli.ts";

const folder = mkdtempSync(join(tmpdir(), "mhi-hil-claims-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = dataReader(root);
const inputs = fuzzInputs(read);
const bytesOf = (name: string): Buffer => Buffer.from(inputs.get(name)?.files.get("recording") ?? Buffer.alloc(0));
const MAX_MIB = 200;
const MAX_SECONDS = 10;

async function decode(bytes: Buffer, sparseBytes = 0): Promise<Decoded> {
  const path = join(folder, "recording");
  const descriptor = openSync(path, "w");
  writeSync(descriptor, bytes);
  if (sparseBytes > 0) ftruncateSync(descriptor, sparseBytes);
  closeSync(descriptor);
  const decoded = await decodeInChild(path);
  expect(decoded.peakMib).toBeLessThan(MAX_MIB);
  expect(decoded.seconds).toBeLessThan(MAX_SECONDS);
  return decoded;
}

/** One sentence that names the file, and the exit code of what cannot be read. */
function expectRefused({ code, stderr }: Decoded, says: RegExp): void {
  expect(stderr).toMatch(/^mhi-hil: [^\n]*$/);
  expect(stderr).toContain("recording");
  expect(stderr).toMatch(says);
  expect(code).toBe(2);
}

/** Whatever changes a recording's bytes. */
function changed(name: string, change: (bytes: Buffer) => void): Buffer {
  const bytes = bytesOf(name);
  change(bytes);
  return bytes;
}

const u16 = (value: number): Buffer => Buffer.from(Uint16Array.of(value).buffer);
const u32 = (value: number): Buffer => Buffer.from(Uint32Array.of(value).buffer);
const u64 = (value: bigint): Buffer => Buffer.from(BigUint64Array.of(value).buffer);
const option = (id: number, data: Buffer): Buffer => Buffer.concat([u16(id), u32(data.length), data]);

/** First option section of a plain version 7: where its offset stands, and where it is. */
function optionsOf(bytes: Buffer): { pointer: number; section: number } {
  const pointer = bytes.indexOf("none\0\0") + 6;
  return { pointer, section: Number(bytes.readBigUInt64LE(pointer)) };
}

/** A version 7 whose options are these, before those that it had. */
function withOptions(options: readonly Buffer[]): Buffer {
  const bytes = bytesOf("dat7");
  const { pointer, section } = optionsOf(bytes);
  const body = Buffer.concat([...options, option(0, u64(BigInt(section)))]);
  const at = bytes.length;
  bytes.writeBigUInt64LE(BigInt(at), pointer);
  return Buffer.concat([bytes, u16(0), u16(0), u32(0), u64(BigInt(body.length)), body]);
}

/** Offset that an option of the first section holds. */
function placeOf(bytes: Buffer, id: number): number {
  const { section } = optionsOf(bytes);
  for (let at = section + 16; ; at += 6 + bytes.readUInt32LE(at + 2))
    if (bytes.readUInt16LE(at) === id) return Number(bytes.readBigUInt64LE(at + 6));
}

describe("trace.dat", { timeout: 60_000 }, () => {
  test.each(["dat6", "dat7"])("%s: a text of 2^63 bytes", async (name) => {
    const bytes = changed(name, (own) => {
      own.writeBigUInt64LE(1n << 63n, own.indexOf("header_page\0") + 12);
    });
    expectRefused(await decode(bytes), /byte \d+: size of header_page: expected a place in the file, found 0x8000/);
  });

  test("a text of 3 GB in a file that has them", async () => {
    const bytes = changed("dat6", (own) => {
      own.writeBigUInt64LE(3n << 30n, own.indexOf("header_page\0") + 12);
    });
    expectRefused(await decode(bytes, 2 ** 32), /byte \d+: header_page: expected at most \d+ bytes, found 3221225472/);
  });

  test.each([
    ["2^31 CPUs", 2 ** 31],
    ["2^32 - 1 CPUs", 2 ** 32 - 1],
  ])("%s", async (_, cpus) => {
    const six = changed("dat6", (own) => void own.writeUInt32LE(cpus, own.indexOf("options  \0") - 4));
    expectRefused(await decode(six), new RegExp(`byte \\d+: number of CPUs: expected 8192 or fewer, found ${cpus}`));
    const seven = withOptions([
      option(3, Buffer.concat([u64(BigInt(placeOf(bytesOf("dat7"), 16))), Buffer.alloc(2), u32(4096), u32(cpus)])),
    ]);
    expectRefused(await decode(seven), /byte \d+: /);
  });

  test("a chain of option sections that comes back to its beginning", async () => {
    const bytes = bytesOf("dat7");
    const { section } = optionsOf(bytes);
    const next = section + 16 + Number(bytes.readBigUInt64LE(section + 8)) - 8;
    bytes.writeBigUInt64LE(BigInt(section), next);
    expectRefused(await decode(bytes), /byte \d+: chain of option sections: .* read already/);
  });

  test("a section of 2^63 bytes, and one of 3 GB in a file that has them", async () => {
    const at = placeOf(bytesOf("dat7"), 18) + 8;
    const huge = changed("dat7", (own) => void own.writeBigUInt64LE(1n << 63n, at));
    expectRefused(await decode(huge), /byte \d+: section size: expected a place in the file/);
    const large = changed("dat7", (own) => void own.writeBigUInt64LE(3n << 30n, at));
    expectRefused(await decode(large, 2 ** 32), /byte \d+: section 18: expected at most \d+ bytes/);
  });

  test("five thousand options that all name the same section", async () => {
    const bytes = bytesOf("dat7");
    const section = option(18, u64(BigInt(placeOf(bytes, 18))));
    const many = withOptions(Array.from({ length: 5000 }, () => section));
    expectRefused(await decode(many), /byte \d+: .*read already/);
  });

  test("a compressed section that claims to expand to 4 GB", async () => {
    const bytes = bytesOf("dat7-zstd");
    const magic = bytes.indexOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]));
    bytes.writeUInt32LE(2 ** 32 - 1, magic - 4);
    expectRefused(await decode(bytes), /byte \d+: section 16: expanded bytes: expected at most \d+, found 4294967295/);
  });

  test("a chunk of pages that claims to expand to 4 GB: the other CPU's events, and a gap", async () => {
    const bytes = bytesOf("dat7-zstd");
    const page = inputs.get("raw")?.files.get("cpu0.bin")?.subarray(0, 64) ?? Buffer.alloc(0);
    const magic = bytes.lastIndexOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), bytes.indexOf(page));
    bytes.writeUInt32LE(2 ** 32 - 1, magic - 4);
    const { code, stderr } = await decode(bytes);
    expect(stderr).toMatch(/events.*1 gap: evidence is missing/);
    expect(code).toBe(0);
  });

  test("ten thousand buffers of version 6 in one place, each of 8192 CPUs", async () => {
    const bytes = bytesOf("dat6");
    const tag = bytes.indexOf("options  \0");
    bytes.writeUInt32LE(8192, tag - 4);
    const buffers = Array.from({ length: 10_000 }, () =>
      option(3, Buffer.concat([u64(1n << 20n), Buffer.from("x\0")])),
    );
    const head = Buffer.concat([bytes.subarray(0, tag + 10), ...buffers, u16(0), Buffer.from("flyrecord\0")]);
    const file = Buffer.alloc(2 << 20);
    head.copy(file);
    file.write("flyrecord\0", 1 << 20);
    expectRefused(await decode(file), /byte \d+: /);
  });

  test("eight thousand CPUs with pages of 16 MiB", async () => {
    const bytes = bytesOf("dat7");
    const cpus = Array.from({ length: 8192 }, (_, cpu) =>
      Buffer.concat([u32(cpu), u64(0x1000n), u64(BigInt(16 << 20))]),
    );
    const buffer = Buffer.concat([
      u64(BigInt(sectionOfBuffer(bytes))),
      Buffer.from("x\0boot\0"),
      u32(16 << 20),
      u32(8192),
    ]);
    const file = withOptions([option(3, Buffer.concat([buffer, ...cpus]))]);
    expectRefused(await decode(file, 64 << 20), /byte \d+: /);
  });
});

/** Offset of the first section of pages. */
function sectionOfBuffer(bytes: Buffer): number {
  const { section } = optionsOf(bytes);
  const second = Number(bytes.readBigUInt64LE(section + 16 + Number(bytes.readBigUInt64LE(section + 8)) - 8));
  return Number(bytes.readBigUInt64LE(second + 16 + 6));
}

describe("packed", { timeout: 60_000 }, () => {
  test.each([
    ["a window of 2 TiB", Buffer.from([0x00, 0xf8])],
    ["a content of 2^62 bytes", Buffer.concat([Buffer.from([0xe0]), u64(1n << 62n)])],
    ["a content of 4 GiB and a window of 128 MiB", Buffer.concat([Buffer.from([0x80, 0x88]), u32(2 ** 32 - 1)])],
  ])("zstd with %s", async (_, header) => {
    const block = Buffer.concat([Buffer.from([(200 << 3) | 1, (200 >> 5) & 0xff, 0]), Buffer.alloc(200, 65)]);
    const bytes = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), header, block]);
    expectRefused(await decode(bytes), /zstd data is damaged or cut near byte \d+/);
  });

  test("xz with a dictionary of 4 GiB", async () => {
    const bytes = Buffer.from(read("fuzz/trace.txt.xz"));
    // block header at byte 12: size, flags, filter 0x21, 1 byte of properties: the dictionary
    const at = 12;
    const size = ((bytes[at] ?? 0) + 1) * 4;
    bytes[bytes.indexOf(Buffer.from([0x21, 0x01]), at) + 2] = 40;
    bytes.writeUInt32LE(crc32(bytes.subarray(at, at + size - 4)), at + size - 4);
    const decoded = await decode(bytes);
    if (decoded.code !== 0) expectRefused(decoded, /xz data is damaged or cut near byte \d+|memory/);
  });

  test("gzip in gzip in gzip", async () => {
    expectRefused(await decode(gzipSync(gzipSync(gzipSync(bytesOf("dat7"))))), /expected a trace\.dat/);
  });
});

/** ftrace's own text, in which trace events may stand between other records: read, and the others kept as text. */
const READ = new Set(["other-function", "other-systrace"]);

describe("what another tracer wrote", { timeout: 60_000 }, () => {
  test.each([...inputs.keys()].filter((name) => name.startsWith("other-") && !READ.has(name)))("%s", async (name) => {
    expectRefused(await decode(bytesOf(name)), /expected a trace\.dat, .*text of trace, trace_pipe/);
  });

  test("function_graph is named", async () => {
    const decoded = await decode(bytesOf("other-functionGraph"));
    expectRefused(decoded, /it is text of the tracer function_graph, and holds no record of an event/);
  });

  test("a function tracer's records are kept as text, and told", async () => {
    const { code, stderr } = await decode(bytesOf("other-function"));
    expect(stderr).toContain("2 lines of another tracer (function) kept as text");
    expect(code).toBe(0);
  });
});

describe("a folder", { timeout: 60_000 }, () => {
  test.each([
    ["pages that are a folder", (at: string) => mkdirSync(join(at, "cpu3.bin")), /cpu3\.bin/],
    ["a format that is a folder", (at: string) => mkdirSync(join(at, "mhi_x.format")), /mhi_x\.format/],
    ["task names of 3 GB", (at: string) => sparse(join(at, "saved_cmdlines"), 3 * 2 ** 30), /saved_cmdlines/],
  ])("with %s", async (_, spoil, says) => {
    const at = join(folder, "recording-raw");
    rmSync(at, { recursive: true, force: true });
    mkdirSync(at);
    for (const [name, bytes] of inputs.get("raw")?.files ?? []) writeFileSync(join(at, name), bytes);
    spoil(at);
    expectRefused(await decodeInChild(at), says);
  });
});

function sparse(path: string, bytes: number): void {
  const descriptor = openSync(path, "w");
  ftruncateSync(descriptor, bytes);
  closeSync(descriptor);
}
