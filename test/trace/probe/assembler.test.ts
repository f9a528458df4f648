import { describe, expect, it } from "vitest";
import type { OtherEvent, TraceEvent } from "../../../harness/trace/mhi-events.ts";
import { ProbeAssembler } from "../../../harness/trace/probe/assembler.ts";
import { assemble } from "./recorded.ts";

const RING = "0xff11000005e57000";
const BASE = 0xff11_0000_1f6d_7000n;
const hex = (value: bigint): string => `0x${value.toString(16)}`;

const record = (
  tNs: number,
  name: string,
  fields: OtherEvent["fields"],
  where: Partial<OtherEvent> = {},
): OtherEvent => ({
  kind: "other",
  tNs,
  cpu: 0,
  pid: 0,
  system: "mhi_hil",
  name,
  fields,
  ...where,
});
const begin = (tNs: number, ring = RING, where = {}) => record(tNs, "ctrl_begin", { ring }, where);
const end = (tNs: number, ret: number, where = {}) => record(tNs, "ctrl_end", { ret }, where);
const element = (tNs: number, index: number, extra: OtherEvent["fields"] = {}, where = {}) =>
  record(
    tNs,
    "ctrl_0",
    {
      name: "mhi0",
      start: RING,
      within: 0,
      index: 0,
      slot: hex(BASE + BigInt(index) * 16n),
      base: hex(BASE),
      bytes: "0x40",
      ptr: "0x0",
      dword0: 0x0200_0000 + index,
      dword1: 0x20_0000,
      ...extra,
    },
    where,
  );
const pm = (tNs: number, mask: number, states = 13, name = "mhi0") =>
  record(tNs, "pm_3", { name, old: 1, new: mask, states });
const brief = (events: readonly TraceEvent[]): string[] =>
  events.map((event) => `${event.tNs} ${event.kind === "other" ? event.name : event.kind}`);

describe("elements of an event ring", () => {
  it("stand where they were taken up: before what they caused", () => {
    const { made } = assemble(
      [begin(100), pm(150, 4), element(200, 0), pm(250, 8), element(300, 1), end(310, 2)],
      "unprobed",
    );
    expect(brief(made)).toEqual(["100 ring", "150 pm", "200 ring", "250 pm"]);
  });

  it("are held back, with all that is later, until the call returns; nothing earlier is", () => {
    const assembler = new ProbeAssembler({ messages: "unprobed" });
    for (const event of [pm(50, 2), begin(100), pm(150, 4)]) assembler.push(event);
    expect(brief(assembler.take(180))).toEqual(["50 pm"]);
    expect(assembler.settledNs(180)).toBe(100);
    for (const event of [element(200, 0), end(210, 1)]) assembler.push(event);
    expect(assembler.settledNs(220)).toBe(220);
    expect(brief(assembler.take(220))).toEqual(["100 ring", "150 pm"]);
  });

  it("are not held for ever by a call whose return was lost", () => {
    const assembler = new ProbeAssembler({ messages: "unprobed" });
    for (const event of [begin(100), pm(150, 4)]) assembler.push(event);
    expect(assembler.take(900_000_000)).toEqual([]);
    expect(brief(assembler.take(2_000_000_000))).toEqual(["150 pm"]);
  });

  it("of two CPUs at once keep to their own call, whichever returns first", () => {
    const start = "0xff11000005e58000";
    const where = { cpu: 1 };
    const { made, gaps } = assemble(
      [
        begin(100),
        begin(110, start, where),
        element(120, 0),
        end(130, 1),
        element(140, 0, { start, dword0: 7 }, where),
        end(150, 1, where),
      ],
      "unprobed",
    );
    expect(made.map((event) => [event.tNs, event.cpu])).toEqual([
      [100, 0],
      [110, 1],
    ]);
    expect(gaps).toEqual([]);
  });

  it("that the driver counted and no probe saw are a gap over the call", () => {
    const { gaps } = assemble([begin(100), element(200, 0), end(310, 3)], "unprobed");
    expect(gaps).toEqual([expect.objectContaining({ fromNs: 100, toNs: 310, lost: 2, reason: "dropped", cpu: 0 })]);
  });

  it("fewer than counted by an error code are no gap", () => {
    expect(assemble([begin(100), end(310, -5)], "unprobed").gaps).toEqual([]);
  });

  it("whose step writes twice at the ring's end are told once", () => {
    const { made, unpaired } = assemble([begin(100), element(200, 3), element(201, 4), end(310, 1)], "unprobed");
    expect(brief(made)).toEqual(["100 ring", "201 ctrl_0"]);
    expect(unpaired).toBe(0);
  });

  it("of a structure that is none of a controller are kept as records and counted", () => {
    const { made, unpaired } = assemble([begin(100), element(200, 0, { name: "\u0001" }), end(310, 0)], "unprobed");
    expect(brief(made)).toEqual(["200 ctrl_0"]);
    expect(unpaired).toBe(1);
  });

  it("without their call's begin have the time at which they were done", () => {
    expect(brief(assemble([element(200, 0)], "unprobed").made)).toEqual(["200 ring"]);
  });

  it("of a step of both rings are of the kind of their call, and none without it", () => {
    const step = (tNs: number) => ({ ...element(tNs, 0, { start: "0xff11000005e57028", within: 40 }), name: "step_0" });
    const { made, unpaired } = assemble(
      [record(100, "data_begin", { ring: RING }), step(200), record(210, "data_end", { ret: 1 }), step(300)],
      "unprobed",
    );
    expect(made).toEqual([
      expect.objectContaining({ kind: "ring", ring: "data", tNs: 100 }),
      expect.objectContaining({ kind: "other", tNs: 300 }),
    ]);
    expect(unpaired).toBe(1);
  });
});

