/**
 * What probes make of a run, against what the driver's own trace events tell of the same run: 6.12 has both, recorded at
 * once. And a run on 6.1, which has no such events, against the kernel's own text of the probes.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isMhiEvent, type MhiEvent, type TraceEvent } from "../../../harness/trace/mhi-events.ts";
import { assemble, folderOf, recordedEvents } from "./recorded.ts";

const PROBED = new Set(["pm", "ring", "tre", "chan"]);
const ofDriver = (events: readonly TraceEvent[]): MhiEvent[] =>
  events.filter(isMhiEvent).filter((event) => event.source === undefined && PROBED.has(event.kind));
const ofProbes = (events: readonly TraceEvent[]): MhiEvent[] =>
  events.filter(isMhiEvent).filter((event) => event.source === "kprobe");

/** Without what is known to differ: when, and who saw it. */
function said(event: MhiEvent): object {
  const { tNs: _t, source: _s, ...rest } = event;
  return rest;
}

const both = await recordedEvents("linux-6.12-kprobe-and-events");
const old = await recordedEvents("linux-6.1-kprobe");
const messages = await recordedEvents("linux-6.1-dynamic-debug");

describe("6.12: the driver's own events and the probes, recorded at once", () => {
  const { made, gaps, unpaired } = assemble(both, "unprobed");
  const driver = ofDriver(both);
  const probes = ofProbes(made);

  it("holds a boot, channels, traffic, M3 and back, power down and a second boot", () => {
    for (const kind of PROBED) expect(driver.filter((event) => event.kind === kind).length, kind).toBeGreaterThan(5);
  });

  it.each([...PROBED])("%s: the same events, field by field, in the same order", (kind) => {
    const mine = probes.filter((event) => event.kind === kind).map(said);
    expect(mine).toEqual(driver.filter((event) => event.kind === kind).map(said));
  });

  it("all kinds together in the order in which the driver told them", () => {
    expect(probes.map(said)).toEqual(driver.map(said));
  });

  it("at the same time, as far as an emulated host steps from one to the other at once", () => {
    const apart = probes.map((event, index) => Math.abs(event.tNs - (driver[index]?.tNs ?? 0))).sort((a, b) => a - b);
    expect(apart[Math.floor(apart.length / 2)]).toBeLessThan(50_000);
    expect(apart.at(-1)).toBeLessThan(10_000_000);
  });

  it("loses nothing and guesses nothing", () => {
    expect(gaps).toEqual([]);
    expect(unpaired).toBe(0);
  });

  it.each([1, 2, 7])("gives the same in pieces of %i records", (piece) => {
    expect(assemble(both, "unprobed", piece).made).toEqual(made);
  });
});

describe("6.1: no events of the driver's own", () => {
  const { made, gaps, unpaired } = assemble(old, "unprobed");
  const text = readFileSync(join(folderOf("linux-6.1-kprobe"), "trace.txt"), "utf8");
  const lines = (pattern: RegExp): RegExpExecArray[] => [...text.matchAll(pattern)] as RegExpExecArray[];
  const mhi = made.filter(isMhiEvent);

  it("PM states are those that the kernel's text of the probes tells", () => {
    const masks = lines(/ pm_\d+: .* new=(\d+) /g).map(([, mask]) => Math.log2(Number(mask)));
    expect(masks.length).toBeGreaterThan(10);
    expect(mhi.flatMap((event) => (event.kind === "pm" ? [event.pmState] : []))).toEqual(masks);
  });

  it("elements of both kinds of event ring, and queued buffers, dword by dword", () => {
    const told = (name: string): string[] =>
      lines(new RegExp(` ${name}_\\d+: .* ptr=(0x[0-9a-f]+) dword0=(\\d+) dword1=(\\d+)`, "g")).map(
        ([, ptr, dword0, dword1]) => `${ptr} ${dword0} ${dword1}`,
      );
    const seen = (wanted: (event: MhiEvent) => boolean): string[] =>
      mhi.flatMap((event) =>
        (event.kind === "ring" || event.kind === "tre") && wanted(event)
          ? [`${event.ptr} ${event.dword0} ${event.dword1}`]
          : [],
      );
    expect(seen((event) => event.kind === "ring" && event.ring === "ctrl")).toEqual(told("ctrl"));
    expect(seen((event) => event.kind === "ring" && event.ring === "data")).toEqual(told("data"));
    expect(seen((event) => event.kind === "tre")).toEqual(told("tre"));
    expect(told("tre").length).toBeGreaterThan(20);
  });

  it("worker items and BHI interrupts come from the driver's messages, and say so", () => {
    const words = lines(/console: mhi mhi0: Handling state transition: (.+)$/gm).length;
    const workers = mhi.filter((event) => event.kind === "worker");
    expect(words).toBeGreaterThan(3);
    expect(workers).toHaveLength(words);
    expect(new Set(workers.map(({ source }) => source))).toEqual(new Set(["dynamic-debug"]));
    expect(mhi.filter((event) => event.kind === "intvec")).toHaveLength(lines(/console: .* local ee: /g).length);
  });

  it("a control event comes before what it brings about", () => {
    const m0 = mhi.findIndex((event) => event.kind === "ring" && event.type === 0x20 && event.code === 2);
    const pm = mhi.findIndex((event) => event.kind === "pm" && event.pmState === 2);
    expect(m0).toBeGreaterThanOrEqual(0);
    expect(pm).toBeGreaterThan(m0);
    const mission = mhi.findIndex((event) => event.kind === "worker" && event.item === 3);
    const ee = mhi.findIndex((event) => event.kind === "ring" && event.type === 0x40);
    expect(mission).toBeGreaterThan(ee);
  });

  it("states that the driver sets without asking are kept as records, not told as transitions", () => {
    const direct = made.filter((event) => event.kind === "other" && event.name.startsWith("direct_"));
    expect(direct.length).toBeGreaterThan(1);
  });

  it("times never step back, nothing is lost, nothing unpaired", () => {
    expect(made.every((event, index) => event.tNs >= (made[index - 1]?.tNs ?? 0))).toBe(true);
    expect(gaps).toEqual([]);
    expect(unpaired).toBe(0);
  });
});

describe("6.1: messages alone", () => {
  const { made } = assemble(messages, "all");

  it("become the events that they state, marked as such", () => {
    const mhi = made.filter(isMhiEvent);
    expect(new Set(mhi.map(({ source }) => source))).toEqual(new Set(["dynamic-debug"]));
    expect(new Set(mhi.map(({ kind }) => kind))).toEqual(new Set(["pm", "worker", "intvec", "ring", "chan"]));
    const start = mhi.filter((event) => event.kind === "chan" && event.phase === "start");
    const end = mhi.filter((event) => event.kind === "chan" && event.phase === "end");
    expect(start.length).toBeGreaterThan(3);
    expect(end).toHaveLength(start.length);
  });

  it("what states nothing is kept as text", () => {
    const kept = made.filter((event) => event.kind === "other" && event.system === "printk");
    expect(
      kept.some((event) => /Power on setup success/.test(String(event.kind === "other" && event.fields.msg))),
    ).toBe(true);
  });
});
