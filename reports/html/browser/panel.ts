/** One opened test: readout, axis, legend and table, kept in step. */
import type { Names, TestData } from "../data.ts";
import { control } from "./controls.ts";
import { button, el, everyFrame } from "./dom.ts";
import { draw } from "./draw.ts";
import { heightOf } from "./layout.ts";
import { buildModel, type Model } from "./model.ts";
import { onPaletteChange, palette } from "./palette.ts";
import { readout } from "./readout.ts";
import { Table } from "./table.ts";
import { View } from "./view.ts";

const FAILURE_CONTEXT = 0.25; // of the failing interval, to either side
const FAILURE_MIN_NS = 20_000_000;

export class Panel {
  readonly model: Model;
  readonly #view: View;
  readonly #canvas = el("canvas");
  readonly #readout = el("div", "readout");
  readonly #table: Table;
  readonly #pinned: (axisNs: number) => void;
  #printing = false;
  readonly #redraw = everyFrame(() => this.#draw());

  /** `pinned` is told of each place that the reader marks, for the link. */
  constructor(place: HTMLElement, data: TestData, names: Names, pinned: (axisNs: number) => void) {
    this.model = buildModel(data, names);
    this.#view = new View(this.model.from, this.model.to);
    this.#pinned = pinned;
    this.#table = new Table(this.model.entries, this.#view, { pick: (axisNs) => this.#pick(axisNs) });
    this.#canvas.tabIndex = 0;
    this.#canvas.setAttribute("role", "img");
    this.#canvas.setAttribute(
      "aria-label",
      "time axis; arrows move and zoom, n and p step through events, f goes to the failure",
    );
    place.replaceChildren(...this.#parts(data));
    control(this.#canvas, this.#view, {
      redraw: () => this.#changed(),
      pin: (axisNs) => this.pin(axisNs),
      step: (direction) => this.#step(direction),
      toFailure: () => this.toFinding(0),
      toggleMark: () => this.#toggleMark(),
    });
    new ResizeObserver(this.#redraw).observe(this.#canvas);
    onPaletteChange(this.#redraw);
    addEventListener("beforeprint", () => this.#print(true));
    addEventListener("afterprint", () => this.#print(false));
    const finding = data.findings[0];
    if (finding) this.#setCursor(finding.atNs);
    this.#draw();
  }

  /** Puts the cursor at a time and brings it into sight, in the axis and in the table. */
  goTo(axisNs: number): void {
    this.#setCursor(axisNs);
    this.#view.reveal(axisNs);
    this.#changed();
  }

  toFinding(index: number): void {
    const finding = this.model.data.findings[index];
    if (!finding) return;
    const width = Math.max(finding.atNs - finding.fromNs, FAILURE_MIN_NS) * FAILURE_CONTEXT;
    this.#view.show(finding.fromNs - width, finding.atNs + width);
    this.pin(finding.atNs);
  }

  pin(axisNs: number): void {
    this.#setCursor(axisNs);
    this.#pinned(axisNs);
    this.#changed();
  }

  #setCursor(axisNs: number): void {
    this.#view.cursor = axisNs;
    this.#table.focus(axisNs);
  }

  #pick(axisNs: number): void {
    this.#view.cursor = axisNs;
    this.#view.reveal(axisNs);
    this.#pinned(axisNs);
    this.#changed();
  }

  #step(direction: 1 | -1): void {
    const { entries } = this.model;
    const from = this.#view.cursor ?? this.#view.from;
    // Several witnesses may share one time stamp: go on to the next one that differs.
    let index = direction > 0 ? entries.lowerBound(from + 1) : entries.lowerBound(from) - 1;
    index = Math.min(Math.max(index, 0), entries.length - 1);
    const axisNs = entries.times[index];
    if (axisNs === undefined) return;
    this.#view.reveal(axisNs);
    this.pin(axisNs);
  }

  #toggleMark(): void {
    this.#view.mark = this.#view.mark === undefined ? (this.#view.hover ?? this.#view.cursor) : undefined;
    this.#table.refilter();
  }

  #changed(): void {
    this.#table.viewChanged();
    this.#redraw();
  }

  #print(printing: boolean): void {
    this.#printing = printing;
    this.#draw();
  }

  #draw(): void {
    const width = this.#canvas.clientWidth;
    const pen = this.#canvas.getContext("2d");
    if (width === 0 || !pen) return;
    const height = heightOf(this.model);
    const scale = devicePixelRatio || 1;
    this.#view.width = width;
    if (this.#canvas.width !== Math.round(width * scale) || this.#canvas.height !== Math.round(height * scale)) {
      this.#canvas.width = Math.round(width * scale);
      this.#canvas.height = Math.round(height * scale);
      this.#canvas.style.height = `${height}px`;
    }
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    draw(pen, this.model, this.#view, palette(this.#printing));
    readout(this.#readout, this.model, this.#view);
    // For whoever drives the page from outside: what is in view, in seconds of the axis.
    this.#canvas.dataset.view = `${this.#view.from / 1e9} ${this.#view.to / 1e9}`;
  }

  #parts(data: TestData): HTMLElement[] {
    const act = (action: () => void) => () => {
      action();
      this.#changed();
    };
    const middle = (): number => this.#view.cursor ?? (this.#view.from + this.#view.to) / 2;
    const bar = el(
      "div",
      "bar",
      button(
        "whole test",
        "show all (0)",
        act(() => this.#view.fit()),
      ),
      button(
        "zoom in",
        "closer (+)",
        act(() => this.#view.zoom(0.5, middle())),
      ),
      button(
        "zoom out",
        "wider (-)",
        act(() => this.#view.zoom(2, middle())),
      ),
    );
    if (data.findings.length > 0) bar.append(button("to the failing place", "f", () => this.toFinding(0)));
    bar.append(keysHint());
    const note = data.clockNote === "" ? [] : [el("p", "quiet", `⚠ ${data.clockNote}`)];
    return [bar, this.#readout, this.#canvas, legend(), ...note, this.#table.element];
  }
}

function keysHint(): HTMLElement {
  const hint = el("span", "keys");
  const said: readonly (readonly [string, string])[] = [
    ["wheel", "zoom"],
    ["drag", "move"],
    ["shift+drag", "measure"],
    ["click", "cursor"],
    ["m", "mark"],
    ["n p", "next, previous"],
  ];
  for (const [key, what] of said) hint.append(el("kbd", "", key), ` ${what}  `);
  return hint;
}

const legend = (): HTMLElement =>
  el(
    "div",
    "legend",
    el("span", "", "▼ red: failing place, and the records that show it"),
    el("span", "", "striped yellow: in transition, command pending"),
    el("span", "", "striped red: error"),
    el("span", "", "grey hatching over all lanes: evidence missing"),
    el("span", "", "channels: upper tick = buffer queued, lower tick = completed"),
    el("span", "", "├┤ how well a time of another clock is known"),
  );
