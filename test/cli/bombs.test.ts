/** Small files that want to become large ones: a sentence or an end, in bounded memory and time. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { type Decoded, decodeInChild } from "../fuzz/decode-child.ts";
import { dataReader, fuzzInputs } from "../fuzz/inputs.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "mhi-hil-bombs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const inputs = fuzzInputs(dataReader(root));
const bytesOf = (name: string): Buffer => inputs.get(name)?.files.get("recording") ?? Buffer.alloc(0);
const MEBIBYTE = 2 ** 20;
const MAX_MIB = 200;

/** A file may hold many gzip members: ten gibibytes of it are ten mebibytes. */
function gzipBomb(head: Buffer, fill: number, gibibytes: number): Buffer {
  const member = gzipSync(Buffer.alloc(64 * MEBIBYTE, fill));
  return Buffer.concat([gzipSync(head), ...Array.from({ length: gibibytes * 16 }, () => member)]);
}

/** RFC 8878: a frame of a raw block with the head, then blocks that repeat one byte 128 Ki times. */
function zstdBomb(head: Buffer, fill: number, gibibytes: number): Buffer {
  const block = (size: number, type: 0 | 1, last: 0 | 1, data: Buffer): Buffer => {
    const bytes = Buffer.alloc(3);
    bytes.writeUIntLE((size << 3) | (type << 1) | last, 0, 3);
    return Buffer.concat([bytes, data]);
  };
  const blocks = gibibytes * 8192;
  const one = block(128 << 10, 1, 0, Buffer.from([fill]));
  // magic, no content size, window of 128 KiB
  const start = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38]);
  return Buffer.concat([
    ...[start, block(head.length, 0, 0, head)],
    ...Array.from({ length: blocks }, () => one),
    block(0, 0, 1, Buffer.alloc(0)),
  ]);
}

/** Streams in a row are one .xz: a text, then 8 MiB of line feeds again and again. */
function xzBomb(gibibytes: number): Buffer {
  const [head, empty] = ["trace.txt.xz", "newlines-8MiB.xz"].map((name) =>
    readFileSync(`${root}/test/data/trace/fuzz/${name}`),
  ) as [Buffer, Buffer];
  return Buffer.concat([head, ...Array.from({ length: gibibytes * 128 }, () => empty)]);
}

async function decode(bytes: Buffer): Promise<Decoded> {
  const path = join(folder, "recording");
  writeFileSync(path, bytes);
  return decodeInChild(path);
}

describe("ten gibibytes of nothing", { timeout: 60_000 }, () => {
  test.each([
    ["a trace.dat and zeros, gzip", () => gzipBomb(bytesOf("dat7"), 0, 10)],
    ["a trace.dat and zeros, zstd", () => zstdBomb(bytesOf("dat7"), 0, 10)],
    ["text and empty lines, gzip", () => gzipBomb(bytesOf("trace"), 10, 10)],
    ["text and empty lines, zstd", () => zstdBomb(bytesOf("trace"), 10, 10)],
    ["text and empty lines, xz", () => xzBomb(10)],
    ["text and one line without end, gzip", () => gzipBomb(bytesOf("trace"), 65, 10)],
  ])("%s: refused in one sentence", async (_, make) => {
    const { code, stderr, peakMib } = await decode(make());
    expect(stderr).toMatch(/^mhi-hil: \S+recording: \d+ bytes of (gzip|xz|zstd) expand to more than \d+: [^\n]*$/m);
    expect(code).toBe(2);
    expect(peakMib).toBeLessThan(MAX_MIB);
  });

  test.each([
    ["zeros, gzip", () => gzipBomb(Buffer.alloc(0), 0, 2)],
    ["gzip in gzip", () => gzipSync(gzipSync(bytesOf("trace")))],
  ])("%s: known for no recording by its first bytes", async (_, make) => {
    const { code, stderr, peakMib } = await decode(make());
    expect(stderr).toMatch(/^mhi-hil: \S+recording: [^\n]*expected a trace\.dat[^\n]*$/);
    expect(code).toBe(2);
    expect(peakMib).toBeLessThan(MAX_MIB);
  });
});

test("a line of five hundred megabytes from a pipe is passed over, and told", { timeout: 60_000 }, async () => {
  const { code, peakMib, stderr } = await decodeInChild("-", async ({ stdin }) => {
    if (!stdin) throw new Error("no pipe");
    const piece = Buffer.alloc(MEBIBYTE, 65);
    stdin.write(bytesOf("trace"));
    for (let i = 0; i < 500; i++) if (!stdin.write(piece)) await once(stdin, "drain");
    stdin.end("\n");
  });
  expect(stderr).toContain("1 gap: evidence is missing");
  expect(code).toBe(0);
  expect(peakMib).toBeLessThan(MAX_MIB);
});
