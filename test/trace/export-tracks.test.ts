/** Tracks: what is drawn for a recording, and that both file formats hold the same. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import { ChromeSink } from "../../harness/trace/export/chrome-json.ts";
import { PerfettoSink } from "../../harness/trace/export/perfetto.ts";
import { TrackWriter } from "../../harness/trace/export/tracks.ts";
import type { Gap, TraceEvent } from "../../harness/trace/mhi-events.ts";
import { completion, event, exported, type Made, madeSource } from "./export-support.ts";

/** What a reader of the file sees of one track. */
interface SeenTrack {
  /** `name from..to`, in order of time. */
  readonly slices: string[];
  readonly instants: string[];
  readonly values: number[];
}
type Seen = Record<string, SeenTrack>;

const trackOf = (seen: Seen, name: string): SeenTrack => {
  seen[name] ??= { slices: [], instants: [], values: [] };
  return seen[name];
};

interface ChromeEvent {
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly name: string;
  readonly args: Record<string, string | number>;
}

async function chrome(made: Made): Promise<Seen> {
  const { text } = await exported(madeSource(made), (axis) => new TrackWriter(new ChromeSink(axis), axis));
  const { traceEvents } = JSON.parse(text) as { traceEvents: ChromeEvent[] };
  const groups = new Map<number, string>();
  const names = new Map<number, string>();
  const seen: Seen = {};
  for (const { ph, pid, tid, name, args } of traceEvents) {
    if (ph === "M" && name === "process_name") groups.set(pid, String(args.name));
    if (ph === "M" && name === "thread_name") names.set(tid, String(args.name));
  }
  const ns = (us: number): number => Math.round(us * 1000);
  // metadata has no time: it would put any order into a sort
  for (const each of traceEvents.filter(({ ph }) => ph !== "M").sort((a, b) => a.ts - b.ts)) {
    const group = groups.get(each.pid);
    const track = trackOf(seen, `${group}/${each.ph === "C" ? each.name : names.get(each.tid)}`);
    if (each.ph === "X") track.slices.push(`${each.name} ${ns(each.ts)}..${ns(each.ts + each.dur)}`);
    if (each.ph === "i") track.instants.push(`${each.name} ${ns(each.ts)}`);
    if (each.ph === "C") track.values.push(Number(each.args.value));
  }
  return seen;
}

interface Packet {
  readonly timestamp?: string;
  readonly trustedPacketSequenceId?: number;
  readonly trackEvent?: {
    type: string;
    trackUuid: string;
    name?: string;
    counterValue?: string;
    debugAnnotations?: unknown[];
  };
  readonly trackDescriptor?: {
    uuid: string;
    name: string;
    parentUuid?: string;
    counter?: object;
    siblingOrderRank?: number;
  };
}

const proto = protobuf.parse(readFileSync(join(import.meta.dirname, "../data/perfetto/track-event.proto"), "utf8"));
const Trace = proto.root.lookupType("perfetto.protos.Trace");

async function packets(made: Made): Promise<Packet[]> {
  const { bytes } = await exported(madeSource(made), (axis) => new TrackWriter(new PerfettoSink(axis), axis));
  const object = Trace.toObject(Trace.decode(bytes), { longs: String, enums: String });
  return (object.packet ?? []) as Packet[];
}

async function perfetto(made: Made): Promise<Seen> {
  const all = await packets(made);
  const descriptors = new Map(all.flatMap(({ trackDescriptor: at }) => (at ? [[at.uuid, at] as const] : [])));
  const seen: Seen = {};
  const open = new Map<string, string>();
  const events = all.filter(({ trackEvent }) => trackEvent);
  events.sort((a, b) => Number(BigInt(a.timestamp ?? 0) - BigInt(b.timestamp ?? 0)));
  for (const { trackEvent: at, timestamp = "" } of events) {
    const own = descriptors.get(at?.trackUuid ?? "");
    const track = trackOf(seen, `${descriptors.get(own?.parentUuid ?? "")?.name}/${own?.name}`);
    const key = at?.trackUuid ?? "";
    if (at?.type === "TYPE_SLICE_BEGIN") {
      expect(open.has(key), `slice ${at.name} inside ${open.get(key)}`).toBe(false);
      open.set(key, `${at.name} ${timestamp}`);
    } else if (at?.type === "TYPE_SLICE_END") {
      expect(open.has(key)).toBe(true);
      track.slices.push(`${open.get(key)}..${timestamp}`);
      open.delete(key);
    } else if (at?.type === "TYPE_INSTANT") track.instants.push(`${at.name} ${timestamp}`);
    else track.values.push(Number(at?.counterValue));
  }
  expect([...open.values()]).toEqual([]);
  return seen;
}

const overrun = (fromNs: number, toNs: number, cpu?: number, lost?: number): Gap => ({
  fromNs,
  toNs,
  reason: "overrun",
  ...(cpu === undefined ? {} : { cpu }),
  ...(lost === undefined ? {} : { lost }),
});

