import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SegmentDecoder } from "../../harness/trace/decoder.ts";
import { type EventFormat, parseFormat } from "../../harness/trace/format.ts";
import type { TraceEvent } from "../../harness/trace/mhi-events.ts";
import { FormatSet } from "../../harness/trace/ring/format-set.ts";
import { parseHeaderPage } from "../../harness/trace/ring/layout.ts";
import { parseTraceText } from "../../harness/trace/text/parse.ts";

const dir = (name: string): URL => new URL(`../data/trace/${name}/`, import.meta.url);
const read = (folder: URL, name: string): Buffer => readFileSync(new URL(name, folder));

function formatsOf(folder: URL, change = (text: string): string => text): EventFormat[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".format"));
  return files.map((name) => parseFormat(change(read(folder, name).toString()), "mhi_host"));
}

function decodeFolder(folder: URL, formats = formatsOf(folder)): SegmentDecoder {
  const layout = parseHeaderPage(read(folder, "header_page").toString());
  const decoder = new SegmentDecoder({ layout, formats: new FormatSet(formats) });
  for (const cpu of [0, 1]) decoder.append(cpu, read(folder, `cpu${cpu}.bin`));
  return decoder;
}

const raw = dir("linux-6.12-sdx55/raw");

/** What the kernel's text can tell of an event: time in microseconds, and all fields; it hashes kernel addresses. */
const asText = (event: TraceEvent): unknown => ({
  ...event,
  tNs: Math.round(event.tNs / 1000) * 1000,
  slot: undefined,
});

test("pages of a real kernel: all records, in time order", () => {
  const decoder = decodeFolder(raw);
  const events = decoder.timeline.slice();
  expect(events).toHaveLength(158);
  expect(decoder.gaps).toEqual([]);
  expect(events.filter((event) => event.kind === "other")).toEqual([]);
  expect(events.map((event) => event.tNs)).toEqual(events.map((event) => event.tNs).sort((a, b) => a - b));
  expect(events[0]).toEqual({ kind: "worker", tNs: 5_893_310_899, cpu: 1, pid: 74, controller: "mhi0", item: 1 });
});

test("pages and text of the same records, read by two instances of one kernel: the same events, field by field", () => {
  const live = dir("linux-6.12-live");
  const text = parseTraceText(read(live, "trace.txt").toString());
  expect(text.gaps).toEqual([]);
  const pages = decodeFolder(live)
    .timeline.slice()
    .filter((event) => event.kind !== "other");
  expect(pages.length).toBeGreaterThan(50);
  expect(pages.map(asText)).toEqual(text.events.map(asText));
});

test("a kernel with other PM numbers is read by the words of its own table", () => {
  const shifted = formatsOf(raw, (text) => text.replace('{ 2, "M0" }, { 3, "M2" }', '{ 3, "M0" }, { 2, "M2" }'));
  const pm = (formats: EventFormat[]): number[] =>
    decodeFolder(raw, formats)
      .timeline.slice()
      .flatMap((event) => (event.kind === "pm" ? [event.pmState] : []));
  const swap = (state: number): number => (state === 2 ? 3 : state === 3 ? 2 : state);
  expect(pm(shifted)).toEqual(pm(formatsOf(raw)).map(swap));
});

test("a PM state that no table names is missing evidence", () => {
  const decoder = decodeFolder(
    raw,
    formatsOf(raw, (text) => text.replace('{ 2, "M0" }', '{ 2, "M0 and a half" }')),
  );
  const lost = decoder.gaps.filter((gap) => gap.detail?.includes("mhi_tryset_pm_state"));
  expect(lost.length).toBeGreaterThan(0);
  expect(lost[0]).toMatchObject({ reason: "damaged", lost: 1 });
});

test.each([
  ["a field is gone", "pm_state;", "pm_statf;", 'no field "pm_state"'],
  ["a field has another size", "offset:12;\tsize:4;", "offset:12;\tsize:8;", "8 bytes, expected 4"],
  ["other words around the values", "PM state:", "PM event:", 'prints "%s: PM event: %s"'],
  ["no table", "__print_symbolic(REC->pm_state", "__print_hex(REC->pm_state", "no table of words"],
])("a format that means something else is refused: %s", (_, from, to, told) => {
  const text = read(raw, "mhi_tryset_pm_state.format").toString().replaceAll(from, to);
  expect(() => new FormatSet([parseFormat(text, "mhi_host")])).toThrow(told);
});

test("the v2 patch's formats are read too", () => {
  const formats = formatsOf(dir("v2-patch-formats"));
  expect(formats).toHaveLength(8);
  expect(() => new FormatSet(formats)).not.toThrow();
  expect(
    formats
      .find((format) => format.name === "mhi_tryset_pm_state")
      ?.symbols.get("pm_state")
      ?.get(4),
  ).toBe("M?->M3");
});

test("equal formats have one fingerprint whatever their id", () => {
  const text = read(raw, "mhi_gen_tre.format").toString();
  const again = parseFormat(text.replace(/^ID: .*$/m, "ID: 9"), "mhi_host");
  expect(again.fingerprint).toBe(parseFormat(text, "mhi_host").fingerprint);
  expect(parseFormat(text.replaceAll("dword1", "dword2"), "mhi_host").fingerprint).not.toBe(again.fingerprint);
});

test("a format file cut at any byte is refused", () => {
  const text = read(raw, "mhi_tryset_pm_state.format").toString().trimEnd();
  for (let length = 0; length < text.length; length++) {
    const cut = text.slice(0, length);
    expect(() => new FormatSet([parseFormat(cut, "mhi_host")]), `cut at byte ${length}`).toThrow(/^format of /);
  }
});

test("a recording cut at any byte: what came before the cut, and a note of the rest", () => {
  const layout = parseHeaderPage(read(raw, "header_page").toString());
  const formats = new FormatSet(formatsOf(raw));
  const bytes = read(raw, "cpu0.bin");
  const all = decodeFolder(raw)
    .timeline.slice()
    .filter((event) => event.cpu === 0);
  for (let length = 0; length < bytes.length; length += 61) {
    const decoder = new SegmentDecoder({ layout, formats });
    decoder.append(0, bytes.subarray(0, length));
    decoder.finish(1e12);
    const events = decoder.timeline.slice();
    expect(events).toEqual(all.slice(0, events.length));
    expect(decoder.gaps).toHaveLength(length % 4096 === 0 ? 0 : 1);
  }
});
