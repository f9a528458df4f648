import fc from "fast-check";
import { expect, test } from "vitest";
import { SegmentDecoder } from "../../harness/trace/decoder.ts";
import { parseFormat } from "../../harness/trace/format.ts";
import { FormatSet } from "../../harness/trace/ring/format-set.ts";
import { parseHeaderPage } from "../../harness/trace/ring/layout.ts";
import { HEADER_PAGE, PageBuilder, PRINT_FORMAT } from "./page-builder.ts";

const layout = parseHeaderPage(HEADER_PAGE);
const formats = new FormatSet([parseFormat(PRINT_FORMAT, "ftrace")]);

function decode(...pages: Uint8Array[]) {
  const decoder = new SegmentDecoder({ layout, formats });
  for (const page of pages) decoder.append(0, page);
  decoder.finish(9e9);
  const events = decoder.timeline.slice();
  return {
    decoder,
    events,
    gaps: decoder.gaps,
    seen: events.map((e) => [e.tNs, e.kind === "marker" ? e.text : e.kind]),
  };
}

test("deltas count from the record before; both length forms", () => {
  const { seen } = decode(new PageBuilder(1000n).marker(0, "a").marker(5, "b", "long").marker(7, "c").done());
  expect(seen).toEqual([
    [1000, "a"],
    [1005, "b"],
    [1012, "c"],
  ]);
});

test("a page read in parts: its stamp is that of the record before its first one", () => {
  expect(decode(new PageBuilder(1000n).marker(50, "a").done()).seen).toEqual([[1050, "a"]]);
});

test("time extend adds its high part once", () => {
  const page = new PageBuilder(10n).head(30, 3).word(2).marker(0, "a").marker(1, "b").done();
  expect(decode(page).seen).toEqual([
    [10 + 2 * 2 ** 27 + 3, "a"],
    [14 + 2 * 2 ** 27, "b"],
  ]);
});

test("absolute stamps replace the time; the page's stamp gives what is above 59 bits", () => {
  const low = 5 * 2 ** 27 + 9;
  expect(decode(new PageBuilder(1000n).head(31, 9).word(5).marker(0, "a").marker(2, "b").done()).seen).toEqual([
    [low, "a"],
    [low + 2, "b"],
  ]);
  const wrapped = new PageBuilder(2n ** 59n - 1024n).head(31, 0).word(1).marker(0, "a").done();
  expect(decode(wrapped).seen[0]?.[0]).toBe(2 ** 59 + 2 ** 27);
});

test("padding: discarded records are skipped with their time, the page's tail is not time", () => {
  const page = new PageBuilder(100n).marker(0, "a").head(29, 20).word(12).word(0).word(0).marker(3, "b");
  expect(decode(page.done()).seen).toEqual([
    [100, "a"],
    [123, "b"],
  ]);
  expect(decode(new PageBuilder(1n).marker(0, "a").head(29, 0).word(0).word(0xffffffff).done()).seen).toHaveLength(1);
  expect(decode(new PageBuilder(1n).marker(0, "a").head(29, 1).word(8).word(0).done()).gaps).toEqual([]);
});

test("bytes after the commit are not records", () => {
  const page = new PageBuilder(1n).marker(0, "a").marker(0, "b").done({ commit: 24 });
  expect(decode(page).seen).toEqual([[1, "a"]]);
});

test("lost records: their number, the CPU, and between which records", () => {
  const first = new PageBuilder(100n).marker(0, "a").done();
  const second = new PageBuilder(900n).marker(0, "b").done({ missed: 81432 });
  const third = new PageBuilder(950n).marker(0, "c").done({ missed: "unknown" });
  const { gaps, decoder } = decode(first, second, third);
  expect(gaps).toMatchObject([
    { reason: "overrun", cpu: 0, lost: 81432, fromNs: 100, toNs: 900 },
    { reason: "overrun", cpu: 0, fromNs: 900, toNs: 950 },
  ]);
  expect(gaps[1]).not.toHaveProperty("lost");
  expect(decoder.position(0)).toMatchObject({ decoded: 3, missed: 81432, missedUnknown: true });
});

test("a big record with the length in its own word", () => {
  const text = "x".repeat(900);
  expect(decode(new PageBuilder(1n).marker(0, text, "long").done()).seen).toEqual([[1, text]]);
});

test.each([
  ["a record that runs over the valid bytes", new PageBuilder(5n).marker(0, "a").head(28, 0).done(), "byte 40"],
  ["a length below its own word", new PageBuilder(5n).marker(0, "a").head(0, 0).word(3).done(), "byte 40"],
  ["a huge length", new PageBuilder(5n).marker(0, "a").head(0, 0).word(0xfffffffc).done(), "byte 40"],
  ["a commit above the page", new PageBuilder(5n).done({ commit: 4084 }), "commit is 0x00000ff4"],
  ["the other byte order", new PageBuilder(5n).done({ commit: 0x0f000000 }), "byte order"],
])("%s: what was read stays, the rest is a gap with its place", (_, page, told) => {
  const { gaps } = decode(page, new PageBuilder(77n).marker(0, "next").done());
  expect(gaps).toMatchObject([{ reason: "damaged", cpu: 0, toNs: 77, detail: expect.stringContaining(told) }]);
});

test("chunks cut anywhere give the same events", () => {
  const pages = Buffer.concat([1n, 2n, 3n].map((ns) => new PageBuilder(ns).marker(0, `p${ns}`).done()));
  const whole = decode(pages).seen;
  for (const size of [1, 7, 4095, 4097, 9000]) {
    const chunks = Array.from({ length: Math.ceil(pages.length / size) }, (_, i) =>
      pages.subarray(i * size, (i + 1) * size),
    );
    expect(decode(...chunks).seen).toEqual(whole);
  }
});

test("a stream that ends inside a page says how much is missing", () => {
  const { gaps, events } = decode(new PageBuilder(4n).marker(0, "a").done().subarray(0, 100));
  expect(events).toEqual([]);
  expect(gaps).toMatchObject([{ detail: expect.stringContaining("100 bytes of an unfinished page") }]);
});

test("any bytes: no crash, no hang, no record outside the page", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 4096, maxLength: 4096 }),
      fc.integer({ min: 0, max: 4080 }),
      (bytes, used) => {
        const page = Buffer.from(bytes);
        page.writeUInt32LE(used & ~3, 8);
        const { events, gaps } = decode(page);
        expect(events.length).toBeLessThanOrEqual(1020);
        for (const gap of gaps) expect(gap.fromNs).toBeLessThanOrEqual(gap.toNs);
      },
    ),
    { numRuns: 300 },
  );
});

test.each([
  "",
  "field: u64 timestamp;	offset:0;	size:8;",
  HEADER_PAGE.replace("4080", "4081"),
  HEADER_PAGE.slice(0, 120),
])("a header_page that is none is refused", (text) => {
  expect(() => parseHeaderPage(text)).toThrow(/header_page/);
});
