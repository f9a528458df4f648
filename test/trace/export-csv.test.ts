/** The table: every row has every column, and a cell's text comes out as it went in. */
import { describe, expect, test } from "vitest";
import { CSV_COLUMNS, CsvWriter } from "../../harness/trace/export/csv.ts";
import type { TraceEvent } from "../../harness/trace/mhi-events.ts";
import { completion, event, exported, type Made, madeSource } from "./export-support.ts";

/** RFC 4180, strictly: anything that the rules do not allow is an error. */
function parse(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  while (cell.lastIndex < text.length) {
    const at = cell.lastIndex;
    const parts = cell.exec(text);
    if (!parts) throw new Error(`no CSV at ${at}: ${text.slice(at, at + 40)}`);
    row.push(parts[1]?.replaceAll('""', '"') ?? parts[2] ?? "");
    if (parts[3] === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

async function rowsOf(made: Made): Promise<Record<string, string>[]> {
  const { text } = await exported(madeSource(made), (axis) => new CsvWriter(axis));
  const [head, ...rows] = parse(text);
  expect(head).toEqual(Object.keys(CSV_COLUMNS));
  return rows.map((row) => {
    expect(row).toHaveLength(head?.length ?? 0);
    return Object.fromEntries(row.flatMap((value, at) => (value === "" ? [] : [[head?.[at], value]])));
  });
}

const common = { clock_ns: "1", cpu: "0", pid: "7", comm: "insmod", source: "trace-event", controller: "mhi0" };

describe("a row for each kind", () => {
  test.each<[TraceEvent, Record<string, string>]>([
    [event.pm(1, 4), { kind: "pm", state: "M3_ENTER" }],
    [event.worker(1, 3), { kind: "worker", state: "MISSION MODE" }],
    [
      event.intvec(1, 2, 2, -1, 0xff),
      { kind: "intvec", local_ee: "AMSS", local_state: "M0", device_ee: "0xffffffff", device_state: "SYS_ERR" },
    ],
    [
      { ...event.ring(1, "ctrl", 0x02000000, 0x00200000), cpu: 0, slot: "0xffff8cc44383f000" } as TraceEvent,
      {
        kind: "ctrl",
        element: "STATE_CHANGE_EVENT",
        code: "2",
        length_bytes: "0",
        ptr: "0x0",
        slot: "0xffff8cc44383f000",
        dword0: "0x02000000",
        dword1: "0x00200000",
      },
    ],
    [
      { ...completion(1, 21, 64, "0x40"), cpu: 0 } as TraceEvent,
      {
        kind: "data",
        channel: "21",
        element: "TX_EVENT",
        code: "2",
        length_bytes: "64",
        ptr: "0x40",
        dword0: "0x02000040",
        dword1: "0x15220000",
      },
    ],
    [
      event.tre(1, 20, 64),
      {
        kind: "tre",
        channel: "20",
        element: "TRANSFER",
        length_bytes: "64",
        ptr: "0x1000",
        dword0: "0x00000040",
        dword1: "0x00020200",
      },
    ],
    [event.chan(1, "start", 20, 2), { kind: "chan-begin", state: "START", channel: "20" }],
    [event.chan(1, "end", 20, 0), { kind: "chan-done", state: "RESET", channel: "20" }],
  ])("$kind", async (made, expected) => {
    const [row] = await rowsOf({ events: [made] });
    const { means, ...rest } = row ?? {};
    expect(rest).toEqual({ ...common, ...expected });
    expect(means).not.toBe("");
  });

  test("markers, other events and gaps", async () => {
    const events = [event.marker(1, "x"), event.other(2, "s", "n", { a: 1 })];
    const gaps = [
      { fromNs: 1, toNs: 2, reason: "overrun" as const, cpu: 1, lost: 3, detail: 'page "4"' },
      { fromNs: 2, toNs: 3, reason: "cut" as const },
    ];
    const { controller: _, ...plain } = common;
    expect(await rowsOf({ events, gaps })).toEqual([
      { ...plain, kind: "marker", means: "marker x" },
      {
        clock_ns: "1",
        cpu: "1",
        kind: "gap",
        means: 'cpu1: 3 events lost: the ring buffer was overwritten (page "4")',
        to_clock_ns: "2",
        reason: "overrun",
        lost: "3",
      },
      { ...plain, clock_ns: "2", kind: "other", means: "s:n a=1" },
      {
        clock_ns: "2",
        kind: "gap",
        means: "all cpus: evidence missing: the recording ends too early",
        to_clock_ns: "3",
        reason: "cut",
      },
    ]);
  });
});

test("quotes, commas, line ends and spaces come back as they were", async () => {
  const nasty = ' a,"b"\r\nc\nd"" ,';
  const events = [
    { ...event.marker(1, nasty), buffer: nasty } as TraceEvent,
    { ...event.pm(2, 2), controller: nasty } as TraceEvent,
  ];
  const [first, second] = await rowsOf({ events, info: { comms: new Map([[7, nasty]]) } });
  expect(first).toMatchObject({ means: `marker ${nasty}`, comm: nasty, buffer: nasty });
  expect(second).toMatchObject({ controller: nasty });
});

test("times are exact where no double holds them", async () => {
  const [row] = await rowsOf({ events: [event.pm(7, 2)], info: { originNs: 18_000_000_000_000_000_000n } });
  expect(row?.clock_ns).toBe("18000000000000000007");
});
