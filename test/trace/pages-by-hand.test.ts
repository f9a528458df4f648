/**
 * Records built byte by byte from format files, for what no recording at hand holds: the v2 patch's events, hosts of 32
 * bits, sub-buffers of 64 KiB, `__rel_loc`, strings that point outside of their record, fields that nobody knows yet.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { PmState } from "../../harness/mhi/pm-state.ts";
import { parseFormat } from "../../harness/trace/format.ts";
import type { TraceEvent } from "../../harness/trace/mhi-events.ts";
import { FormatSet } from "../../harness/trace/ring/format-set.ts";
import { parseHeaderPage } from "../../harness/trace/ring/layout.ts";
import { PageSource } from "../../harness/trace/ring/page-source.ts";
import { buildRecord, HEADER_PAGE, headerPage, pageOf, type Values } from "./page-builder.ts";

const DATA = fileURLToPath(new URL("../data/trace/", import.meta.url));
const formatsIn = (folder: string): Map<string, string> =>
  new Map(
    readdirSync(`${DATA}${folder}`)
      .filter((name) => name.endsWith(".format"))
      .map((name) => [name.replace(".format", ""), readFileSync(`${DATA}${folder}/${name}`, "utf8")]),
  );
const MERGED = formatsIn("linux-6.12-sdx55/raw");
const V2 = formatsIn("v2-patch-formats");
const textOf = (formats: ReadonlyMap<string, string>, name: string): string => {
  const text = formats.get(name);
  if (text === undefined) throw new Error(`no format ${name}`);
  return text;
};

interface Recording {
  readonly formats: readonly string[];
  readonly records: readonly Buffer[];
  readonly header?: string;
  readonly strings?: ReadonlyMap<string, string>;
}

async function read({ formats, records, header = HEADER_PAGE, strings = new Map() }: Recording) {
  const layout = parseHeaderPage(header);
  const pages = [pageOf(header, 1000n, records)];
  const left = [...pages];
  const source = new PageSource({
    ...{ form: "pages", buffers: [], comms: new Map(), notes: [], counts: [], offsetNs: 0n },
    formats: new FormatSet(
      formats.map((text) => parseFormat(text, "mhi_host")),
      strings,
    ),
    inputs: [
      {
        ...{ cpu: 3, buffer: "", layout, firstTicks: 1000n },
        feed: { position: 0, problem: undefined, fill: (into) => left.shift()?.copy(into) ?? 0 },
      },
    ],
  });
  const events: TraceEvent[] = [];
  for await (const batch of source.batches()) for (let i = 0; i < batch.length; i++) events.push(batch.event(i));
  return { events, gaps: source.gaps, notes: source.info.notes, generation: source.info.generation };
}

const head = { cpu: 3, pid: 77, tNs: 1000, controller: "mhi1" };

test.each([
  ["mhi_tryset_pm_state", { pm_state: 5 }, { kind: "pm", pmState: 5 }],
  ["mhi_pm_st_transition", { state: 3 }, { kind: "worker", item: 3 }],
  ["mhi_channel_command_start", { ch_num: 20, state: 2 }, { kind: "chan", phase: "start", channel: 20, command: 2 }],
  ["mhi_channel_command_end", { ch_num: 20, state: 1 }, { kind: "chan", phase: "end", channel: 20, command: 1 }],
] as const)(
  "%s as a dynamic probe: its values are this project's own, of every record",
  async (name, values, event) => {
    const asProbe = (text: string): string => text.replace(/print fmt:.*$/s, 'print fmt: "(%lx)", REC->common_pid\n');
    const formats = [...MERGED].filter(([own]) => own.startsWith("mhi_")).map(([, text]) => asProbe(text));
    const record = buildRecord(textOf(MERGED, name), { common_pid: 77, name: "mhi1", ...values });
    // the first one teaches the controller's name, the second one is read by the loop
    const { events, gaps } = await read({ formats, records: [record, record] });
    expect(events).toEqual([
      { ...head, ...event },
      { ...head, ...event },
    ]);
    expect(gaps).toEqual([]);
  },
);

describe("the v2 patch's eight events", () => {
  const cases: [name: string, values: Values, event: object][] = [
    ["mhi_pm_st_transition", { state: 5 }, { kind: "worker", item: 5 }],
    // that generation has no SYS ERROR Failure in its table: 11 and 12 are as here, by their words
    ["mhi_tryset_pm_state", { pm_state: 11 }, { kind: "pm", pmState: PmState.SHUTDOWN_PROCESS }],
    [
      "mhi_intvec_threaded_handler",
      { local_ee: 2, state: 5, dev_ee: 0, dev_state: 255 },
      { kind: "intvec", localEe: 2, localState: 5, deviceEe: 0, deviceState: 255 },
    ],
    [
      "mhi_process_ctrl_ev_ring",
      { rp: 0xfedcba9876543210n, ptr: 0x8000000000000001n, dword0: 0x02000000, dword1: 0x00200000, state: 2 },
      {
        ...{ kind: "ring", ring: "ctrl", type: 0x20, code: 2, channel: 0, length: 0 },
        ...{ ptr: "0x8000000000000001", slot: "0xfedcba9876543210", dword0: 0x02000000, dword1: 0x00200000 },
      },
    ],
    [
      "mhi_process_data_event_ring",
      { ptr: 0x12345678n, dword0: 0x02000010, dword1: 0x15220000 },
      {
        ...{ kind: "ring", ring: "data", type: 0x22, code: 2, channel: 0x15, length: 0x10 },
        ...{ ptr: "0x12345678", dword0: 0x02000010, dword1: 0x15220000 },
      },
    ],
    [
      "mhi_gen_tre",
      { ch_num: 101, wp: 0x1_0000_0000n, tre_ptr: 0xffff_ffff_ffffn, dword0: 0xffff, dword1: 0x00020200 },
      {
        ...{ kind: "tre", channel: 101, length: 0xffff, ptr: "0xffffffffffff", slot: "0x100000000" },
        ...{ dword0: 0xffff, dword1: 0x00020200 },
      },
    ],
    [
      "mhi_update_channel_state_start",
      { ch_num: 20, state: 2 },
      { kind: "chan", phase: "start", channel: 20, command: 2 },
    ],
    ["mhi_update_channel_state_end", { ch_num: 21, state: 0 }, { kind: "chan", phase: "end", channel: 21, command: 0 }],
  ];

  test("are all here", () => expect(cases.map(([name]) => name).sort()).toEqual([...V2.keys()].sort()));

  test.each(cases)("%s", async (name, values, event) => {
    const format = textOf(V2, name);
    const record = buildRecord(format, { common_pid: 77, name: "mhi1", ...values });
    const { events, gaps, notes } = await read({ formats: [...V2.values()], records: [record] });
    expect(events).toEqual([{ ...head, ...event }]);
    expect({ gaps, notes }).toEqual({ gaps: [], notes: [] });
  });

  test("tell their generation", async () => {
    expect((await read({ formats: [...V2.values()], records: [] })).generation).toBe("v2");
    expect((await read({ formats: [...MERGED.values()], records: [] })).generation).toBe("merged");
  });

  test("an older base tree's table, one number lower from 10 on, is read by its words", async () => {
    const text = textOf(V2, "mhi_tryset_pm_state").replace('{11, "SHUTDOWN', '{10, "SHUTDOWN').replace("{12,", "{11,");
    const records = [10, 11, 12].map((pm_state) => buildRecord(text, { common_pid: 77, name: "mhi1", pm_state }));
    const { events, gaps } = await read({ formats: [text], records });
    expect(events.slice(0, 2)).toMatchObject([
      { kind: "pm", pmState: PmState.SHUTDOWN_PROCESS },
      { kind: "pm", pmState: PmState.LD_ERR_FATAL_DETECT },
    ]);
    expect(events[2]).toMatchObject({ kind: "other" });
    expect(gaps).toHaveLength(1);
  });
});

const PM = textOf(MERGED, "mhi_tryset_pm_state");
const TRE = textOf(MERGED, "mhi_gen_tre");
const pm = (format: string, values: Values = {}, options: Parameters<typeof buildRecord>[2] = {}): Buffer =>
  buildRecord(format, { common_pid: 77, name: "mhi1", pm_state: 2, ...values }, options);

describe("strings in records", () => {
  test("__rel_loc counts from behind its own field", async () => {
    const format = PM.replace("__data_loc char[] name", "__rel_loc char[] name").replaceAll(
      "__get_str",
      "__get_rel_str",
    );
    const { events, gaps } = await read({
      formats: [format],
      records: [pm(format), pm(format, { name: "mhi12345678" })],
    });
    expect(events).toMatchObject([{ controller: "mhi1", pmState: 2 }, { controller: "mhi12345678" }]);
    expect(gaps).toEqual([]);
  });

  test.each([
    ["begins outside of the record", { at: 400 }],
    ["ends outside of the record", { bytes: 400 }],
    ["is at the end of all that 16 bits can tell", { at: 0xffff, bytes: 0xffff }],
  ])("a name that %s is missing evidence, not another record's bytes", async (_, located) => {
    const { events, gaps } = await read({ formats: [PM], records: [pm(PM), pm(PM, {}, { located }), pm(PM)] });
    expect(events.map(({ kind }) => kind)).toEqual(["pm", "other", "pm"]);
    expect(gaps).toMatchObject([{ cpu: 3, reason: "damaged" }]);
  });

  test("a name without its NUL ends where its bytes do", async () => {
    const { events } = await read({ formats: [PM], records: [pm(PM, {}, { located: { bytes: 4 } })] });
    expect(events).toMatchObject([{ controller: "mhi1" }]);
  });
});

describe("fields and events that this version does not know", () => {
  test("a new field of a known event is kept beside what is known", async () => {
    const format = PM.replace(
      "\nprint fmt",
      "\tfield:u64 cookie;\toffset:16;\tsize:8;\tsigned:0;\n\tfield:s16 weight;\toffset:24;\tsize:2;\tsigned:1;\n\nprint fmt",
    );
    const record = buildRecord(format, {
      common_pid: 77,
      name: "mhi1",
      pm_state: 5,
      cookie: 0xabcdef0123456789n,
      weight: -2,
    });
    const { events } = await read({ formats: [format], records: [record] });
    expect(events).toEqual([
      { ...head, kind: "pm", pmState: PmState.M3, extra: { cookie: "0xabcdef0123456789", weight: -2 } },
    ]);
  });

  test("a record of no known id is kept as its bytes, and the notes tell", async () => {
    const strange = Buffer.from("39300000" + "4d000000" + "01020304", "hex");
    const { events, notes } = await read({ formats: [PM], records: [strange, pm(PM)] });
    expect(events).toMatchObject([
      { kind: "other", pid: 77, fields: { bytes: "393000004d00000001020304" } },
      { kind: "pm" },
    ]);
    expect(notes.join()).toContain("1 records of events whose format is not in the recording");
  });
});

describe("other hosts", () => {
  const narrow = (text: string): string =>
    text.replace(/field:void \* wp;\toffset:\d+;\tsize:8/, (line) => line.replace("size:8", "size:4"));

  test("32 bits: the page's commit and a pointer have four bytes", async () => {
    const header = headerPage({ longBytes: 4 });
    const record = buildRecord(narrow(TRE), {
      ...{
        common_pid: 77,
        name: "mhi1",
        ch_num: 7,
        wp: 0xc1234560,
        tre_ptr: 0x1_2345_6789n,
        dword0: 64,
        dword1: 0x20300,
      },
    });
    const { events, gaps } = await read({ header, formats: [narrow(TRE)], records: [record, record] });
    expect(narrow(TRE)).not.toBe(TRE);
    expect(events).toHaveLength(2);
    expect(events[1]).toMatchObject({ kind: "tre", channel: 7, slot: "0xc1234560", ptr: "0x123456789", length: 64 });
    expect(gaps).toEqual([]);
  });

  test("sub-buffers of 64 KiB are walked to their end", async () => {
    const header = headerPage({ pageBytes: 65536 });
    const records = Array.from({ length: 1200 }, (_, i) => pm(PM, { pm_state: i % 2 === 0 ? 2 : 5 }));
    const { events, gaps } = await read({ header, formats: [PM], records });
    expect(events).toHaveLength(1200);
    expect(events.at(-1)).toMatchObject({ pmState: PmState.M3 });
    expect(gaps).toEqual([]);
  });

  test("a record that ends with its page's last byte", async () => {
    const room = 4096 - 16;
    const one = pm(PM).length + 4;
    const fill = room - one * Math.floor(room / one);
    const count = Math.floor(room / one) - 1;
    // the last one's name is longer by what is left
    const last = pm(PM, { name: `mhi1${"x".repeat(fill)}` });
    const records = [...Array.from({ length: count }, () => pm(PM)), last];
    expect(records.reduce((sum, { length }) => sum + length + 4, 0)).toBe(room);
    const { events, gaps } = await read({ formats: [PM], records });
    expect(events).toHaveLength(count + 1);
    expect(events.at(-1)).toMatchObject({ controller: `mhi1${"x".repeat(fill)}` });
    expect(gaps).toEqual([]);
  });
});
