import { expect, test } from "vitest";
import { sniffText } from "../../harness/trace/text/engine.ts";
import { bare, data, readText } from "./text-support.ts";

const WORKER = { kind: "worker", pid: 22915, controller: "mhi0", item: 1 };
const PM = { kind: "pm", pid: 22915, controller: "mhi0", pmState: 1 };
const EE = {
  kind: "ring",
  type: 0x40,
  code: 2,
  ptr: "0x0",
  dword0: 0x02000000,
  dword1: 0x00400000,
  slot: "0x2c798e28",
};

test.each([
  ["trace-6.18", "text of trace", [15_000_051_107_000, 15_000_051_126_000, 15_000_051_141_000], 1000, undefined],
  ["no-irq-info", "text of trace", [15_000_080_282_000, 15_000_080_299_000, 15_000_080_321_000], 1000, undefined],
  ["tgid", "text of trace", [15_000_110_415_000, 15_000_110_431_000, 15_000_110_445_000], 1000, undefined],
  ["clock-counter", "text of trace", [2, 3, 4], 1, "counter"],
  ["clock-uptime", "text of trace", [1_500_004, 1_500_004, 1_500_004], 1, "counter"],
  ["clock-x86-tsc", "text of trace", [38_942_897_970_496, 38_942_898_017_270, 38_942_898_061_782], 1, "counter"],
])("the kernel's text, %s", (name, form, times, resolutionNs, clock) => {
  const { engine, events } = readText(data(`text/${name}.txt`));
  expect(events).toMatchObject([WORKER, PM, EE]);
  expect(events.map(({ tNs }) => tNs)).toEqual(times);
  expect(engine.gaps).toEqual([]);
  expect(engine.ignoredLines).toBe(0);
  expect({ form: engine.form, resolutionNs: engine.resolutionNs, clock: engine.clock }).toEqual({
    form,
    resolutionNs,
    clock,
  });
  expect(engine.notes.some((note) => note.includes("counter"))).toBe(clock === "counter");
});

test("times in UTC keep every digit: they count from a whole second", () => {
  const { engine, events } = readText(data("text/clock-tai.txt"));
  expect(engine.originNs).toBe(1_795_480_036_000_000_000n);
  expect(events.map(({ tNs }) => tNs)).toEqual([798_999_000, 799_016_000, 799_033_000]);
});

test("latency format: microseconds since the buffer was cleared", () => {
  const { engine, events } = readText(data("text/latency.txt"));
  expect(events).toMatchObject([WORKER, PM, EE, WORKER, PM, EE]);
  expect(events.map(({ tNs }) => tNs / 1000)).toEqual([16241, 16259, 16274, 37877, 37895, 37934]);
  expect(events[0]?.cpu).toBe(1);
  expect(engine.form).toBe("latency format");
  expect(engine.gaps).toEqual([]);
});

test("verbose latency format is not read, and says so for each of its mhi records", () => {
  const { engine, events } = readText(data("text/latency-verbose.txt"));
  expect(events).toEqual([]);
  expect(engine.gaps).toMatchObject([
    { reason: "damaged", lost: 6, detail: expect.stringContaining("line 10 (byte 307)") },
  ]);
});

test("trace-cmd report: plain, raw fields, latency columns, time differences are the same events", () => {
  const plain = readText(data("text/report.txt"));
  const counts: Record<string, number> = {};
  for (const { kind } of plain.events) counts[kind] = (counts[kind] ?? 0) + 1;
  expect(counts).toEqual({ worker: 8, pm: 20, ring: 29, intvec: 26, chan: 37, tre: 21 });
  expect(plain.events[2]).toEqual({
    ...{ kind: "ring", tNs: 5_900_072_321, cpu: 1, pid: 74, controller: "mhi0", ring: "ctrl", type: 0x20, code: 2 },
    ...{ channel: 0, length: 0, ptr: "0x0", dword0: 0x02000000, dword1: 0x00200000, slot: "0xffff8cc44383f000" },
  });
  expect(plain.engine.form).toBe("trace-cmd report");
  expect(plain.engine.comms.get(74)).toBe("kworker/u9:0");
  for (const name of ["report-raw", "report-latency", "report-ts-diff"]) {
    const other = readText(data(`text/${name}.txt`));
    expect(other.events, name).toEqual(plain.events);
    expect(other.engine.gaps, name).toEqual([]);
  }
});

