/** Sahara and SSR, with a host that does what drivers/accel/qaic does. Numbers are written out. */
import { describe, expect, test } from "vitest";
import { qaicSsr } from "../../../harness/endpoint/functions/qaic-ssr.ts";
import { sahara } from "../../../harness/endpoint/functions/sahara.ts";
import { memoryLog } from "../../../harness/endpoint/log.ts";
import { aic100 } from "../../../harness/mhi/families/aic.ts";
import { madeUpImage } from "../../../harness/mhi/firmware-image.ts";
import { DUMP_REGIONS, dumpFile, dumpTable, readDumpMemory } from "../../../harness/mhi/ram-dump.ts";
import { functionBench } from "./function-bench.ts";

const words = (message: Buffer | undefined): number[] =>
  Array.from({ length: (message?.length ?? 0) >> 2 }, (_, index) => message?.readUInt32LE(4 * index) ?? 0);
const packet = (...values: number[]): Buffer => {
  const buffer = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    buffer.writeUInt32LE(value, 4 * index);
  });
  return buffer;
};
const HELLO_RESP = packet(2, 0x30, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0);
const DONE = packet(5, 8);
const RESET = packet(7, 8);

function saharaBench(differs: Parameters<typeof functionBench>[1] = {}) {
  const loaded: string[] = [];
  const bench = functionBench(sahara, { family: aic100, imagesLoaded: () => void loaded.push("loaded"), ...differs });
  bench.made.started?.();
  return { ...bench, loaded, last: () => words(bench.sent.at(-1)) };
}

/** Gives what READ_DATA asked for, in transfers of at most that many bytes. */
function give(
  { made, last }: Pick<ReturnType<typeof saharaBench>, "made" | "last">,
  image: Buffer,
  mtu = 0xffff,
): number[] {
  const asked = last();
  const [command, , , offset = 0, length = 0] = asked;
  expect(command).toBe(3);
  for (let at = offset; at < offset + length; at += mtu) {
    made.receive(image.subarray(at, Math.min(at + mtu, offset + length)));
  }
  return asked;
}

describe("Sahara", () => {
  const fw2 = madeUpImage(aic100, "qcom/aic100/fw2.bin");
  const fw1 = madeUpImage(aic100, "qcom/aic100/fw1.bin");

  test.each([131072, 65535, 1000])("two images are asked for and compared; transfers of %i bytes", (mtu) => {
    const bench = saharaBench();
    expect(bench.last().slice(0, 6)).toEqual([1, 0x30, 2, 2, 0xffff, 0]);
    expect(bench.sent[0]).toHaveLength(0x30);
    bench.made.receive(HELLO_RESP);
    expect(give(bench, fw2, mtu)).toEqual([3, 20, 2, 0, 131072]);
    expect(give(bench, fw2, mtu)).toEqual([3, 20, 2, 131072, fw2.length - 131072]);
    expect(bench.last()).toEqual([4, 16, 2, 0]);
    bench.made.receive(DONE);
    give(bench, fw1, mtu);
    give(bench, fw1, mtu);
    expect(bench.last()).toEqual([4, 16, 1, 0]);
    expect(bench.loaded).toEqual([]);
    bench.made.receive(DONE);
    expect([bench.last(), bench.loaded]).toEqual([[6, 12, 1], ["loaded"]]);
  });

  test("a wrong image ends the boot with a status; so does one that the host does not have", () => {
    const wrong = saharaBench();
    wrong.made.receive(HELLO_RESP);
    give(wrong, Buffer.alloc(fw2.length));
    give(wrong, Buffer.alloc(fw2.length));
    expect(wrong.last()).toEqual([4, 16, 2, 0x12]);
    wrong.made.receive(DONE);
    expect([wrong.sent.length, wrong.loaded]).toEqual([4, []]);

    const none = saharaBench();
    none.made.receive(HELLO_RESP);
    none.made.receive(RESET);
    none.made.receive(HELLO_RESP);
    expect([none.last(), none.loaded]).toEqual([[8, 8], []]);
  });

  test.each([
    ["refuse", [4, 16, 2, 0x12]],
    ["never", [3, 20, 2, 131072, fw2.length - 131072]],
  ] as const)("a fault decides: %s", (fate, last) => {
    const bench = saharaBench({ imageFate: () => fate });
    bench.made.receive(HELLO_RESP);
    give(bench, fw2);
    give(bench, fw2);
    expect(bench.last()).toEqual(last);
  });

  test("a RAM dump comes first, then the images", () => {
    let waits = true;
    const bench = saharaBench({
      dumpWaits: () => waits,
      dumpTaken: () => {
        waits = false;
      },
    });
    expect(bench.last()[5]).toBe(2);
    bench.made.receive(HELLO_RESP);
    expect(bench.last()).toEqual([0x10, 24, 0x0c00_0000, 0, 192, 0]);
    bench.made.receive(packet(0x11, 24, 0x0c00_0000, 0, 192, 0));
    expect(bench.sent.at(-1)?.equals(dumpTable())).toBe(true);
    bench.made.receive(packet(0x11, 24, 0x8000_0000, 0, 0x100, 0));
    expect(bench.sent.at(-1)).toHaveLength(0x100);
    bench.made.receive(packet(0x11, 24, 0x7000_0000, 0, 16, 0));
    expect(bench.last()).toEqual([4, 16, 0, 0x10]);
    bench.made.receive(RESET);
    expect(bench.sent.slice(-2).map((sent) => words(sent)[0])).toEqual([8, 1]);
    expect([bench.last()[5], waits]).toEqual([0, false]);
  });

  test("what comes out of turn is told and ignored", () => {
    const { log, records } = memoryLog();
    const bench = saharaBench({ log });
    bench.made.receive(DONE);
    bench.made.receive(Buffer.alloc(3));
    expect(bench.sent).toHaveLength(1);
    expect(records.filter(({ kind }) => kind === "guest-error")).toHaveLength(2);
  });
});

