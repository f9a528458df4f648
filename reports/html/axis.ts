/**
 * One axis for a test: the trace clock of its first segment. Controller-side times (console, device log, rig
 * actions) are mapped through the segments' clock samples, with what is not known of them told.
 */
import type { SegmentRecord, TestRecord } from "../../harness/record/schema.ts";

type Sample = SegmentRecord["clock"][number];

export interface AxisTime {
  readonly axisNs: number;
  /** Half width of what is known; 0 where nothing was sampled (see `note`). */
  readonly uncertaintyNs: number;
}

export interface Axis {
  /** Segment's own clock minus the axis. */
  readonly shiftNs: readonly number[];
  fromController(controllerNs: number): AxisTime;
  readonly note: string;
}

const SEGMENT_SPACING_NS = 1_000_000_000; // where two boots cannot be related, they are drawn one second apart

export function axisOf(test: TestRecord): Axis {
  const shiftNs = shifts(test.segments);
  const sampled = test.segments.flatMap((segment, index) =>
    segment.clock.map((sample) => ({ ...sample, shift: shiftNs[index] ?? 0 })),
  );
  if (sampled.length > 0)
    return { shiftNs, note: spacingNote(test.segments), fromController: (ns) => map(sampled, ns) };
  const origin = firstTime(test.segments[0]) ?? 0;
  const note =
    test.segments.length === 0
      ? "no trace in this test: times count from its start on the controller's clock"
      : "no clock samples: console, device log and rig actions are placed by the test's start and may be off";
  return {
    shiftNs,
    note,
    fromController: (ns) => ({ axisNs: Math.round(origin + ns - test.startControllerNs), uncertaintyNs: 0 }),
  };
}

function map(samples: readonly (Sample & { readonly shift: number })[], controllerNs: number): AxisTime {
  let before: (typeof samples)[number] | undefined;
  let after: (typeof samples)[number] | undefined;
  for (const sample of samples) {
    if (sample.controllerNs <= controllerNs && (!before || sample.controllerNs >= before.controllerNs)) before = sample;
    if (sample.controllerNs > controllerNs && (!after || sample.controllerNs < after.controllerNs)) after = sample;
  }
  const left = before ?? after;
  const right = after ?? before;
  if (!left || !right) return { axisNs: controllerNs, uncertaintyNs: 0 };
  const offset = (sample: typeof left): number => sample.hostNs - sample.shift - sample.controllerNs;
  const width = right.controllerNs - left.controllerNs;
  const part = width > 0 ? (controllerNs - left.controllerNs) / width : 0;
  return {
    axisNs: Math.round(controllerNs + offset(left) + part * (offset(right) - offset(left))),
    uncertaintyNs: Math.max(left.uncertaintyNs, right.uncertaintyNs),
  };
}

/** Each boot's clock against the first one's: by the controller's clock, else by drawing them one after the other. */
function shifts(segments: readonly SegmentRecord[]): number[] {
  const result: number[] = [];
  let endNs = 0;
  const anchor = segments[0]?.clock.at(-1);
  for (const [index, segment] of segments.entries()) {
    const first = firstTime(segment) ?? 0;
    const sample = segment.clock[0];
    if (index === 0) result.push(0);
    else if (sample && anchor) {
      result.push(sample.hostNs - sample.controllerNs - (anchor.hostNs - anchor.controllerNs));
    } else result.push(first - endNs - SEGMENT_SPACING_NS);
    endNs = Math.max(endNs, (lastTime(segment) ?? first) - (result.at(-1) ?? 0));
  }
  return result;
}

function spacingNote(segments: readonly SegmentRecord[]): string {
  const unplaced = segments.slice(1).some((segment) => segment.clock.length === 0);
  return unplaced || (segments.length > 1 && segments[0]?.clock.length === 0)
    ? "one boot has no clock sample: the time between the boots is not known and drawn as one second"
    : "";
}

const firstTime = (segment: SegmentRecord | undefined): number | undefined =>
  minimum(segment?.events[0]?.tNs, segment?.dmesg[0]?.tNs, segment?.gaps[0]?.fromNs);

function lastTime(segment: SegmentRecord): number | undefined {
  const times = [segment.events.at(-1)?.tNs, segment.dmesg.at(-1)?.tNs, segment.gaps.at(-1)?.toNs];
  const known = times.filter((time) => time !== undefined);
  return known.length > 0 ? Math.max(...known) : undefined;
}

function minimum(...values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}
