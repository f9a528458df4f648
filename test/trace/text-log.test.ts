/** The kernel's log: what stands before messages, and what messages of the driver are worth. */
import { expect, test } from "vitest";
import { messageEvent } from "../../harness/trace/text/dynamic-debug.ts";
import { data, readText } from "./text-support.ts";

/** Boot, suspend, resume and SYS_ERR as a 6.1 kernel logs them with `module mhi +p`. */
const LOG = [
  "[    4.176171] mhi mhi0: Attempting power on with EE: MISSION MODE, state: READY",
  "[    4.176500] mhi mhi0: Handling state transition: READY",
  "[    4.180538] mhi mhi0: Device in READY State",
  "[    4.190227] mhi mhi0: State change event to state: M0",
  "[    4.191000] mhi mhi0: local ee: INVALID_EE state: M0 device ee: MISSION MODE state: M0",
  "[    4.197869] mhi mhi0: Received EE event: MISSION MODE",
  "[    4.198000] mhi mhi0: Handling state transition: MISSION MODE",
  "[    4.210000] mhi_wwan_ctrl mhi0_DUN: 32: Updating channel state to: START",
  "[    4.211000] mhi_wwan_ctrl mhi0_DUN: 32: Channel state change to START successful",
  "[    5.936720] mhi mhi0: Allowing M3 transition",
  "[    5.939740] mhi mhi0: State change event to state: M3",
  "[    6.740223] mhi mhi0: Entered with PM state: M3, MHI state: M3",
  "[    7.000000] usb 1-1: new high-speed USB device",
  "[    8.000000] mhi mhi0: System error detected",
  "[    8.000010] mhi mhi0: Transitioning from PM state: SYS ERROR Detect to: SYS ERROR Process",
  "",
].join("\n");

const TYPED = [
  { kind: "worker", tNs: 4_176_500_000, item: 1 },
  { kind: "ring", tNs: 4_190_227_000, ring: "ctrl", type: 0x20, code: 2, dword0: 0x02000000, dword1: 0x00200000 },
  { kind: "intvec", localEe: 10, localState: 2, deviceEe: 2, deviceState: 2 },
  { kind: "ring", ring: "ctrl", type: 0x40, code: 2, dword0: 0x02000000, dword1: 0x00400000 },
  { kind: "worker", item: 3 },
  { kind: "chan", phase: "start", channel: 32, command: 2 },
  { kind: "chan", phase: "end", channel: 32, command: 2 },
  { kind: "ring", type: 0x20, code: 5 },
  { kind: "pm", tNs: 6_740_223_000, pmState: 5 },
  { kind: "pm", tNs: 8_000_010_000, pmState: 8 },
];

test("dynamic debug: what a message states is an event, marked as such; what it implies stays text", () => {
  const { engine, events } = readText(LOG);
  const typed = events.filter(({ kind }) => kind !== "other");
  expect(typed).toMatchObject(TYPED.map((event) => ({ ...event, controller: "mhi0", source: "dynamic-debug" })));
  expect(typed).toHaveLength(TYPED.length);
  expect(events.filter(({ kind }) => kind === "other")).toMatchObject(
    ["Attempting", "Device in READY", "Allowing M3", "System error"].map((start) => ({
      ...{ system: "kernel log", name: "mhi", fields: { text: expect.stringContaining(`mhi mhi0: ${start}`) } },
    })),
  );
  expect(events.map(({ tNs }) => tNs)).toEqual(events.map(({ tNs }) => tNs).sort((a, b) => a - b));
  expect(engine.form).toBe("kernel log with dynamic debug");
  expect(engine.notes[1]).toContain("10 events are messages of the driver");
  expect(engine.gaps).toEqual([]);
});

const seconds = (line: string): string => / *(\d+\.\d{6})\]/.exec(line)?.[1] ?? "";
const message = (line: string): string => line.replace(/^\[[ \d.]+\] /, "");
const kept = (events: readonly object[]): unknown[] => events.map((event) => ({ ...event, tNs: 0, pid: 0 }));