test("the dump file: header, table, regions one after the other", () => {
  const file = dumpFile();
  const total = 32 + 3 * 64 + DUMP_REGIONS.reduce((sum, { bytes }) => sum + bytes, 0);
  expect([0, 8, 16, 24].map((at) => file.readBigUInt64LE(at))).toEqual([0x1234567890abcdefn, 1n, BigInt(total), 192n]);
  expect(file).toHaveLength(total);
  let at = 32 + 192;
  for (const { address, bytes } of DUMP_REGIONS) {
    expect(file.subarray(at, at + bytes).equals(readDumpMemory(address, BigInt(bytes)) ?? Buffer.alloc(0))).toBe(true);
    at += bytes;
  }
  expect(readDumpMemory(0x8000_0000n, 160n * 1024n + 1n)).toBeUndefined();
});

describe("SSR", () => {
  const EVENT_RSP = (event: number): Buffer => packet(0x200, 16, 0, event);
  const read = (address: number, length: number): Buffer => packet(4, 32, 0, 0, address, 0, length, 0);

  function crashed(dump: "good" | "overflow") {
    const { log, records } = memoryLog();
    const bench = functionBench(qaicSsr, { log });
    bench.made.restartSubsystem?.(dump);
    return { ...bench, records, last: () => words(bench.sent.at(-1)) };
  }

  test("four events, each acknowledged, and the dump before the last", () => {
    const { made, sent, last } = crashed("good");
    for (const event of [2, 4]) {
      expect(last()).toEqual([0x100, 16, 0, event]);
      made.receive(EVENT_RSP(event));
    }
    made.receive(EVENT_RSP(8));
    expect(last()).toEqual([1, 32, 0, 0, 0x0c00_0000, 0, 192, 0]);
    made.receive(packet(2, 16, 0, 0));
    made.receive(read(0x0c00_0000, 192));
    expect(last().slice(0, 4)).toEqual([8, 16 + 192, 0, 0]);
    expect(sent.at(-1)?.subarray(16).equals(dumpTable())).toBe(true);
    made.receive(read(0x1468_0000, 16));
    expect(last().slice(0, 4)).toEqual([8, 32, 0, 0]);
    made.receive(packet(0x10, 16, 0, 0));
    expect(sent.slice(-2).map(words)).toEqual([
      [0x20, 16, 0, 0],
      [0x100, 16, 0, 16],
    ]);
    const before = sent.length;
    made.receive(EVENT_RSP(16));
    made.receive(EVENT_RSP(16));
    expect(sent).toHaveLength(before);
  });

  test("a host that does not want the dump: the subsystem comes up without", () => {
    const { made, last, records } = crashed("good");
    for (const event of [2, 4, 8]) made.receive(EVENT_RSP(event));
    made.receive(packet(2, 16, 0, 1));
    expect(last()).toEqual([0x100, 16, 0, 16]);
    expect(records.filter(({ kind }) => kind === "guest-error")).toHaveLength(1);
  });

  test("the table that overflows: each length is fine, their sum modulo 2^64 is 64", () => {
    const { made, sent } = crashed("overflow");
    for (const event of [2, 4, 8]) made.receive(EVENT_RSP(event));
    made.receive(packet(2, 16, 0, 0));
    made.receive(read(0x0c00_0000, 128));
    const table = sent.at(-1)?.subarray(16) ?? Buffer.alloc(0);
    expect(BigInt.asUintN(64, table.readBigUInt64LE(16) + table.readBigUInt64LE(80))).toBe(64n);
  });
});
