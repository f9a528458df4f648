/** trace.dat written anew: read back it says the same, and trace-cmd prints the same. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MHI_FORMATS } from "../../harness/trace/export/merged-formats.ts";
import { TraceDatWriter } from "../../harness/trace/export/trace-dat.ts";
import { parseFormat } from "../../harness/trace/format.ts";
import { type Gap, isMhiEvent, type TraceEvent } from "../../harness/trace/mhi-events.ts";
import { openTrace } from "../../harness/trace/open/open-trace.ts";
import type { TraceSource } from "../../harness/trace/source.ts";
import { parseTraceText } from "../../harness/trace/text/parse.ts";
import { completion, event, exported, type Made, madeSource, opened, readAll } from "./export-support.ts";

const data = (path: string): string => join(import.meta.dirname, "../data", path);

async function written(source: TraceSource): Promise<{ bytes: Buffer; notes: readonly string[] }> {
  let writer: TraceDatWriter | undefined;
  const { bytes } = await exported(source, (axis) => (writer = new TraceDatWriter(axis)));
  return { bytes, notes: writer?.notes ?? [] };
}

const again = async (made: Made): Promise<{ events: TraceEvent[]; gaps: Gap[]; notes: readonly string[] }> => {
  const { bytes, notes } = await written(madeSource(made));
  return { ...(await opened(bytes, readAll)), notes };
};

const gap = (fromNs: number, toNs: number, cpu?: number, lost?: number, reason: Gap["reason"] = "overrun"): Gap => ({
  fromNs,
  toNs,
  reason,
  ...(cpu === undefined ? {} : { cpu }),
  ...(lost === undefined ? {} : { lost }),
});

describe("read back", () => {
  test.each(["linux-6.12-sdx55/raw", "linux-6.12-live"])("a real recording: %s", async (folder) => {
    const before = await readAll(await openTrace(data(`trace/${folder}`)));
    const { bytes } = await written(await openTrace(data(`trace/${folder}`)));
    const after = await opened(bytes, readAll);
    expect(after.events).toEqual(before.events);
    expect(after.events.length).toBeGreaterThan(50);
    expect(after.gaps).toEqual(before.gaps);
    expect(after.info.generation).toBe("merged");
  });

  test.each(readdirSync(data("trace/text")).filter((name) => name.endsWith(".txt")))("text: %s", async (name) => {
    const before = await readAll(await openTrace(data(`trace/text/${name}`)));
    const { bytes } = await written(await openTrace(data(`trace/text/${name}`)));
    const after = await opened(bytes, readAll);
    // Text may mix CPUs a little out of order; a trace.dat is read in order of time.
    const inOrder = (events: readonly TraceEvent[]): TraceEvent[] =>
      events.filter(isMhiEvent).sort((a, b) => a.tNs - b.tNs || a.cpu - b.cpu);
    expect(inOrder(after.events)).toEqual(inOrder(before.events));
    expect(after.events).toHaveLength(before.events.length);
    const lost = (gaps: readonly Gap[]): number => gaps.reduce((sum, each) => sum + (each.lost ?? 0), 0);
    expect(lost(after.gaps)).toBe(lost(before.gaps));
  });

  test("events of every kind, with what a field can hold at most", async () => {
    const events: TraceEvent[] = [
      event.pm(1, 12, 1),
      event.worker(2, 7),
      event.intvec(3, 10, 0xff, -1, 0x100),
      {
        ...event.ring(4, "ctrl", 0xffffffff, 0x00200000, "0xfedcba9876543210"),
        slot: "0xffff8cc44383f010",
      } as TraceEvent,
      completion(5, 255, 65535, "0x8000000000000000"),
      event.tre(6, 127, 65535, "0xffffffffffffffff"),
      event.chan(7, "start", 20, 2),
      event.chan(8, "end", 20, 0),
      event.marker(9, "hil begin suspend S3"),
      event.other(10, "sched", "sched_switch", { prev_comm: "a b", prev_pid: -1, state: 4_000_000_000 }),
      event.other(11, "kernel log", "mhi", { text: 'Wait for M3 completion: 100 % "done"' }),
      { ...event.pm(12, 2), buffer: "hil" } as TraceEvent,
      { ...event.pm(13, 2), pid: 4_194_304, cpu: 63 } as TraceEvent,
    ];
    const { events: after, notes } = await again({ events });
    expect(after).toEqual(events);
    expect(notes).toEqual([]);
  });

  test("one event with other fields is another format of the same name", async () => {
    const events = [{ a: 1 }, { a: "x" }, { a: 1, b: 2 }, {}].map((fields, at) => event.other(at, "sys", "ev", fields));
    expect((await again({ events })).events).toEqual(events);
  });

  test("times: far apart, and beyond what a double holds", async () => {
    const times = [0, 1, 2 ** 27 - 1, 2 ** 27, 2 ** 27 + 1, 2 ** 28, 2 ** 40, 2 ** 51, 2 ** 51 + 1];
    let tNs = 0;
    const events = times.map((step) => {
      tNs += step;
      return event.pm(tNs, 2);
    });
    expect((await again({ events })).events).toEqual(events);
    const { bytes } = await written(madeSource({ events: [event.pm(5, 2)], info: { originNs: 2n ** 63n } }));
    const { events: after, info } = await opened(bytes, readAll);
    expect(info.originNs + BigInt(after[0]?.tNs ?? 0)).toBe(2n ** 63n + 5n);
  });

  test("losses: their place, their CPU, their number; also before the first and after the last event", async () => {
    const events = [event.pm(10, 2), event.pm(20, 3, 1), event.pm(30, 2), event.pm(40, 2, 1), event.pm(50, 2)];
    const gaps = [gap(0, 10, 0, 5), gap(12, 40, 1, 1424), gap(31, 50, 0), gap(50, 60, 0, 7)];
    const { events: after, gaps: told } = await again({ events, gaps });
    expect(after).toEqual(events);
    const seen = told.map(({ fromNs, toNs, cpu, lost, reason }) => ({ fromNs, toNs, cpu, lost, reason }));
    const last = expect.toSatisfy((toNs: number) => toNs === 50 || toNs === 60);
    expect(seen.sort((a, b) => a.toNs - b.toNs || a.fromNs - b.fromNs)).toEqual([
      { fromNs: 10, toNs: 10, cpu: 0, lost: 5, reason: "overrun" },
      { fromNs: 20, toNs: 40, cpu: 1, lost: 1424, reason: "overrun" },
      { fromNs: 30, toNs: 50, cpu: 0, lost: undefined, reason: "overrun" },
      { fromNs: 50, toNs: last, cpu: 0, lost: 7, reason: "overrun" },
    ]);
  });

  test("a gap of all CPUs reaches each of them, its number once; another reason than an overrun is told", async () => {
    const events = [event.pm(10, 2), event.pm(20, 3, 1), event.pm(40, 2), event.pm(50, 2, 1)];
    const { gaps, notes } = await again({ events, gaps: [gap(25, 35, undefined, 9, "host-down")] });
    expect(gaps.map(({ cpu }) => cpu).sort()).toEqual([0, 1]);
    expect(gaps.reduce((sum, { lost }) => sum + (lost ?? 0), 0)).toBe(9);
    expect(notes).toEqual(["1 gaps of other kinds than an overwritten buffer are told as lost events"]);
  });

  test("a full page after a loss keeps room for the number; losses on end are one", async () => {
    const events = Array.from({ length: 300 }, (_, at) => event.pm(10 + at, 2));
    const gaps = [gap(0, 10, 0, 5), gap(1, 10, 0, 6), gap(2, 200, 0, 7), gap(3, 200, 0)];
    const { events: after, gaps: told } = await again({ events, gaps });
    expect(after).toEqual(events);
    expect(told.map(({ toNs, lost }) => [toNs, lost])).toEqual([
      [10, 11],
      [200, undefined],
    ]);
  });

  test("a time that steps back is no damage", async () => {
    const events = [event.pm(30, 2), event.pm(10, 3), event.pm(20, 5), event.pm(40, 2)];
    const { events: after, gaps } = await again({ events });
    expect(after.map((each) => [each.tNs, (each as { pmState: number }).pmState]).sort()).toEqual([
      [10, 3],
      [20, 5],
      [30, 2],
      [40, 2],
    ]);
    expect(gaps.map(({ reason }) => reason)).toEqual(["clock-step"]);
  });

  test("interrupt and preemption flags", async () => {
    const flags = async (source: TraceSource): Promise<number[]> => {
      const all: number[] = [];
      for await (const batch of source.batches()) all.push(...batch.flags.subarray(0, batch.length));
      source.close();
      return all;
    };
    const open = () => openTrace(data("trace/linux-6.12-sdx55/raw"));
    const before = await flags(await open());
    expect(new Set(before).size).toBeGreaterThan(3);
    expect(await opened((await written(await open())).bytes, flags)).toEqual(before);
  });

  test("what the form cannot hold is told with its number", async () => {
    const events: TraceEvent[] = [
      { ...event.pm(1, 2), extra: { vid: 3 } } as TraceEvent,
      { ...event.pm(2, 2), source: "dynamic-debug" } as TraceEvent,
      event.other(3, "", "event 123", { bytes: "00" }),
      event.marker(4, "x".repeat(5000)),
      event.other(5, "s", "n", Object.fromEntries(Array.from({ length: 501 }, (_, at) => [`f${at}`, 1]))),
    ];
    const { events: after, notes } = await again({ events });
    expect(after.map(({ kind }) => kind)).toEqual(["pm", "pm", "other", "marker"]);
    expect(after[1]).toEqual({ ...event.pm(2, 2), buffer: "dynamic-debug" });
    expect(after[2]).toMatchObject({ name: "event_123", fields: { bytes: "00" } });
    expect(after[3]).toMatchObject({ text: expect.stringMatching(/^x{4000,}$/) });
    expect(notes).toEqual([
      "1 events LEFT OUT: too many kinds of them for one file",
      "1 texts longer than a page are SHORTENED",
      "1 events had fields that this version does not know: LEFT OUT",
      "1 events came from kprobes or kernel messages: they stand as the driver's own in buffers of those names",
      "events with names that no format can hold are renamed: event 123",
    ]);
  });

  test("a CPU that no kernel has is refused", async () => {
    const made = madeSource({ events: [{ ...event.pm(1, 2), cpu: 9000 } as TraceEvent] });
    await expect(written(made)).rejects.toThrow(/names cpu9000; a trace.dat holds 8192 at most/);
  });

  test("an empty recording makes a file that can be read", async () => {
    expect((await again({ events: [] })).events).toEqual([]);
  });
});

const steps = fc.array(
  fc.record({
    step: fc.oneof(fc.nat(1000), fc.integer({ min: 0, max: 2 ** 30 })),
    cpu: fc.nat(2),
    lost: fc.option(fc.nat(2 ** 31), { freq: 8 }),
    size: fc.oneof(fc.nat(40), fc.nat(3900)),
  }),
  { maxLength: 120 },
);

test("whatever comes, in whatever order of CPUs and sizes: the same events, the same number lost", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (made) => {
      let tNs = 1;
      let total = 0;
      const gaps: Gap[] = [];
      const events = made.map(({ step, cpu, lost, size }, at): TraceEvent => {
        tNs += step;
        if (lost !== null) gaps.push(gap(0, tNs, cpu, lost));
        total += lost ?? 0;
        if (size > 40) return { ...event.marker(tNs, "m".repeat(size)), cpu };
        return at % 2 === 0 ? event.pm(tNs, size % 13, cpu) : ({ ...event.tre(tNs, size, size), cpu } as TraceEvent);
      });
      const { events: after, gaps: told } = await again({ events, gaps });
      const byLane = (list: readonly TraceEvent[]): TraceEvent[][] =>
        [0, 1, 2].map((cpu) => list.filter((each) => each.cpu === cpu));
      expect(byLane(after)).toEqual(byLane(events));
      expect(told.reduce((sum, each) => sum + (each.lost ?? 0), 0)).toBe(total);
    }),
    { numRuns: 60 },
  );
});

test("the format texts are the kernel's own, but for the ids", () => {
  const real = readFileSync(data("mhi/mhi_host-formats-6.12-and-7.2.txt"), "utf8")
    .split(/^##### .*\n/m)
    .slice(1);
  expect(MHI_FORMATS).toHaveLength(8);
  const plain = (text: string): string => text.replace(/^ID: \d+$/m, "").trim();
  const own = new Map(MHI_FORMATS.map((text) => [parseFormat(text, "mhi_host").name, plain(text)]));
  for (const text of real) expect(own.get(parseFormat(text, "mhi_host").name)).toBe(plain(text));
});

const hasTraceCmd = spawnSync("trace-cmd", ["--version"]).error === undefined;

/** Lines of `trace-cmd report`, without what may differ: the head, and the reason word that a kernel's file may hold as an address. */
function report(bytes: Uint8Array): string[] {
  const folder = mkdtempSync(join(tmpdir(), "mhi-hil-report-"));
  try {
    writeFileSync(join(folder, "t.dat"), bytes);
    const { stdout, stderr } = spawnSync("trace-cmd", ["report", "-i", join(folder, "t.dat")], { encoding: "utf8" });
    expect(stderr.replace(/^\s*$/gm, "")).toBe("");
    return stdout.split("\n").filter((line) => line.trim() !== "");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.skipIf(!hasTraceCmd)("trace-cmd report (skipped where trace-cmd is not installed)", () => {
  test("says of a text recording what the text says", async () => {
    const text = readFileSync(data("trace/linux-6.12-live/trace.txt"), "utf8");
    const { events } = parseTraceText(text);
    const comms = new Map(events.map(({ pid }) => [pid, "task"]));
    const { bytes } = await written(madeSource({ events, info: { comms }, batchRows: 50 }));
    const body = (line: string): string => line.replace(/^.*?: (mhi_\w+|print|tracing_mark_write): +/, "$1: ");
    const same = (line: string): string =>
      body(line)
        .replace(/TRE: 0x\S+/, "TRE: -")
        .trimEnd();
    const original = text.split("\n").filter((line) => /: mhi_\w+: /.test(line));
    const printed = report(bytes).filter((line) => /: mhi_\w+: /.test(line));
    expect(original.length).toBeGreaterThan(80);
    expect(printed.map(same)).toEqual(original.map(same));
  });

  test("markers, other events, several buffers, losses", async () => {
    const events: TraceEvent[] = [
      event.marker(1000, "hil begin suspend S3"),
      event.other(2000, "power", "suspend_resume", { action: "a b", val: 3 }),
      { ...event.pm(3000, 2), buffer: "hil" } as TraceEvent,
      event.pm(4000, 5),
    ];
    const lines = report((await written(madeSource({ events, gaps: [gap(2000, 4000, 0, 12)] }))).bytes);
    const all = lines.join("\n");
    expect(all).toMatch(/print: +tracing_mark_write: hil begin suspend S3/);
    expect(all).toMatch(/suspend_resume: +action=a b val=3/);
    expect(all).toMatch(/12 EVENTS DROPPED/);
    expect(all).toMatch(/hil: .*mhi0: PM state: M0/);
    expect(all).toMatch(/mhi0: PM state: M3/);
  });

  test("a loss that nothing follows does not spoil the file", async () => {
    const made = { events: [event.pm(10, 2)], gaps: [gap(10, 90, 0, 7), gap(10, 90, 1)] };
    expect(report((await written(madeSource(made))).bytes).join("\n")).toMatch(/PM state: M0/);
  });
});
