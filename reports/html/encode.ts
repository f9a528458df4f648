/** Run record -> the small arrays of data.ts. Nothing is trusted: a field that is not there becomes -1 or "". */
import type { SegmentRecord, TestRecord } from "../../harness/record/schema.ts";
import { visible } from "../escape.ts";
import { type Axis, axisOf } from "./axis.ts";
import { type FindingData, Kind, type Row, type SegmentData, type TestData } from "./data.ts";

type Event = SegmentRecord["events"][number];

const number = (event: Event, key: string): number => {
  const value = event[key];
  return typeof value === "number" && Number.isFinite(value) ? value : -1;
};
const text = (event: Event, key: string): string => {
  const value = event[key];
  return typeof value === "string" ? visible(value) : "";
};

export function encodeTest(test: TestRecord): TestData {
  const axis = axisOf(test);
  const place = (controllerNs: number): readonly [number, number] => {
    const { axisNs, uncertaintyNs } = axis.fromController(controllerNs);
    return [axisNs, Math.round(uncertaintyNs)];
  };
  return {
    id: test.id,
    attempt: test.attempt,
    segments: test.segments.map((segment, index) => encodeSegment(segment, axis.shiftNs[index] ?? 0)),
    actions: test.actions.map((action) => {
      const [from, width] = place(action.controllerNs);
      const [to] = place(action.endControllerNs);
      return [from, to, width, visible(action.name), visible(action.detail ?? ""), visible(action.error ?? "")];
    }),
    console: test.console.map((line) => [...place(line.controllerNs), visible(line.text)]),
    device: test.device.map((line) => [...place(line.controllerNs), visible(line.kind), visible(line.text)]),
    findings: test.findings.map((finding) => encodeFinding(finding, axis)),
    clockNote: axis.note,
  };
}

function encodeFinding(finding: TestRecord["findings"][number], axis: Axis): FindingData {
  const shift = axis.shiftNs[finding.segment] ?? 0;
  return {
    title: visible(finding.title),
    outcome: finding.outcome,
    segment: finding.segment,
    fromNs: (finding.fromNs ?? finding.atNs) - shift,
    atNs: finding.atNs - shift,
    because: finding.because,
  };
}

function encodeSegment(segment: SegmentRecord, shiftNs: number): SegmentData {
  const controllers: string[] = [];
  const baseNs = (segment.events[0]?.tNs ?? 0) - shiftNs;
  let beforeNs = baseNs;
  const rows = segment.events.map((event): Row => {
    const axisNs = event.tNs - shiftNs;
    const delta = axisNs - beforeNs;
    beforeNs = axisNs;
    return [delta, ...encodeEvent(event, controllers)];
  });
  return {
    kernel: visible(segment.kernel),
    bootId: visible(segment.bootId),
    shiftNs,
    baseNs,
    controllers,
    rows,
    gaps: segment.gaps.map((gap) => [
      gap.fromNs - shiftNs,
      gap.toNs - shiftNs,
      gap.reason,
      gap.lost ?? -1,
      visible(gap.detail ?? (gap.cpu === undefined ? "" : `cpu ${gap.cpu}`)),
    ]),
    dmesg: segment.dmesg.map((line) => [line.tNs - shiftNs, line.level, visible(line.text)]),
  };
}

function encodeEvent(event: Event, controllers: string[]): (number | string)[] {
  const head = (kind: number): number[] => [kind, event.cpu, number(event, "pid"), indexOf(controllers, event)];
  const numbers = (...keys: string[]): number[] => keys.map((key) => number(event, key));
  switch (event.kind) {
    case "pm":
      return [...head(Kind.PM), number(event, "pmState")];
    case "worker":
      return [...head(Kind.WORKER), number(event, "item")];
    case "intvec":
      return [...head(Kind.INTVEC), ...numbers("localEe", "localState", "deviceEe", "deviceState")];
    case "ring": {
      const which = event.ring === "data" ? 1 : 0;
      const words = numbers("dword0", "dword1");
      return [...head(Kind.RING), which, ...numbers("type", "code", "channel", "length"), text(event, "ptr"), ...words];
    }
    case "tre":
      return [...head(Kind.TRE), ...numbers("channel", "length"), text(event, "ptr"), ...numbers("dword0", "dword1")];
    case "chan":
      return [...head(Kind.CHAN), event.phase === "end" ? 1 : 0, ...numbers("channel", "command")];
    case "marker":
      return [...head(Kind.MARKER), text(event, "text")];
    case "other":
      return [...head(Kind.OTHER), text(event, "name"), fieldsText(event.fields)];
  }
}

function indexOf(controllers: string[], event: Event): number {
  const name = text(event, "controller");
  if (name === "") return -1;
  const found = controllers.indexOf(name);
  return found >= 0 ? found : controllers.push(name) - 1;
}

const fieldsText = (fields: unknown): string =>
  typeof fields === "object" && fields !== null
    ? visible(
        Object.entries(fields)
          .map(([key, value]) => `${key}=${String(value)}`)
          .join(" "),
      )
    : "";