test.each<[string, (line: string) => string]>([
  ["dmesg -x", (line) => `kern  :debug : ${line}`],
  ["dmesg -r", (line) => `<7>${line}`],
  ["dmesg -d", (line) => line.replace("] ", " <    0.000123>] ")],
  ["printk's caller", (line) => line.replace("] ", "][  T123] ")],
  ["journalctl -o short-monotonic", (line) => line.replace("] ", "] host kernel: ")],
  ["rsyslog", (line) => `Nov 23 10:11:12 host kernel: ${line}`],
  ["rsyslog with ISO dates", (line) => `2026-11-23T10:11:12.123456+01:00 host kernel: ${line}`],
  ["serial console after a prompt", (line) => `/ # ${line}\r`],
  ["the flags of dynamic debug", (line) => line.replace("] mhi", "] [74] mhi:mhi_pm_st_worker:794: mhi")],
])("the kernel's stamp counts, whatever stands around it: %s", (_, change) => {
  const plain = readText(LOG);
  const { events } = readText(LOG.replace(/^.+$/gm, change));
  expect(events.map(({ tNs }) => tNs)).toEqual(plain.events.map(({ tNs }) => tNs));
  const typed = (all: readonly { kind: string }[]) => all.filter(({ kind }) => kind !== "other");
  expect(kept(typed(events))).toEqual(kept(typed(plain.events)));
});

test.each<[string, (line: string) => string, bigint]>([
  ["dmesg -T", (line) => `[Mon Nov 23 10:11:12 2026] ${message(line)}`, 1_795_428_672n],
  ["dmesg --time-format iso", (line) => `2026-11-23T10:11:12,345678+00:00 ${message(line)}`, 1_795_428_672n],
  ["journalctl -o short-iso", (line) => `2026-11-23T11:11:12+0100 host kernel: ${message(line)}`, 1_795_428_672n],
  ["journalctl -o short-unix", (line) => `1795428672.345678 host kernel: ${message(line)}`, 1_795_428_672n],
  ["journalctl", (line) => `Nov 23 10:11:12 host kernel: ${message(line)}`, 28_289_472n],
])("without the kernel's stamp the date must do: %s", (_, change, originSeconds) => {
  const { engine, events } = readText(LOG.replace(/^.+$/gm, (line) => (seconds(line) === "" ? line : change(line))));
  expect(engine.originNs).toBe(originSeconds * 1_000_000_000n);
  expect(events.filter(({ kind }) => kind !== "other")).toHaveLength(TYPED.length);
  expect(events.every(({ tNs }) => tNs < 1e9)).toBe(true);
  expect(engine.notes.some((note) => note.includes("dates"))).toBe(true);
});

test.each<[string, object]>([
  ["mhi 0000:03:00.0: Handling state transition: SYS_ERR", { a: 5, controller: "0000:03:00.0" }], // 5.8
  ["mhi mhi0: Handling state transition: MISSION_MODE", { a: 3 }], // 5.10
  ["mhi mhi0: Received EE event: AMSS", { a: 0x02000000, b: 0x00400000 }],
  ["mhi mhi0: State change event to state: SYS_ERR", { a: -16_777_216, b: 0x00200000 }],
  ["mhi mhi0: Entered with PM state: LD or Error Fatal Detect, MHI state: M3", { a: 12 }],
  ["mhi mhi0: local ee:AMSS device ee:AMSS dev_state:M2", { a: 2, b: 0x100, c: 2, d: 4 }],
  [
    "mhi mhi0: local ee: MISSION MODE state: M3 FAST device ee: INVALID_EE state: Unknown state",
    { b: 6, c: 10, d: 0x100 },
  ],
  ["mhi mhi0_DUN: Chan: 32 successfully moved to start state", { a: 2, c: 32, controller: "mhi0" }],
  ["mhi mhi0: Did not enter M3 state, MHI state: M0, PM state: M?->M3", { a: 4 }],
  ["mhi mhi1: Failed to move to state: SHUTDOWN Process from: SYS ERROR Failure", { a: 10, controller: "mhi1" }],
])("a message of some kernel: %s", (text, expected) => {
  expect(messageEvent(text)).toMatchObject(expected);
});

test.each([
  "mhi mhi0: local ee:EDL device ee:AMSS dev_state:SYS_ERR", // 5.8 to 5.11 swap the two
  "mhi mhi0: State change event to state: Unknown state",
  "mhi mhi0: Received EE event: INVALID_EE",
  "mhi mhi0: Entered with PM state: Invalid State, MHI state: M3",
  "mhi mhi0: Waiting for M3 completion",
  "mhi-pci-generic 0000:01:00.0: Handling state transition: READY",
  "usb 1-1: Handling state transition: READY",
])("no event is made of: %s", (text) => {
  expect(messageEvent(text)).toBeUndefined();
});