describe.each([
  ["chrome-json", chrome],
  ["perfetto", perfetto],
] as const)("%s", (_name, draw) => {
  test("PM states as slices that touch; the last one to the end of the recording", async () => {
    const events = [event.pm(10, 1), event.pm(20, 2), event.pm(20, 2), event.worker(50, 3)];
    const seen = await draw({ events });
    expect(seen["mhi0/PM state"]?.slices).toEqual(["POR 10..20", "M0 20..20", "M0 20..50"]);
    expect(seen["mhi0/worker"]?.instants).toEqual(["MISSION MODE 50"]);
  });

  test("states as host and device see them: a slice a change", async () => {
    const events = [
      event.intvec(10, 10, 2, 2, 2),
      event.ring(15, "ctrl", 0x02000000, 0x00400000),
      event.intvec(20, 2, 2, 2, 2),
      event.ring(30, "ctrl", 0x05000000, 0x00200000),
      event.intvec(40, 2, 2, -1, 0xff),
    ];
    const seen = await draw({ events });
    expect(seen["mhi0/EE, host's view"]?.slices).toEqual(["unknown 10..20", "AMSS 20..40"]);
    expect(seen["mhi0/EE, device"]?.slices).toEqual(["AMSS 10..40", "LINK DOWN (all ones; reads as SYS ERROR) 40..40"]);
    expect(seen["mhi0/MHI state, device"]?.slices).toEqual([
      "M0 10..30",
      "M3 30..40",
      "LINK DOWN (all ones; reads as SYS ERROR) 40..40",
    ]);
    expect(seen["mhi0/control events"]?.instants).toEqual(["ctrl EE change AMSS 15", "ctrl state change M3 30"]);
  });

  test("a channel's life", async () => {
    const events = [
      event.chan(10, "start", 20, 2),
      event.chan(20, "end", 20, 2),
      event.tre(30, 20, 64),
      completion(40, 20, 64, "0x1000"),
      event.chan(50, "start", 20, 0),
      event.chan(60, "end", 20, 0),
      event.pm(70, 2),
    ];
    const seen = await draw({ events });
    expect(seen["mhi0/ch 20"]?.slices).toEqual([
      "START asked 10..20",
      "started 20..50",
      "RESET asked 50..60",
      "reset 60..70",
    ]);
    expect(seen["mhi0/ch 20 transfers"]?.instants).toEqual([
      "tre ch 20 64 bytes IEOT ptr 0x1000 30",
      "data transfer ch 20 EOT 64 bytes ptr 0x1000 40",
    ]);
  });

  test("TREs in flight: one event gives back all up to the one it points to; OOB gives back none", async () => {
    const tres = [1, 2, 3, 4, 5].map((at) => event.tre(at, 20, 64));
    const events = [
      ...tres,
      completion(11, 20, 64, "0x1000"),
      completion(12, 20, 64, "0x1000", 5),
      event.ring(13, "ctrl", 0x02000040, 0x14220000, "0x1030"), // over the control ring, as DIAG and DUN have it
      event.tre(14, 20, 8),
      event.chan(15, "end", 20, 0),
    ];
    expect((await draw({ events }))["mhi0/ch 20 TREs in flight"]?.values).toEqual([1, 2, 3, 4, 5, 4, 1, 2, 0]);
  });

  test("missing evidence: a track a CPU with the number; states after it are in doubt until seen again", async () => {
    const events = [event.pm(10, 2), event.tre(12, 20, 8), event.pm(20, 3, 1), event.pm(50, 2), event.pm(60, 2)];
    const gaps = [overrun(12, 45, 1, 1424), overrun(14, 48, 1), overrun(30, 40)];
    const seen = await draw({ events, gaps });
    expect(seen["missing evidence/cpu1"]).toBeDefined();
    expect(seen["missing evidence/all cpus"]?.slices).toEqual([
      "all cpus: evidence missing: the ring buffer was overwritten 30..40",
    ]);
    expect(seen["mhi0/PM state"]?.slices).toEqual(["M0 10..20", "M2 20..40", "M2? 40..50", "M0 50..60", "M0 60..60"]);
    expect(seen["mhi0/ch 20 TREs in flight"]?.values).toEqual([1, 0]);
  });

  test("rig actions as slices, each name on its own; notes and errors as instants", async () => {
    const events = [
      event.marker(10, "hil begin suspend S3"),
      event.marker(15, "hil begin shell"),
      event.marker(20, "hil end suspend"),
      event.marker(25, "hil end shell it failed"),
      event.marker(30, "hil note here"),
      event.marker(40, "somebody else"),
      event.other(50, "sched", "sched_switch", { prev: 1 }),
    ];
    const seen = await draw({ events });
    expect(seen["rig/suspend"]?.slices).toEqual(["suspend S3 10..20"]);
    expect(seen["rig/shell"]?.slices).toEqual(["shell 15..25"]);
    expect(seen["rig/markers"]?.instants).toEqual([
      "hil end shell it failed 25",
      "hil note here 30",
      "somebody else 40",
    ]);
    expect(seen["rig/other events"]?.instants).toEqual(["sched:sched_switch prev=1 50"]);
  });

  test("two controllers are two groups", async () => {
    const events = [event.pm(1, 2), { ...event.pm(2, 5), controller: "mhi1" } as TraceEvent];
    const seen = await draw({ events });
    expect(Object.keys(seen)).toEqual(["mhi0/PM state", "mhi1/PM state"]);
  });

  test("an empty recording is an empty, whole file", async () => expect(await draw({ events: [] })).toEqual({}));
});