test("trace-cmd report of two files: each line's prefix is its buffer", () => {
  const both = readText(data("text/report-two-files.txt"));
  const one = readText(data("text/report.txt"));
  const [a, b] = ["a.dat", "bb.dat"].map((name) => both.events.filter(({ buffer }) => buffer === name));
  expect(a?.length).toBe(29);
  expect(bare(a ?? [])).toEqual(bare(one.events.slice(0, 29)));
  expect(bare(b ?? [])).toEqual(bare(one.events.slice(0, 29)));
  expect(both.engine.comms.get(74)).toBe("kworker/u9:0");
  expect(both.engine.gaps).toEqual([]);
});

test("trace-cmd with seconds, with flags, with drops before a record", () => {
  const { engine, events } = readText(
    [
      "cpus=2",
      "CPU 1 is empty",
      "     kworker/0:1-74    [000] d..1.     5.000001002: mhi_tryset_pm_state:  mhi0: PM state: M0",
      "CPU:0 [12 EVENTS DROPPED]",
      "     kworker/0:1-74    [000] d..1.     6.000001: mhi_tryset_pm_state:  mhi0: PM state: M2",
      "CPU:0 [EVENTS DROPPED]",
      "     kworker/0:1-74    [000]     7.000001:            mhi_tryset_pm_state:  mhi0: PM state: M0",
      "",
    ].join("\n"),
  );
  expect(events.map(({ tNs }) => tNs)).toEqual([5_000_001_002, 6_000_001_000, 7_000_001_000]);
  expect(engine.gaps).toMatchObject([
    { reason: "overrun", cpu: 0, lost: 12, fromNs: 5_000_001_002, toNs: 6_000_001_000 },
    { reason: "overrun", cpu: 0, fromNs: 6_000_001_000, toNs: 7_000_001_000 },
  ]);
  expect(engine.gaps[1]?.lost).toBeUndefined();
});

test("the kernel's notes of loss: trace_pipe's and those of the trace file", () => {
  expect(readText(data("text/pipe.txt")).engine.gaps).toMatchObject([
    { reason: "overrun", cpu: 1, lost: 5820, fromNs: 15_001_871_987_000, toNs: 15_001_871_987_000 },
    { reason: "overrun", cpu: 0, lost: 3297, fromNs: 15_001_871_987_000, toNs: 15_001_909_943_000 },
  ]);
  expect(readText(data("text/overwritten.txt")).engine.gaps).toMatchObject([
    { reason: "overrun", lost: 9117, fromNs: 15_001_871_987_000, toNs: 15_001_871_987_000 },
    { reason: "overrun", cpu: 0, fromNs: 15_001_871_987_000, toNs: 15_001_909_943_000 },
  ]);
});

test("option fields: other events stay text, mhi events are read", () => {
  const real = readText(data("text/fields.txt"));
  expect(real.events.find((event) => event.kind === "other" && event.name === "sched_switch")).toMatchObject({
    fields: { text: expect.stringContaining("prev_pid=0x5983 (22915)") },
  });
  const { events } = readText(
    "  a-1   [000] ..... 1.000001: mhi_gen_tre: name=mhi0 ch_num=0x15 (21) wp=0xffff8cc443c93000 tre_ptr=0x3d60028 (64356392) dword0=0xffff (65535) dword1=0x20200 (131584)\n",
  );
  expect(events).toMatchObject([
    { kind: "tre", channel: 21, ptr: "0x3d60028", dword0: 0xffff, dword1: 0x20200, slot: "0xffff8cc443c93000" },
  ]);
});

test("a v2 kernel's raw PM numbers from 10 on are not guessed", () => {
  const head = "  a-1   [000] ..... 1.000001: ";
  const raw = `${head}mhi_tryset_pm_state: name=mhi0 pm_state=11\n`;
  const v2 = `${head}mhi_process_data_event_ring: mhi0: Processing Event:0x10 0x02000010 0x15220000\n`;
  expect(readText(raw).events).toMatchObject([{ kind: "pm", pmState: 11 }]);
  const both = readText(v2 + raw);
  expect(both.events).toMatchObject([{ kind: "ring" }, { kind: "other", name: "mhi_tryset_pm_state" }]);
  expect(both.engine.gaps).toMatchObject([{ reason: "damaged" }]);
  expect(both.engine.generation).toBe("v2");
});

