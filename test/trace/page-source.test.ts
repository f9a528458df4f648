/** Lanes merged into batches: what the walk of one CPU's pages cannot show. */
import { expect, test } from "vitest";
import { parseFormat } from "../../harness/trace/format.ts";
import { FormatSet } from "../../harness/trace/ring/format-set.ts";
import { parseHeaderPage } from "../../harness/trace/ring/layout.ts";
import type { PageFeed } from "../../harness/trace/ring/page-feed.ts";
import { type LaneInput, PageSource } from "../../harness/trace/ring/page-source.ts";
import { HEADER_PAGE, PageBuilder, PRINT_FORMAT } from "./page-builder.ts";

const layout = parseHeaderPage(HEADER_PAGE);

function feedOf(pages: readonly Buffer[]): PageFeed {
  const left = [...pages];
  return { position: 0, problem: undefined, fill: (into) => left.shift()?.copy(into) ?? 0 };
}

const lane = (cpu: number, ...pages: Buffer[]): LaneInput => ({
  cpu,
  buffer: "",
  layout,
  feed: feedOf(pages),
  firstTicks: pages[0]?.readBigUInt64LE(0),
});

async function read(inputs: readonly LaneInput[], offsetNs = 0n) {
  const formats = new FormatSet([parseFormat(PRINT_FORMAT, "ftrace")]);
  const common = { form: "pages", buffers: [], comms: new Map(), notes: [], counts: [] };
  const source = new PageSource({ ...common, formats, offsetNs, inputs });
  const seen: [bigint, number, string][] = [];
  for await (const batch of source.batches()) {
    for (let row = 0; row < batch.length; row++) {
      const event = batch.event(row);
      const text = event.kind === "marker" ? event.text : event.kind;
      seen.push([source.info.originNs + BigInt(event.tNs), event.cpu, text]);
    }
  }
  return { seen, source };
}

test("times that no double holds keep every nanosecond", async () => {
  for (const ns of [2n ** 53n + 1n, 1_795_000_000_123_456_789n, 2n ** 63n - 5n]) {
    const page = new PageBuilder(ns).marker(0, "a").marker(1, "b").done();
    const { seen, source } = await read([lane(0, page)]);
    expect(source.info.originNs % 1_000_000_000n).toBe(0n);
    expect(seen).toEqual([
      [ns, 0, "a"],
      [ns + 1n, 0, "b"],
    ]);
  }
});

test("a recording's offset is added to every time, exactly, also below zero", async () => {
  const page = (): Buffer => new PageBuilder(5_000n).marker(0, "a").marker(7, "b").done();
  const far = 1_795_000_000_000_000_001n;
  expect((await read([lane(0, page())], far)).seen.map(([ns]) => ns)).toEqual([far + 5_000n, far + 5_007n]);
  expect((await read([lane(0, page())], -6_000n)).seen.map(([ns]) => ns)).toEqual([-1_000n, -993n]);
});

test("four CPUs with gaps in their numbers: by time, equal times in the order of the CPUs", async () => {
  const page = (ns: bigint, ...markers: [number, string][]): Buffer => {
    const builder = new PageBuilder(ns);
    for (const [delta, text] of markers) builder.marker(delta, text);
    return builder.done();
  };
  const { seen } = await read([
    lane(0, page(100n, [0, "a"], [10, "e"]), page(200n, [0, "i"])),
    lane(3, page(100n, [0, "b"], [10, "f"])),
    lane(4, page(100n, [0, "c"], [5, "d"], [5, "g"])),
    lane(9, page(150n, [0, "h"])),
  ]);
  expect(seen.map(([, , text]) => text).join("")).toBe("abcdefghi");
  expect(seen.map(([, cpu]) => cpu)).toEqual([0, 3, 4, 4, 0, 3, 4, 9, 0]);
});

test("a CPU without pages takes no part; none at all is an empty recording", async () => {
  expect((await read([lane(0), lane(1, new PageBuilder(1n).marker(0, "a").done())])).seen).toEqual([[1n, 1, "a"]]);
  expect((await read([lane(0)])).seen).toEqual([]);
});

test.each([
  ["alone", [], 5_000],
  ["beside a CPU that goes on", [lane(1, new PageBuilder(9_000n).marker(0, "z").done())], 9_000],
] as const)(
  "records lost before an empty last page, %s: missing as far as the recording goes",
  async (_, others, toNs) => {
    const first = new PageBuilder(100n).marker(0, "a").done();
    const { source } = await read([lane(0, first, new PageBuilder(5_000n).done({ missed: 7 })), ...others]);
    expect(source.gaps).toMatchObject([{ reason: "overrun", cpu: 0, lost: 7, fromNs: 100, toNs }]);
  },
);

test("pages read one at a time and many at a time are the same recording", async () => {
  const pages = (): Buffer[] =>
    Array.from({ length: 40 }, (_, i) => {
      const builder = new PageBuilder(BigInt(1000 + 100 * i))
        .marker(0, `a${i}`)
        .marker(3, `b${i}`, "long")
        .marker(4, `c${i}`);
      return builder.done(i === 20 ? { missed: 7 } : {});
    });
  const stepped = new PageBuilder(900n).marker(0, "back").done();
  const single = await read([lane(0, ...pages(), stepped)]);
  const whole = await read([lane(0, Buffer.concat([...pages(), stepped]))]);
  expect(single.seen).toHaveLength(121);
  expect(whole.seen).toEqual(single.seen);
  expect(single.source.gaps.map(({ reason }) => reason)).toEqual(["overrun", "clock-step"]);
  expect(whole.source.gaps.map(({ detail: _, ...gap }) => gap)).toEqual(
    single.source.gaps.map(({ detail: _, ...gap }) => gap),
  );
});

test("a page of zeros, as a hole in a file reads, is told as missing evidence", async () => {
  const page = (ns: bigint, text: string): Buffer => new PageBuilder(ns).marker(0, text).done();
  const { seen, source } = await read([lane(0, Buffer.concat([page(100n, "a"), Buffer.alloc(4096), page(300n, "b")]))]);
  expect(seen.map(([, , text]) => text)).toEqual(["a", "b"]);
  expect(source.gaps).toMatchObject([{ reason: "damaged", fromNs: 100, toNs: 300 }]);
  expect(source.gaps[0]?.detail).toMatch(/page at byte 4096: nothing but zeros/);
});
