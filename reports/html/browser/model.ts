/** A test as the page shows it: lanes, gaps, findings and the range of the axis. */
import type { Names, SegmentData, TestData } from "../data.ts";
import { ControllerLanes } from "./driver-lanes.ts";
import { Entries } from "./entries.ts";
import { rigLanes } from "./rig-lanes.ts";
import type { Lane, Tick, Tone } from "./track.ts";

export interface GapBand {
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

export interface Model {
  readonly data: TestData;
  readonly entries: Entries;
  readonly lanes: readonly Lane[];
  readonly gaps: readonly GapBand[];
  readonly from: number;
  readonly to: number;
  /** Axis times of the records behind the findings. */
  readonly because: readonly number[];
}

const MIN_SPAN_NS = 1_000_000;

export function buildModel(data: TestData, names: Names): Model {
  const entries = new Entries(data, names);
  const gaps = data.segments.flatMap((one) => one.gaps.map(([from, to, reason]) => ({ from, to, reason })));
  const edges = [
    entries.times[0] ?? 0,
    entries.times.at(-1) ?? 0,
    ...gaps.map((gap) => gap.to),
    ...data.actions.map((action) => action[1]),
    ...data.findings.flatMap((finding) => [finding.fromNs, finding.atNs]),
  ];
  const first = edges.reduce((a, b) => Math.min(a, b));
  const last = Math.max(
    edges.reduce((a, b) => Math.max(a, b)),
    first + MIN_SPAN_NS,
  );
  return {
    data,
    entries,
    gaps,
    from: first,
    to: last,
    // One nanosecond more, so that a cursor at the very end still stands in the last states.
    lanes: [...rigLanes(data, last), ...driverLanes(data, names, last + 1), ...witnessLanes(data)],
    because: becauseTimes(data),
  };
}

const emptyLane: Lane = { title: "", hint: "", slices: [], ticks: [], height: 20, inReadout: false };

/** Several devices in one host each get their own lanes, told apart by the controller's name. */
function driverLanes(data: TestData, names: Names, endNs: number): Lane[] {
  const controllers = [...new Set(data.segments.flatMap((segment) => segment.controllers))].sort();
  return controllers.flatMap((name) => {
    const lanes = new ControllerLanes(names);
    for (const [index, segment] of data.segments.entries()) {
      const isLast = index === data.segments.length - 1;
      lanes.add(segment, segment.controllers.indexOf(name), isLast ? endNs : segmentEnd(segment));
    }
    return lanes.lanes(controllers.length > 1 ? `${name} ` : "");
  });
}

function segmentEnd(segment: SegmentData): number {
  const rowsEnd = segment.rows.reduce((sum, row) => sum + Number(row[0]), segment.baseNs);
  return Math.max(rowsEnd, segment.dmesg.at(-1)?.[0] ?? rowsEnd);
}

const WARNING = 4; // KERN_WARNING
const levelTone = (level: number): Tone => (level < WARNING ? "error" : level === WARNING ? "moving" : "plain");

function witnessLanes(data: TestData): Lane[] {
  const lane = (title: string, hint: string, ticks: Tick[]): Lane[] =>
    ticks.length === 0 ? [] : [{ ...emptyLane, title, hint, ticks: ticks.sort((a, b) => a.axisNs - b.axisNs) }];
  const device = data.device.map(
    ([axisNs, uncertaintyNs]): Tick => ({ axisNs, tone: "idle", half: "full", uncertaintyNs }),
  );
  const console = data.console.map(
    ([axisNs, uncertaintyNs]): Tick => ({ axisNs, tone: "plain", half: "full", uncertaintyNs }),
  );
  const dmesg = data.segments.flatMap((segment) =>
    segment.dmesg.map(
      ([axisNs, level]): Tick => ({ axisNs, tone: levelTone(level), half: level <= WARNING ? "full" : "down" }),
    ),
  );
  return [
    ...lane("device log", uncertainty(data.device), device),
    ...lane("console", uncertainty(data.console), console),
    ...lane("dmesg", "tall: warning, error", dmesg),
  ];
}

function uncertainty(rows: readonly (readonly [number, number, ...string[]])[]): string {
  const widest = rows.reduce((most, row) => Math.max(most, row[1]), 0);
  return widest > 0 ? `±${(widest / 1e6).toFixed(widest < 1e6 ? 2 : 1)} ms` : "";
}

function becauseTimes(data: TestData): number[] {
  const times: number[] = [];
  for (const [index, segment] of data.segments.entries()) {
    const wanted = new Set(data.findings.filter((one) => one.segment === index).flatMap((one) => one.because));
    if (wanted.size === 0) continue;
    let axisNs = segment.baseNs;
    for (const [at, row] of segment.rows.entries()) {
      axisNs += Number(row[0]);
      if (wanted.has(at)) times.push(axisNs);
    }
  }
  return times;
}