const TRACE = new TextDecoder().decode(data("linux-6.12-live/trace.txt"));

test.each<[string, (text: string) => string]>([
  ["carriage returns", (text) => text.replaceAll("\n", "\r\n")],
  ["mail quoting", (text) => text.replace(/^/gm, "> ")],
  ["mail quoting, twice, without the blanks", (text) => text.replace(/^/gm, ">>")],
  ["no empty lines", (text) => text.replaceAll("\n\n", "\n")],
  ["colours of a terminal", (text) => text.replace(/^/gm, "\u001b[0m").replaceAll("mhi_", "\u001b[01;31mmhi_\u001b[m")],
  ["a stamp of printk", (text) => text.replace(/^(.)/gm, "[   99.000001] $1")],
  ["a syslog prefix", (text) => text.replace(/^(.)/gm, "Nov 23 10:11:12 host kernel: [   99.000001] $1")],
])("the same trace with %s", (_, change) => {
  const plain = readText(TRACE);
  const changed = readText(change(TRACE));
  expect(plain.events).toHaveLength(90);
  expect(changed.events).toEqual(plain.events);
  expect(changed.engine.gaps).toEqual([]);
});

test("lines wrapped by a mail client are put together, or are damaged: never another event", () => {
  const plain = readText(TRACE);
  for (const columns of [72, 76, 78, 100]) {
    const { engine, events } = readText(
      TRACE.split("\n")
        .flatMap((line) => wrap(line, columns))
        .join("\n"),
    );
    const known = events.filter(({ kind }) => kind !== "other");
    expect(plain.events).toEqual(expect.arrayContaining(known));
    const damaged = engine.gaps.reduce((sum, { lost = 0 }) => sum + lost, 0);
    expect(known.length + damaged, `${columns} columns`).toBe(plain.events.length);
    expect(known.length).toBeGreaterThan(80);
  }
});

function wrap(line: string, columns: number): string[] {
  const lines: string[] = [];
  let rest = line;
  while (rest.length > columns) {
    const at = rest.lastIndexOf(" ", columns);
    if (at <= 0 || rest.slice(0, at).trim() === "") break;
    lines.push(rest.slice(0, at));
    rest = rest.slice(at + 1);
  }
  return [...lines, rest];
}

test("a wrapped word that reads as another one: the line after it decides", () => {
  const line = "  kworker/u9:0-74 [000] ..... 1.000001: mhi_pm_st_transition: mhi0: Handling state transition: DISABLE";
  expect(readText(`${line}\n(DESTROY DEVICE)\n\n`).events).toMatchObject([{ kind: "worker", item: 7 }]);
  expect(readText(`${line}\n\n(DESTROY DEVICE)\n`).events).toMatchObject([{ kind: "worker", item: 6 }]);
  expect(readText(`${line}\n`).events).toMatchObject([{ kind: "worker", item: 6 }]);
});

test("a v2 state that reads as another one: the line after it decides", () => {
  const head = "  irq/25-bhi-171 [000] ..... 1.000001: mhi_intvec_threaded_handler: mhi0: ";
  const line = `${head}local ee: MISSION MODE state: M0 device ee: MISSION MODE state: M3`;
  expect(readText(`${line}\nFAST\n\n`).events).toMatchObject([{ kind: "intvec", deviceState: 6 }]);
  expect(readText(`${line}\n\n`).events).toMatchObject([{ kind: "intvec", deviceState: 5 }]);
});

test("a whole record is not spoilt by a console's line after it", () => {
  const line = "  kworker/u9:0-74 [000] ..... 1.000001: mhi_pm_st_transition: mhi0: Handling state transition: DISABLE";
  const { engine, events } = readText(`${line}\nlogin:\n`);
  expect(events).toMatchObject([{ kind: "worker", item: 6 }]);
  expect(engine.gaps).toEqual([]);
  expect(engine.ignoredLines).toBe(1);
});

test.each([
  "mhi_intvec_states: mhi0: Local EE: MISSION MODE State: M0 Device EE: MISSION MODE Dev State: M3",
  "mhi_tryset_pm_state: mhi0: PM state: 0x1",
  "mhi_gen_tre: name=mhi0 ch_num=21 wp=0x10 tre_ptr=0x3d60028 dword0=0xffff dword1=0x2020",
])("without a line feed this may go on, and is no event: %s", (body) => {
  const { engine, events } = readText(` a-1 [000] ..... 1.000001: ${body}`);
  expect(events).toMatchObject([{ kind: "other", system: "mhi_host" }]);
  expect(engine.gaps).toMatchObject([{ reason: "cut", fromNs: 1_000_001_000, cpu: 0, lost: 1 }]);
});