test("where trace events tell the same, messages are text between them, in time order", () => {
  const trace = "  kworker/u9:0-74 [001] d..1.     5.000000: mhi_tryset_pm_state: mhi0: PM state: POWER ON RESET\n";
  const { engine, events } = readText(LOG + trace);
  expect(events.map(({ kind }) => kind).filter((kind) => kind !== "other")).toEqual(["pm"]);
  expect(events.findIndex(({ kind }) => kind === "pm")).toBe(9);
  expect(events).toHaveLength(TYPED.length + 5);
  expect(engine.notes).toContain(
    "10 messages of the driver kept as text: the trace events in the same log tell the same",
  );
  // The other way round: the trace is read before the messages come.
  expect(readText(trace + LOG).events.filter(({ kind }) => kind !== "other")).toHaveLength(1);
});

test("a log that is followed live gives its events at once", () => {
  const { engine, events } = readText(LOG, [], { messages: "typed" });
  expect(events).toHaveLength(TYPED.length + 4);
  expect(engine.form).toBe("kernel log with dynamic debug");
});

test("messages that the log lost are a gap where the log is the witness", () => {
  const lines = LOG.split("\n");
  const lost = [...lines.slice(0, 9), "[    5.000000] ** 12 printk messages dropped **", ...lines.slice(9)].join("\n");
  expect(readText(lost).engine.gaps).toMatchObject([
    { reason: "dropped", lost: 12, fromNs: 4_211_000_000, toNs: 5_936_720_000 },
  ]);
  const bare = [...lines.slice(0, 9), "** 3 printk messages dropped **", ...lines.slice(9)].join("\n");
  expect(readText(bare).engine.gaps).toMatchObject([{ reason: "dropped", lost: 3 }]);
  const trace = "  a-1 [001] d..1.     9.000000: mhi_tryset_pm_state: mhi0: PM state: M0\n";
  const both = readText(lost + trace);
  expect(both.engine.gaps).toEqual([]);
  expect(both.engine.notes.some((note) => note.startsWith("12 kernel messages were dropped"))).toBe(true);
});

test("a reboot in the log is a step of the clock", () => {
  expect(readText(LOG + LOG).engine.gaps).toMatchObject([
    { reason: "clock-step", fromNs: 4_176_500_000, toNs: 8_000_010_000 },
  ]);
});

test("a log that ends inside a message is cut there", () => {
  const { engine, events } = readText(LOG.slice(0, LOG.indexOf("Received EE event: MISS") + 23));
  expect(events.filter(({ kind }) => kind === "ring")).toHaveLength(1);
  expect(engine.gaps).toMatchObject([{ reason: "cut", fromNs: 4_197_869_000 }]);
});

test("an ftrace dump on a serial console, after a panic", () => {
  const dump = [
    "[   12.340000] Kernel panic - not syncing: sysrq triggered crash",
    "[   12.341000] Dumping ftrace buffer:",
    "[   12.342000] ---------------------------------",
    "[   12.343000] CPU:1 [LOST 12 EVENTS]",
    "[   12.344000] kworker/-74        1d..1. 5775909us : mhi_tryset_pm_state: mhi0: PM state: POWER ON RESET",
    "[   12.344500] ",
    "[   12.345000]   <idle>-0         0.Ns1. 5789528us+: mhi_ctrl_event: mhi0: TRE: 0x0000000051f436d1 TRE buf: 0x0 DWORD0: 0x02000000 DWORD1: 0x00400000 State: M0",
    "[   12.346000] ---------------------------------",
    "[   12.347000] mhi mhi0: State change event to state: M0",
    "login: ",
    "",
  ];
  for (const change of [(line: string) => line, (line: string) => line.replace(/^\[[ \d.]+\] /, "")]) {
    const { engine, events } = readText(dump.map(change).join("\n"));
    expect(events.slice(0, 2)).toMatchObject([
      { kind: "pm", tNs: 5_775_909_000, cpu: 1, pid: 74, pmState: 1 },
      { kind: "ring", tNs: 5_789_528_000, cpu: 0, type: 0x40, code: 2, slot: "0x51f436d1" },
    ]);
    expect(engine.gaps).toMatchObject([{ reason: "overrun", cpu: 1, lost: 12 }]);
    expect(engine.form).toBe("console log with an ftrace dump");
  }
});

test("recorded consoles: every line of the driver is kept", () => {
  const text = data("console/10-k7.2-sharedmsi-dun-diag-syserr.guest.txt");
  const { engine, events } = readText(text);
  const lines = new TextDecoder().decode(text).split("\n");
  const ofDriver = lines.filter((line) => /^\[ *\d+\.\d{6}\] .*mhi/i.test(line) && !line.includes("mhi0: TRE"));
  expect(events.filter(({ source }) => source === "dynamic-debug")).toHaveLength(ofDriver.length);
  expect(events.every((event) => event.source === undefined || event.kind === "other")).toBe(true);
  expect(engine.gaps).toEqual([]);
});
