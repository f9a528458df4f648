/** The lines above the axis: exact time, difference, every state at that time, and the nearest event. */
import { el } from "./dom.ts";
import { SOURCE_NAMES } from "./entries.ts";
import type { Model } from "./model.ts";
import { sliceAt } from "./track.ts";
import { difference, seconds, type View } from "./view.ts";

export function readout(place: HTMLElement, model: Model, view: View): void {
  const at = view.hover ?? view.cursor;
  if (at === undefined) {
    place.replaceChildren(
      el("div", "near", "move over the axis: the exact time and all states at that time stand here"),
    );
    return;
  }
  place.replaceChildren(timeLine(model, view, at), stateLine(model, at), nearLine(model, at));
}

function timeLine(model: Model, view: View, at: number): HTMLElement {
  const line = el("div", "", el("b", "", `${seconds(at)} s`));
  const say = (label: string, text: string): void => {
    line.append(el("span", "is", el("i", "", `${label} `), text));
  };
  if (view.mark !== undefined) say("from mark", difference(at - view.mark));
  if (view.cursor !== undefined && view.cursor !== at) say("from cursor", difference(at - view.cursor));
  const boot = bootAt(model, at);
  if (model.data.segments.length > 1 && boot) say(`boot ${boot.number}:`, `${seconds(at + boot.shiftNs)} s`);
  const gap = model.gaps.find((one) => one.from <= at && at <= one.to);
  if (gap) say("evidence missing:", gap.reason);
  return line;
}

/** The last segment that had begun by then. */
export function bootAt(model: Model, at: number): { readonly number: number; readonly shiftNs: number } | undefined {
  const index = model.data.segments.findLastIndex((segment) => segment.baseNs <= at);
  const segment = model.data.segments[Math.max(index, 0)];
  return segment && { number: Math.max(index, 0) + 1, shiftNs: segment.shiftNs };
}

function stateLine(model: Model, at: number): HTMLElement {
  const line = el("div");
  for (const lane of model.lanes.filter((one) => one.inReadout)) {
    const slice = sliceAt(lane.slices, at);
    const text = slice ? `${slice.label} ${age(at - slice.from)}` : "not known";
    if (lane.title === "rig actions" && !slice) continue;
    line.append(el("span", "is", el("i", "", `${lane.title} `), text));
  }
  return line;
}

const age = (ns: number): string => (ns < 1 ? "(begins)" : `for ${difference(ns).slice(1)}`);

function nearLine(model: Model, at: number): HTMLElement {
  const entry = model.entries.at(model.entries.nearest(at));
  if (!entry) return el("div", "near", "no events");
  const words = `${SOURCE_NAMES[entry.source] ?? ""}  ${entry.label}  ${entry.text}`;
  return el("div", "near", `nearest ${difference(entry.axisNs - at)}:  ${words}`);
}