test.each([
  "mhi_gen_tre: mhi0: Chan: 21 TRE: 0x10 TRE buf: 0x20 DWORD0: 0x0000ffff DWORD1: 0x000202001",
  "mhi_ctrl_event: mhi0: TRE: 0x00000000beb7c45d1 TRE buf: 0x0 DWORD0: 0x02000000 DWORD1: 0x00200000 State: M0",
  "mhi_ctrl_event: mhi0: TRE: 0xbeb7c45d TRE buf: 0x0 DWORD0: 0x02000000 DWORD1: 0x0020000",
  "mhi_intvec_states: mhi0: Local EE: MISSION MODE State: M0 Device EE: MISSION MODE Dev State: M00",
  "mhi_tryset_pm_state: PM state: M0",
])("a digit or word too many or too few is damage: %s", (body) => {
  const { engine, events } = readText(` a-1 [000] ..... 1.000001: ${body}\n`);
  expect(events).toMatchObject([{ kind: "other", system: "mhi_host" }]);
  expect(engine.gaps).toMatchObject([{ reason: "damaged", lost: 1 }]);
});

test("time differences behind the kernel's own columns, and prefixes before latency columns", () => {
  const tail = "mhi_tryset_pm_state: mhi0: PM state: M0\n";
  const usual = `    kworker/u9:0-74      [001] d..1.     5.894642: (+1442)  ${tail}`;
  expect(readText(usual).events).toMatchObject([{ kind: "pm", tNs: 5_894_642_000 }]);
  const latency = ` a.dat: cpus=2\n a.dat: kworker/-74      1d..1.  5894762234: ${tail}`;
  const { engine, events } = readText(latency);
  expect(events).toMatchObject([{ kind: "pm", buffer: "a.dat", cpu: 1 }]);
  expect(engine.comms.get(74)).toBe("kworker/");
});

test("a clock that steps back on one CPU is a gap; CPUs that overtake each other are none", () => {
  const at = (cpu: number, seconds: string): string =>
    ` a-1 [00${cpu}] ..... ${seconds}: mhi_tryset_pm_state: mhi0: PM state: M0\n`;
  expect(readText(at(0, "2.000000") + at(1, "1.999000") + at(0, "2.000001")).engine.gaps).toEqual([]);
  expect(readText(at(0, "2.000000") + at(0, "1.500000")).engine.gaps).toMatchObject([
    { reason: "clock-step", cpu: 0, fromNs: 1.5e9, toNs: 2e9, detail: expect.stringContaining("line 2") },
  ]);
});

test("records of another tracer are kept as text", () => {
  const { engine, events } = readText(
    "# tracer: function\n#\n  a-1 [000] d..1. 1.000001: mhi_queue <-mhi_net_ndo_xmit\n",
  );
  expect(events).toMatchObject([{ kind: "other", name: "function", fields: { text: "mhi_queue <-mhi_net_ndo_xmit" } }]);
  expect(engine.notes).toEqual(["1 line of another tracer (function) kept as text"]);
});

test.each<[string, string]>([
  ["linux-6.12-live/trace.txt", "text of trace"],
  ["text/pipe.txt", "trace_pipe"],
  ["text/report.txt", "trace-cmd report"],
  ["text/latency.txt", "latency format"],
  ["console/04-k6.12-S3-context-lost-recovery.guest.txt", "console log with trace text"],
])("recognised by content: %s", (path, form) => {
  expect(sniffText(data(path).slice(0, 65_536))).toEqual({ form });
});

test.each<[string, Uint8Array, string]>([
  ["nothing", new Uint8Array(0), "empty"],
  ["other text", new TextEncoder().encode("dear sir,\nplease find enclosed\n"), "no line of the first 31 bytes"],
  ["UTF-16", Uint8Array.from([0xff, 0xfe, 0x41, 0]), "UTF-16"],
  ["a binary", Uint8Array.from({ length: 4096 }, (_, at) => (at * 37) & 0xff), "binary"],
])("not recognised: %s", (_, bytes, why) => {
  expect(sniffText(bytes)).toEqual({ notText: expect.stringContaining(why) });
});
