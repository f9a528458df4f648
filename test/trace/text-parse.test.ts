import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseTraceText } from "../../harness/trace/text/parse.ts";

const data = (path: string): string => readFileSync(new URL(`../data/trace/${path}`, import.meta.url), "utf8");
const counts = (text: string): Record<string, number> => {
  const result: Record<string, number> = {};
  for (const event of parseTraceText(text).events) result[event.kind] = (result[event.kind] ?? 0) + 1;
  return result;
};

test("the kernel's text of a nominal boot: every record becomes an event", () => {
  const text = data("linux-6.12-sdx55/trace.txt");
  const { events, gaps, ignoredLines } = parseTraceText(text);
  expect(counts(text)).toEqual({ pm: 24, worker: 8, intvec: 27, ring: 31, tre: 21, chan: 37 });
  expect({ gaps, ignoredLines }).toEqual({ gaps: [], ignoredLines: 0 });
  expect(events[0]).toEqual({ kind: "worker", tNs: 5_892_654_000, cpu: 1, pid: 74, controller: "mhi0", item: 1 });
  expect(events[2]).toMatchObject({ ring: "ctrl", type: 0x20, code: 2, ptr: "0x0", dword0: 0x02000000 });
  expect(events[4]).toMatchObject({ localEe: 10, localState: 2, deviceEe: 2, deviceState: 2 });
  expect(events[5]).toMatchObject({ type: 0x40, code: 2 }); // the kernel prints "State: M0": it is EE AMSS
});

test.each([
  ["01-k6.12-sharedmsi-boot-dun-runtimepm-pmtest-unbind", 97],
  ["04-k6.12-S3-context-lost-recovery", 41],
  ["10-k7.2-sharedmsi-dun-diag-syserr", 289],
  ["12-k6.12-qaic-boot-to-online", 99],
])("console log %s: events among other output", (name, recorded) => {
  const { events, gaps } = parseTraceText(data(`console/${name}.guest.txt`));
  expect(events.filter((event) => event.kind !== "other")).toHaveLength(recorded);
  expect(gaps).toEqual([]);
});

test("rig actions in the trace become markers", () => {
  const { events } = parseTraceText(data("console/04-k6.12-S3-context-lost-recovery.guest.txt"));
  expect(events[0]).toEqual({ kind: "marker", tNs: 5_970_013_000, cpu: 0, pid: 1, text: "STEP bind" });
});

const at = (body: string): string => `   kworker/u9:0-74      [001] d..1.     5.000001: ${body}\n\n`;

test.each([
  [
    "mhi_process_ctrl_ev_ring: mhi0: RP:0xfff8 Processing Event:0x3c82010 0x01000000 0x00210000 state:READY",
    { kind: "ring", ring: "ctrl", type: 0x21, code: 1, ptr: "0x3c82010" },
  ],
  [
    "mhi_process_data_event_ring: mhi0: Processing Event:0xffffffff80000000 0x02000010 0x15220000",
    { kind: "ring", ring: "data", type: 0x22, code: 2, channel: 21, length: 16, ptr: "0xffffffff80000000" },
  ],
  [
    "mhi_intvec_threaded_handler: mhi1: local ee: PASS THROUGH state: M3 FAST device ee: 0xffffffffffffffff state: SYS ERROR",
    { kind: "intvec", controller: "mhi1", localEe: 5, localState: 6, deviceEe: -1, deviceState: 0xff },
  ],
  ["mhi_update_channel_state_end: mhi0: ch20: Updated state to: START", { kind: "chan", phase: "end", command: 2 }],
  ["mhi_gen_tre: mhi0: Chan: 21 WP: 0x1 TRE: 0x3d60028 0x0000ffff 0x00020200", { kind: "tre", length: 0xffff }],
  ["mhi_channel_command_start: mhi0: chan20: ffffffffc0a12340 state to: RESET", { phase: "start", command: 0 }],
  ["mhi_tryset_pm_state: mhi0: PM state: M?->M3", { kind: "pm", pmState: 4 }],
  ["tracing_mark_write: with: colons  inside", { kind: "marker", text: "with: colons  inside" }],
  ["suspend_resume: machine_suspend[3] begin", { kind: "other", name: "suspend_resume" }],
])("%s", (body, expected) => {
  const { events, gaps } = parseTraceText(at(body));
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject(expected);
  expect(gaps).toEqual([]);
});

test("line forms: thread group, no flags, a comm with spaces and dashes, trace-cmd's nanoseconds", () => {
  const body = "mhi_tryset_pm_state:  mhi0: PM state: M0";
  const { events, ignoredLines } = parseTraceText(
    [
      `  my -task 1-77-74 (     74) [001] d..1. 12.000001: ${body}`,
      `kworker/u9:0-74 [001] 12.000001: ${body}`,
      `kworker/u9:0-74 (-------) [001] ..... 12.000001002: ${body}\r`,
      "[    3.5] mhi mhi0: a console line",
    ].join("\n"),
  );
  expect(events.map((event) => [event.pid, event.tNs])).toEqual([
    [74, 12_000_001_000],
    [74, 12_000_001_000],
    [74, 12_000_001_002],
  ]);
  expect(ignoredLines).toBe(1);
});

test("lost events become a gap on that CPU, between its last record and the next one", () => {
  const line = (cpu: number, t: string): string =>
    ` a-1 [00${cpu}] ..... ${t}: mhi_tryset_pm_state: mhi0: PM state: M0`;
  const text = [line(0, "1.000001"), line(1, "2.000000"), "CPU:0 [LOST 81432 EVENTS]", line(1, "3.000000")];
  const { gaps } = parseTraceText([...text, line(0, "4.000000"), "CPU:1 [LOST EVENTS]"].join("\n"));
  expect(gaps).toMatchObject([
    { reason: "overrun", cpu: 0, lost: 81432, fromNs: 1_000_001_000, toNs: 4e9 },
    { reason: "overrun", cpu: 1, fromNs: 3e9, toNs: 4e9 },
  ]);
  expect(gaps[1]?.lost).toBeUndefined();
});

test("a record whose body is cut is missing evidence, not a guess", () => {
  const { events, gaps } = parseTraceText(at("mhi_tryset_pm_state: mhi0: PM state: M?->"));
  expect(events).toMatchObject([{ kind: "other", name: "mhi_tryset_pm_state" }]);
  expect(gaps).toMatchObject([{ fromNs: 5_000_001_000, cpu: 1, lost: 1, detail: expect.stringContaining("line 1") }]);
});

test.each(["", "\n\n", "\u0000\u0001", "CPU: [LOST", "a-1 [0] : :", `${" ".repeat(20_000)}-1 [`])(
  "no trace in %j",
  (text) => {
    expect(parseTraceText(text).events).toEqual([]);
  },
);
