/** Lines for people and JSON lines: what stands in them, in what order, and that nothing held in a trace can do harm. */
import { describe, expect, test } from "vitest";
import { toPrintable } from "../../harness/rig/console/printable.ts";
import type { DeviceLine, DeviceLines } from "../../harness/trace/export/feed.ts";
import { JsonLineWriter } from "../../harness/trace/export/json-lines.ts";
import { LineWriter } from "../../harness/trace/export/lines.ts";
import type { SelectionOptions } from "../../harness/trace/export/selection.ts";
import { summaryLine } from "../../harness/trace/export/summary.ts";
import type { Gap, TraceEvent } from "../../harness/trace/mhi-events.ts";
import type { TraceSource } from "../../harness/trace/source.ts";
import { event, exported, type Made, madeSource } from "./export-support.ts";

const linesOf = async (source: TraceSource, options?: SelectionOptions, device?: DeviceLines): Promise<string[]> => {
  const { text } = await exported(source, (axis) => new LineWriter({ axis, printable: toPrintable }), options, device);
  return text.trimEnd().split("\n");
};
const jsonOf = async (made: Made): Promise<Record<string, unknown>[]> => {
  const { text } = await exported(madeSource(made), (axis) => new JsonLineWriter({ axis }));
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
};

const device = (...lines: DeviceLine[]): DeviceLines => ({
  get nextNs() {
    return lines[0]?.tNs ?? Number.POSITIVE_INFINITY;
  },
  take: () => lines.shift() as DeviceLine,
});

const gap = (fromNs: number, toNs: number, more: Partial<Gap> = {}): Gap => ({
  fromNs,
  toNs,
  reason: "overrun",
  ...more,
});

