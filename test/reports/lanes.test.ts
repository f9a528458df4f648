import { describe, expect, test } from "vitest";
import { recordNames } from "../../harness/record/names.ts";
import type { SegmentRecord, TestRecord } from "../../harness/record/schema.ts";
import { ControllerLanes } from "../../reports/html/browser/driver-lanes.ts";
import { buildModel } from "../../reports/html/browser/model.ts";
import { rigLanes } from "../../reports/html/browser/rig-lanes.ts";
import { type Lane, sliceAt } from "../../reports/html/browser/track.ts";
import { encodeTest } from "../../reports/html/encode.ts";
import { fixtureRun, testOf } from "./support/fixture.ts";

const S = 1e9;
type Event = SegmentRecord["events"][number];

const at = (s: number, kind: Event["kind"], more: object): Event => ({
  kind,
  tNs: s * S,
  cpu: 0,
  controller: "mhi0",
  ...more,
});
const pm = (s: number, pmState: number): Event => at(s, "pm", { pmState });
const chan = (s: number, phase: "start" | "end", command: number): Event =>
  at(s, "chan", { phase, channel: 20, command });
const ring = (s: number, type: number, code: number): Event =>
  at(s, "ring", { ring: "ctrl", type, code, channel: 20, length: 4 });
const marker = (s: number, text: string): Event => ({ kind: "marker", tNs: s * S, cpu: 0, text });

function data(events: Event[], gaps: SegmentRecord["gaps"] = [], actions: TestRecord["actions"] = []) {
  const segment = { bootId: "b", kernel: "k", clock: [], dmesg: [], events, gaps };
  return encodeTest({ ...testOf(fixtureRun(), "infra"), startControllerNs: 0, segments: [segment], actions });
}

function lanes(events: Event[], gaps: SegmentRecord["gaps"] = []): Map<string, Lane> {
  const made = new ControllerLanes(recordNames("sdx55"));
  const [segment] = data(events, gaps).segments;
  if (!segment) throw new Error("no segment");
  made.add(segment, 0, 10 * S);
  return new Map(made.lanes("").map((lane) => [lane.title, lane]));
}

const told = (lane: Lane | undefined) => lane?.slices.map((slice) => [slice.label, slice.from / S, slice.to / S]);

describe("lanes of the driver", () => {
  test("a state lasts until the next record, and no longer than its evidence", () => {
    const gap = { fromNs: 2 * S, toNs: 3 * S, reason: "overrun" as const };
    const made = lanes([pm(1, 5), pm(4, 6), pm(5, 2)], [gap]);
    expect(told(made.get("PM state"))).toEqual([
      ["M3", 1, 2],
      ["M3_EXIT", 4, 5],
      ["M0", 5, 10],
    ]);
  });

  test("what the device reported ends when the driver resets it", () => {
    const made = lanes([
      ring(1, 0x20, 2),
      ring(1.1, 0x40, 2),
      pm(2, 8),
      ring(2.1, 0x20, 0xff),
      pm(3, 9),
      pm(4, 1),
      ring(5, 0x20, 2),
    ]);
    expect(told(made.get("MHI state"))).toEqual([
      ["M0", 1, 2.1],
      ["SYS_ERR", 2.1, 4],
      ["M0", 5, 10],
    ]);
    expect(told(made.get("EE"))).toEqual([["AMSS", 1.1, 4]]);
  });

  test("a device that left the bus reads all ones: told as link down, an error", () => {
    const made = lanes([at(1, "intvec", { localEe: 2, localState: 2, deviceEe: 0xffffffff, deviceState: -1 })]);
    expect(told(made.get("MHI state"))).toEqual([["link down", 1, 10]]);
    expect(made.get("EE")?.slices[0]?.tone).toBe("error");
  });

  test("a channel: pending, enabled, pending, closed; buffers up, completions down, bad ones as errors", () => {
    const made = lanes([
      chan(1, "start", 2),
      chan(2, "end", 2),
      at(3, "tre", { channel: 20, length: 4 }),
      ring(4, 0x22, 2),
      ring(5, 0x22, 3),
      chan(6, "start", 0),
      chan(7, "end", 0),
    ]);
    const lane = made.get("ch 20 IPCR");
    expect(told(lane)).toEqual([
      ["START…", 1, 2],
      ["enabled", 2, 6],
      ["RESET…", 6, 7],
    ]);
    expect(lane?.ticks.map((tick) => [tick.axisNs / S, tick.half, tick.tone])).toEqual([
      [3, "up", "plain"],
      [4, "down", "active"],
      [5, "down", "error"],
    ]);
  });

  test("a command that nobody completes stays pending to the end", () => {
    expect(told(lanes([chan(1, "start", 2)]).get("ch 20 IPCR"))).toEqual([["START…", 1, 10]]);
  });
});

describe("the model of a test", () => {
  test("reaches to the deadline that passed in silence, and the last state holds there", () => {
    const base = data([pm(1, 2), pm(2, 5)]);
    const finding = { title: "", outcome: "fail", segment: 0, fromNs: 2 * S, atNs: 62 * S, because: [1] };
    const model = buildModel({ ...base, findings: [finding] }, recordNames("sdx55"));
    expect([model.from, model.to]).toEqual([1 * S, 62 * S]);
    expect(model.because).toEqual([2 * S]);
    const lane = model.lanes.find((one) => one.title === "PM state");
    expect(sliceAt(lane?.slices ?? [], 62 * S)?.label).toBe("M3");
    expect(sliceAt(lane?.slices ?? [], 0.5 * S)).toBeUndefined();
  });
});

describe("lane of the rig", () => {
  test("markers become spans on the host's clock; an action within an action gets a row of its own", () => {
    const events = [
      marker(1, "hil begin suspend S3"),
      marker(2, "hil begin mark x"),
      marker(3, "hil end mark"),
      marker(4, "hil end suspend refused"),
      marker(5, "hil note test boot"),
      marker(6, "by hand"),
      marker(7, "hil begin unbind"),
    ];
    const made = rigLanes(data(events), 10 * S);
    expect(made.map(told)).toEqual([
      [
        ["suspend S3: refused", 1, 4],
        ["unbind: no end seen", 7, 10],
      ],
      [["mark x", 2, 3]],
      [],
    ]);
    expect(made[2]?.ticks.map((tick) => tick.label)).toEqual(["test boot", "by hand"]);
  });

  test("an action without markers is shown from the controller's record, one with them only once", () => {
    const record = (name: string, from: number, to: number) => ({
      name,
      controllerNs: from * S,
      endControllerNs: to * S,
    });
    const events = [marker(0.5, "hil begin bind"), marker(1.5, "hil end bind")];
    // No clock samples: controller times count from the first event, at 0.5 s.
    const made = rigLanes(data(events, [], [record("bind", 0, 1.1), record("power off", 3, 4)]), 10 * S);
    expect(made.map(told)).toEqual([
      [
        ["bind", 0.5, 1.5],
        ["power off", 3.5, 4.5],
      ],
    ]);
  });
});