test("chrome-json: what a trace holds cannot steer a terminal that shows the file", async () => {
  const nasty = 'a"\\\x1b\x7f\u009b\u202e\n';
  const source = madeSource({ events: [event.marker(1, nasty)], info: { form: nasty, comms: new Map([[7, nasty]]) } });
  const { text } = await exported(source, (axis) => new TrackWriter(new ChromeSink(axis), axis));
  expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
  expect(JSON.parse(text).traceEvents).toContainEqual(expect.objectContaining({ ph: "i", name: nasty }));
});

test("perfetto: times are the clock's own to the last bit, arguments and heads are there", async () => {
  const made = { events: [event.pm(5, 2)], info: { originNs: 18_446_744_000_000_000_000n } };
  const [group, track, begin, end] = await packets(made);
  expect(group?.trackDescriptor).toMatchObject({ name: "mhi0", childOrdering: "EXPLICIT" });
  expect(track?.trackDescriptor).toMatchObject({
    name: "PM state",
    parentUuid: group?.trackDescriptor?.uuid,
    siblingOrderRank: 0,
  });
  expect(begin).toMatchObject({
    timestamp: "18446744000000000005",
    trustedPacketSequenceId: 1,
    trackEvent: {
      name: "M0",
      debugAnnotations: [
        { name: "cpu", intValue: "0" },
        { name: "pid", intValue: "7" },
        { name: "comm", stringValue: "insmod" },
      ],
    },
  });
  expect(end?.timestamp).toBe("18446744000000000005");
});

test("perfetto: no field of the file is unknown to Perfetto's own definitions", async () => {
  const events = [event.pm(1, 2), event.tre(2, 20, 8), event.marker(3, "x")];
  const source = madeSource({ events, gaps: [overrun(1, 2, 0, 3)] });
  const { bytes } = await exported(source, (axis) => new TrackWriter(new PerfettoSink(axis), axis));
  // protobufjs drops what it does not know: written again, the file would be shorter.
  expect(Trace.encode(Trace.decode(bytes)).finish().length).toBe(bytes.length);
});

const anyEvent = (tNs: number): fc.Arbitrary<TraceEvent> =>
  fc.oneof(
    fc.nat(13).map((state) => event.pm(tNs, state)),
    fc.nat(3).map((channel) => event.tre(tNs, channel, 8)),
    fc
      .tuple(fc.nat(3), fc.nat(8), fc.nat(6))
      .map(([channel, at, code]) => completion(tNs, channel, 8, `0x${at}0`, code)),
    fc
      .tuple(fc.nat(3), fc.nat(2), fc.boolean())
      .map(([channel, command, start]) => event.chan(tNs, start ? "start" : "end", channel, command)),
    fc
      .constantFrom("hil begin a", "hil end a", "hil begin b", "hil end b failed", "x")
      .map((text) => event.marker(tNs, text)),
    fc.tuple(fc.nat(10), fc.integer({ min: -1, max: 9 })).map(([host, dev]) => event.intvec(tNs, host, 2, dev, 255)),
  );
const anyRecording: fc.Arbitrary<Made> = fc
  .tuple(
    // Text may hold a line that is a little late.
    fc.array(fc.integer({ min: -3, max: 20 }), { maxLength: 40 }),
    fc.array(fc.tuple(fc.nat(300), fc.nat(50), fc.integer({ min: -1, max: 1 })), { maxLength: 6 }),
  )
  .chain(([steps, gaps]) => {
    let tNs = 100;
    const times = steps.map((step) => (tNs += step));
    const made = gaps.map(([from, length, cpu]) => overrun(from, from + length, cpu < 0 ? undefined : cpu, length));
    return fc.tuple(...times.map(anyEvent)).map((events) => ({ events, gaps: made }));
  });

test("whatever happens, slices of a track never overlap, counts are never negative, and both files say the same", async () => {
  await fc.assert(
    fc.asyncProperty(anyRecording, async (made) => {
      const [one, other] = [await chrome(made), await perfetto(made)];
      const sorted = (seen: Seen): unknown =>
        Object.entries(seen)
          .map(([name, { slices, instants, values }]) => [name, [...slices].sort(), [...instants].sort(), values])
          .sort();
      expect(sorted(one)).toEqual(sorted(other));
      for (const { values } of Object.values(one)) expect(Math.min(0, ...values)).toBe(0);
    }),
    { numRuns: 150 },
  );
});