describe("lines", () => {
  test("time, cpu, task, controller, meaning", async () => {
    const events = [event.pm(5_893_319_682, 2, 1), event.marker(6_000_000_000, "hil note here")];
    expect(await linesOf(madeSource({ events }))).toEqual([
      "# made by hand; clock boot; 2 cpus",
      "5.893319682 [001]               insmod-7 mhi0  PM M0",
      "6.000000000 [000]               insmod-7       marker hil note here",
    ]);
  });

  test("six digits where the kernel's text held six; the origin is added, to the last digit", async () => {
    const events = [event.pm(1_000_001_000, 2)];
    const info = { resolutionNs: 1000, originNs: 9_007_199_254_000_000_000n };
    expect((await linesOf(madeSource({ events, info })))[1]).toMatch(/^9007199255\.000001 /);
  });

  test("a clock that counts is printed as it counts", async () => {
    const info = { buffers: [{ name: "", cpus: [0], clock: "counter" }] };
    expect((await linesOf(madeSource({ events: [event.pm(4711, 2)], info })))[1]).toMatch(/^4711 \[000\]/);
  });

  test("a gap stands before the first event at or after its end, and one at the end of all", async () => {
    const events = [event.pm(10, 2), event.pm(20, 3, 1), event.pm(30, 2), event.pm(40, 2)];
    const gaps = [gap(12, 30, { cpu: 1, lost: 1424 }), gap(41, 50, { reason: "cut", detail: "the file ends" })];
    const lines = await linesOf(madeSource({ events, gaps }));
    expect(lines.map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual([
      "# made",
      "0.000000010 [000]",
      "0.000000020 [001]",
      "---- 0.000000012..0.000000030",
      "0.000000030 [000]",
      "0.000000040 [000]",
      "---- 0.000000041..0.000000050",
    ]);
    expect(lines[3]).toBe("---- 0.000000012..0.000000030 cpu1: 1424 events lost: the ring buffer was overwritten ----");
    expect(lines[6]).toContain("(the file ends) ----");
  });

  test("what a trace or a device holds cannot steer a terminal", async () => {
    const nasty = "a\x1b[2Jb\x07c\u009b31md\u202ee";
    const events: TraceEvent[] = [
      event.marker(1, nasty),
      event.other(2, "sys", "name", { text: nasty }),
      { ...event.pm(3, 2), controller: nasty } as TraceEvent,
    ];
    const info = { comms: new Map([[7, nasty]]), form: nasty };
    const gaps = [gap(1, 2, { detail: nasty })];
    const line = { tNs: 2, uncertaintyNs: 0, deviceKind: nasty, text: nasty };
    const lines = await linesOf(madeSource({ events, info, gaps }), {}, device(line));
    expect(lines).toHaveLength(6);
    expect(lines.join("\n")).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
  });

  test("the device's lines stand between the events of their time", async () => {
    const lines = device(
      { tNs: 5, uncertaintyNs: 0, deviceKind: "power", text: "up" },
      { tNs: 15, uncertaintyNs: 0, deviceKind: "msi", text: "vector 1" },
      { tNs: 99, uncertaintyNs: 0, deviceKind: "reset", text: "by the host" },
    );
    const made = await linesOf(madeSource({ events: [event.pm(10, 2), event.pm(20, 3)] }), {}, lines);
    expect(
      made.slice(1).map((line) => line.replace(/^\S+ \[(...)\] +(?:\S+-7 mhi0 )?/, "$1 ").replace(/ +/g, " ")),
    ).toEqual([
      "dev device power: up",
      "000 PM M0",
      "dev device msi: vector 1",
      "000 PM M2",
      "dev device reset: by the host",
    ]);
  });

  test("where it was recorded and by which witness, when that is not the plain case", async () => {
    const events: TraceEvent[] = [
      { ...event.pm(1, 2), buffer: "hil", source: "kprobe" } as TraceEvent,
      { ...event.pm(2, 2), extra: { vid: 3 } } as TraceEvent,
    ];
    const lines = await linesOf(madeSource({ events }));
    expect(lines[1]).toMatch(/ hil: mhi0 {2}PM M0 \(kprobe\)$/);
    expect(lines[2]).toMatch(/PM M0 vid=3$/);
  });

  test("a message of a kernel log's text tells no CPU and no task; one in a ring buffer does", async () => {
    const events = [{ ...event.worker(1000, 3), source: "dynamic-debug" } as TraceEvent];
    const text = await linesOf(madeSource({ events, info: { resolutionNs: 1000 } }));
    expect(text[1]).toMatch(/^0\.000001 \[---\] {24}mhi0 {2}worker MISSION MODE \(dynamic-debug\)$/);
    expect((await linesOf(madeSource({ events })))[1]).toMatch(/ \[000\] +insmod-7 mhi0 /);
  });

  test("an empty recording has a head and nothing else", async () => {
    expect(await linesOf(madeSource({ events: [] }))).toEqual(["# made by hand; clock boot; 2 cpus"]);
  });
});

describe("JSON lines", () => {
  test("the recording first, each event with its exact time and meaning, gaps in their place", async () => {
    const events = [event.pm(10, 2), event.tre(20, 21, 64)];
    const [recording, first, lost, second] = await jsonOf({ events, gaps: [gap(11, 20, { cpu: 0, lost: 3 })] });
    expect(recording).toMatchObject({ kind: "recording", form: "made by hand", originNs: "0", resolutionNs: 1 });
    expect(first).toEqual({ ...events[0], clockNs: "10", comm: "insmod", means: "PM M0" });
    expect(lost).toEqual({ kind: "gap", ...gap(11, 20, { cpu: 0, lost: 3 }), fromClockNs: "11", toClockNs: "20" });
    expect(second).toEqual({
      ...events[1],
      clockNs: "20",
      comm: "insmod",
      means: "tre ch 21 64 bytes IEOT ptr 0x1000",
    });
  });

  test("each event is the very object of the library, key by key, of every kind and witness", async () => {
    const events: TraceEvent[] = [
      event.pm(1, 99, 1),
      event.worker(2, 7),
      event.intvec(3, 10, 2, -1, 255),
      event.chan(4, "start", 20, 2),
      event.chan(5, "end", 255, 0),
      event.tre(6, 20, 65535, "0xfedcba9876543210"),
      { ...event.tre(7, 20, 1), dword0: 0xffff0001, slot: "0x1234567890abcdef" } as TraceEvent,
      event.ring(8, "ctrl", 0xff00ffff, 0xff77ffff, "0x0"),
      { ...event.ring(9, "data", 0x02000040, 0x15220000, "0x10"), slot: "0x10" } as TraceEvent,
      { ...event.pm(10, 2), source: "kprobe", buffer: 'a "buffer"' } as TraceEvent,
      { ...event.pm(11, 2), controller: 'mhi"0\\', extra: { vid: 3, name: '"' } } as TraceEvent,
      event.marker(12, 'a "marker"'),
      event.other(13, "sched", "x", { text: '"', number: 3 }),
    ];
    for (const originNs of [0n, 18_000_000_000_000_000_000n]) {
      const rows = (await jsonOf({ events, info: { originNs, comms: new Map() } })).slice(1);
      for (const [at, row] of rows.entries()) {
        const { clockNs, means: _, ...own } = row;
        const made = events[at] as TraceEvent;
        const tNs = originNs === 0n ? made.tNs : String(originNs + BigInt(made.tNs));
        expect(clockNs).toBe(String(tNs));
        const { tNs: __, ...rest } = made;
        const expected: Record<string, unknown> = { ...rest, tNs };
        // The order of a hand-made object is its maker's; the values and the set of keys are what counts.
        expect(own).toEqual(expected);
      }
      expect(rows).toHaveLength(events.length);
    }
  });

  test("a time that no double holds is text, to the last nanosecond", async () => {
    const info = { originNs: 18_000_000_000_000_000_000n };
    const [, first, lost] = await jsonOf({ events: [event.pm(7, 2)], gaps: [gap(3, 9)], info });
    expect(first).toMatchObject({ tNs: "18000000000000000007", clockNs: "18000000000000000007" });
    expect(lost).toMatchObject({ fromNs: "18000000000000000003", toNs: "18000000000000000009" });
  });

  test("control characters are escaped in the text and whole in the value", async () => {
    const nasty = 'a"\\\x1b\x7f\u009b\u202e\n';
    const made = madeSource({ events: [event.marker(1, nasty)], info: { comms: new Map([[7, nasty]]) } });
    const { text } = await exported(made, (axis) => new JsonLineWriter({ axis }));
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
    expect(JSON.parse(text.split("\n")[1] ?? "")).toMatchObject({ text: nasty, comm: nasty });
  });
});

test("the line at the end says what was read and what is missing", async () => {
  const events = [event.pm(1_000_000_000, 2), event.pm(3_310_000_000, 3)];
  const gaps = [gap(2, 3, { lost: 1424 }), gap(4, 5)];
  const made = await exported(madeSource({ events, gaps }), (axis) => new JsonLineWriter({ axis }));
  expect(summaryLine(made.axis, made.tally)).toBe(
    "2 events of mhi0 in 2.31 s (1.000000000..3.310000000), 2 gaps with 1424 events lost: evidence is missing; made by hand",
  );
});
