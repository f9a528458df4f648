/**
 * What the rig did. The markers that the controller wrote into the trace stand on the host's own clock and are taken
 * first; an action that left none (the host was down or not reachable) is shown from the controller's record.
 */
import { Kind, type TestData } from "../data.ts";
import { textArgument } from "../describe.ts";
import type { Lane, Slice, Tick } from "./track.ts";

/** `hil begin suspend S3`, `hil end suspend refused`: written by harness/trace/action-marker.ts. */
const MARKER = /^hil (begin|end|note) (\S+)(?: (.*))?$/;

interface Markers {
  readonly slices: Slice[];
  readonly notes: Tick[];
}

export function rigLanes(data: TestData, endNs: number): Lane[] {
  const { slices, notes } = readMarkers(data, endNs);
  const unmarked = data.actions
    .map(([from, to, , name, , error]): Slice => ({ from, to, label: name, tone: error === "" ? "plain" : "error" }))
    .filter((action) => !slices.some((slice) => sameAction(slice, action)));
  const rows = pack([...slices, ...unmarked].sort((a, b) => a.from - b.from));
  const hint = slices.length === 0 ? "controller's clock" : "host's clock";
  const lanes = rows.map(
    (row, index): Lane => lane(index === 0 ? "rig actions" : "", index === 0 ? hint : "", 26, row, []),
  );
  return notes.length === 0 ? lanes : [...lanes, lane("rig notes", "host's clock", 22, [], notes)];
}

const lane = (title: string, hint: string, height: number, slices: readonly Slice[], ticks: readonly Tick[]): Lane => ({
  title,
  hint,
  slices,
  ticks,
  height,
  inReadout: title === "rig actions",
});

const firstWord = (label: string): string => label.split(/[\s:]/, 1)[0] ?? "";
const sameAction = (a: Slice, b: Slice): boolean =>
  firstWord(a.label) === firstWord(b.label) && a.from < b.to && b.from < a.to;

function readMarkers(data: TestData, endNs: number): Markers {
  const slices: Slice[] = [];
  const notes: Tick[] = [];
  const begun: { readonly name: string; readonly label: string; readonly from: number }[] = [];
  for (const { axisNs, text } of markerTexts(data)) {
    const [, phase, name = "", detail = ""] = MARKER.exec(text) ?? [];
    if (phase === "begin") begun.push({ name, label: `${name} ${detail}`.trim(), from: axisNs });
    else if (phase === "end") {
      const at = begun.findLastIndex((one) => one.name === name);
      const [begin] = at < 0 ? [] : begun.splice(at, 1);
      const label = detail === "" ? (begin?.label ?? name) : `${begin?.label ?? name}: ${detail}`;
      slices.push({ from: begin?.from ?? axisNs, to: axisNs, label, tone: detail === "" ? "plain" : "error" });
    } else notes.push({ axisNs, tone: "plain", half: "full", label: phase === "note" ? `${name} ${detail}` : text });
  }
  for (const { label, from } of begun) slices.push({ from, to: endNs, label: `${label}: no end seen`, tone: "moving" });
  return { slices, notes };
}

function* markerTexts(data: TestData): Generator<{ readonly axisNs: number; readonly text: string }> {
  for (const segment of data.segments) {
    let axisNs = segment.baseNs;
    for (const row of segment.rows) {
      axisNs += Number(row[0]);
      if (row[1] === Kind.MARKER) yield { axisNs, text: textArgument(row, 0).trim() };
    }
  }
}

/** Actions within actions go to rows of their own: within a row nothing overlaps. */
function pack(sorted: readonly Slice[]): Slice[][] {
  const rows: Slice[][] = [];
  for (const slice of sorted) {
    const row = rows.find((one) => (one.at(-1)?.to ?? 0) <= slice.from);
    if (row) row.push(slice);
    else rows.push([slice]);
  }
  return rows;
}