describe("PM states", () => {
  it.each([
    [1, 13, 0],
    [0x400, 13, 10],
    [0x1000, 13, 12],
    [0x200, 12, 9],
    [0x400, 12, 11],
    [0x800, 12, 12],
  ])("mask 0x%s of %i states is our %i", (mask, states, pmState) => {
    expect(assemble([pm(5, mask, states)], "unprobed").made).toEqual([
      expect.objectContaining({ kind: "pm", pmState }),
    ]);
  });

  it.each([0, 3, 0x2000, 0xffff_ffff])("mask 0x%s is none, and kept as a record", (mask) => {
    const { made, unpaired } = assemble([pm(5, mask)], "unprobed");
    expect(brief(made)).toEqual(["5 pm_3"]);
    expect(unpaired).toBe(1);
  });
});

describe("channel commands", () => {
  const start = (tNs: number, pid: number, state = 2) =>
    record(tNs, "chan_begin", { name: "mhi0", channel: 20, state }, { pid, cpu: 1 });
  const done = (tNs: number, pid: number, ret = 0) => record(tNs, "chan_end", { ret }, { pid, cpu: 0 });

  it("are paired by task, whatever CPU it is on meanwhile", () => {
    const { made } = assemble([start(10, 7), start(20, 8, 0), done(30, 7), done(40, 8)], "unprobed");
    expect(made.map((event) => event.kind === "chan" && `${event.phase} ${event.command}`)).toEqual([
      "start 2",
      "start 0",
      "end 2",
      "end 0",
    ]);
  });

  it("that fail have no end, as the driver's own event", () => {
    const { made, unpaired } = assemble([start(10, 7), done(30, 7, -5)], "unprobed");
    expect(brief(made)).toEqual(["10 chan", "30 chan_end"]);
    expect(unpaired).toBe(0);
  });

  it("whose begin is not there have no end either, and are counted", () => {
    const { made, unpaired } = assemble([done(30, 7)], "unprobed");
    expect(brief(made)).toEqual(["30 chan_end"]);
    expect(unpaired).toBe(1);
  });
});

describe("messages", () => {
  const message = (tNs: number, msg: string) => record(tNs, "console", { msg }, { system: "printk" });
  const elementSaid = message(10, "mhi mhi0: State change event to state: M0");
  const itemSaid = message(20, "mhi mhi0: Handling state transition: READY");

  it("beside probes become only what no probe sees", () => {
    expect(brief(assemble([elementSaid, itemSaid], "unprobed").made)).toEqual(["10 console", "20 worker"]);
  });

  it("alone become all that they state", () => {
    const { made } = assemble([elementSaid, itemSaid], "all");
    expect(brief(made)).toEqual(["10 ring", "20 worker"]);
    expect(made.every((event) => event.kind !== "other" && event.source === "dynamic-debug")).toBe(true);
  });
});
