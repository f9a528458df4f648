/** The canvas: overview, ruler, titles; the lanes and what marks them are drawn by draw-lanes and draw-marks. */
import { drawLanes } from "./draw-lanes.ts";
import { drawBands, drawBoots, drawCursors, drawFindings, drawGaps } from "./draw-marks.ts";
import { FONT, heightOf, OVERVIEW, RULER, SMALL, TOP } from "./layout.ts";
import type { Model } from "./model.ts";
import { hatch, type Palette } from "./palette.ts";
import { GUTTER, type View } from "./view.ts";

export function draw(pen: CanvasRenderingContext2D, model: Model, view: View, colors: Palette): void {
  const height = heightOf(model);
  pen.fillStyle = colors.paper;
  pen.fillRect(0, 0, view.width, height);
  pen.textBaseline = "middle";
  drawRuler(pen, view, colors, height);
  pen.save();
  pen.beginPath();
  pen.rect(GUTTER, OVERVIEW, view.width - GUTTER, height);
  pen.clip();
  drawBands(pen, model, view, colors, height);
  drawLanes(pen, model, view, colors);
  drawGaps(pen, model, view, colors, height);
  drawBoots(pen, model, view, colors, height);
  drawFindings(pen, model, view, colors, height);
  drawCursors(pen, view, colors, height);
  pen.restore();
  drawTitles(pen, model, view, colors);
  drawOverview(pen, model, view, colors);
}

/** Steps of 1, 2 or 5 times a power of ten, with as many digits as the step needs. */
function drawRuler(pen: CanvasRenderingContext2D, view: View, colors: Palette, height: number): void {
  const raw = view.span / Math.max(view.plot / 110, 1);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((factor) => power * factor >= raw) ?? 10);
  const digits = Math.min(Math.max(9 - Math.floor(Math.log10(step)), 0), 9);
  pen.font = FONT;
  pen.textAlign = "center";
  for (let at = Math.ceil(view.from / step) * step; at <= view.to; at += step) {
    const x = Math.round(view.x(at)) + 0.5;
    pen.fillStyle = colors.dim;
    pen.fillText(`${(at / 1e9).toFixed(digits)}${digits === 0 ? " s" : ""}`, x, OVERVIEW + RULER / 2);
    pen.fillStyle = colors.line;
    pen.fillRect(x - 0.5, OVERVIEW + RULER - 3, 1, height);
  }
}

function drawTitles(pen: CanvasRenderingContext2D, model: Model, view: View, colors: Palette): void {
  pen.fillStyle = colors.paper;
  pen.fillRect(0, OVERVIEW, GUTTER - 1, heightOf(model));
  pen.fillStyle = colors.dim;
  pen.font = SMALL;
  pen.textAlign = "left";
  pen.fillText("seconds, trace clock", 10, OVERVIEW + RULER / 2);
  let top = TOP;
  for (const lane of model.lanes) {
    pen.textAlign = "left";
    pen.font = FONT;
    pen.fillStyle = colors.ink;
    pen.fillText(lane.title, 10, top + lane.height / 2, 100);
    pen.textAlign = "right";
    pen.font = SMALL;
    pen.fillStyle = colors.dim;
    pen.fillText(lane.hint, GUTTER - 8, top + lane.height / 2);
    pen.fillStyle = colors.line;
    pen.fillRect(0, top, view.width, 1);
    top += lane.height;
  }
  pen.fillRect(GUTTER - 1, OVERVIEW, 1, top);
}

/** The whole test in one strip: where things happen, where it failed, and the part that is in view. */
function drawOverview(pen: CanvasRenderingContext2D, model: Model, view: View, colors: Palette): void {
  const { from, to } = view.whole;
  const x = (axisNs: number): number => GUTTER + ((axisNs - from) / (to - from)) * view.plot;
  pen.fillStyle = colors.lane;
  pen.fillRect(0, 0, view.width, OVERVIEW);
  pen.fillStyle = colors.dim;
  pen.font = SMALL;
  pen.textAlign = "left";
  pen.fillText("whole test", 10, OVERVIEW / 2);
  let drawn = -1;
  for (let at = 0; at < model.entries.length; at++) {
    const column = Math.round(x(model.entries.times[at] ?? 0));
    if (column !== drawn) pen.fillRect(column, 7, 1, OVERVIEW - 12);
    drawn = column;
  }
  for (const gap of model.gaps) {
    pen.fillStyle = hatch(pen, colors.gap, true);
    pen.fillRect(x(gap.from), 2, Math.max(x(gap.to) - x(gap.from), 2), OVERVIEW - 4);
  }
  for (const finding of model.data.findings) {
    pen.fillStyle = finding.outcome === "fail" ? colors.fail : colors.incon;
    pen.fillRect(x(finding.fromNs), OVERVIEW - 5, Math.max(x(finding.atNs) - x(finding.fromNs), 3), 5);
  }
  pen.strokeStyle = colors.accent;
  pen.lineWidth = 1.5;
  pen.strokeRect(x(view.from), 1, Math.max(x(view.to) - x(view.from), 3), OVERVIEW - 2);
}
