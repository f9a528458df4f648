import { describe, expect, test } from "vitest";
import type { SegmentRecord, TestRecord } from "../../harness/record/schema.ts";
import { axisOf } from "../../reports/html/axis.ts";
import { fixtureRun, testOf } from "./support/fixture.ts";

const S = 1e9;

const segment = (eventsS: readonly number[], clock: SegmentRecord["clock"]): SegmentRecord => ({
  bootId: "b",
  kernel: "k",
  clock,
  events: eventsS.map((s) => ({ kind: "marker", tNs: s * S, cpu: 0 })),
  gaps: [],
  dmesg: [],
});
const sample = (hostS: number, controllerS: number, uncertaintyNs = 1000) => ({
  hostNs: hostS * S,
  controllerNs: controllerS * S,
  uncertaintyNs,
});
const testWith = (...segments: SegmentRecord[]): TestRecord => ({
  ...testOf(fixtureRun(), "infra"),
  startControllerNs: 100 * S,
  segments,
});

describe("one axis for all clocks", () => {
  test("between two samples the drift is shared out, with the wider uncertainty", () => {
    const axis = axisOf(testWith(segment([10, 20], [sample(10, 110, 500), sample(20, 120.002, 900)])));
    expect(axis.fromController(115.001 * S)).toEqual({ axisNs: 15 * S, uncertaintyNs: 900 });
    expect(axis.note).toBe("");
  });

  test("outside the samples the nearest one holds", () => {
    const axis = axisOf(testWith(segment([10], [sample(10, 110)])));
    expect(axis.fromController(105 * S).axisNs).toBe(5 * S);
    expect(axis.fromController(205 * S).axisNs).toBe(105 * S);
  });

  test("a second boot begins its own clock and stands where the controller saw it", () => {
    const axis = axisOf(testWith(segment([10], [sample(10, 110)]), segment([3], [sample(3, 130)])));
    expect(axis.shiftNs).toEqual([0, -27 * S]); // 3 s of the second boot are 30 s on the axis
    expect(axis.fromController(130 * S).axisNs).toBe(30 * S);
    expect(axis.note).toBe("");
  });

  test("boots that cannot be related are drawn one after the other, and that is told", () => {
    const axis = axisOf(testWith(segment([10, 20], []), segment([3], [])));
    expect(axis.shiftNs).toEqual([0, -18 * S]); // 3 s -> 21 s, one second after the first boot's last event
    expect(axis.note).toMatch(/no clock sample/);
  });

  test("without any trace the axis begins at the test's start, and that is told", () => {
    const axis = axisOf(testWith());
    expect(axis.fromController(101.5 * S)).toEqual({ axisNs: 1.5 * S, uncertaintyNs: 0 });
    expect(axis.note).toMatch(/no trace in this test/);
  });
});
