/** The canvas: overview, ruler, lanes, gaps, the failing place, cursor. Only what is in view is touched. */
import type { Model } from "./model.ts";
import { hatch, type Palette } from "./palette.ts";
import { firstEndingAfter, firstTickFrom, type Lane } from "./track.ts";
import { difference, GUTTER, type View } from "./view.ts";

export const OVERVIEW = 20;
const RULER = 24;
const FINDINGS = 22;
export const TOP = OVERVIEW + RULER + FINDINGS;
const PAD = 3;
const MIN_LABEL = 18;
const FONT = '12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif';
const SMALL = '10.5px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif';

export const heightOf = (model: Model): number => TOP + model.lanes.reduce((sum, lane) => sum + lane.height, 0) + 6;

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

function drawLanes(pen: CanvasRenderingContext2D, model: Model, view: View, colors: Palette): void {
  let top = TOP;
  for (const [index, lane] of model.lanes.entries()) {
    if (index % 2 === 0) {
      pen.globalAlpha = 0.55;
      pen.fillStyle = colors.lane;
      pen.fillRect(GUTTER, top, view.width, lane.height);
      pen.globalAlpha = 1;
    }
    drawSlices(pen, lane, top, view, colors);
    drawTicks(pen, lane, top, view, colors);
    top += lane.height;
  }
}

function drawSlices(pen: CanvasRenderingContext2D, lane: Lane, top: number, view: View, colors: Palette): void {
  const y = top + PAD;
  const height = lane.height - 2 * PAD;
  pen.font = FONT;
  pen.textAlign = "left";
  let busyUntil = -1;
  for (let at = firstEndingAfter(lane.slices, view.from); at < lane.slices.length; at++) {
    const slice = lane.slices[at];
    if (!slice || slice.from > view.to) break;
    const left = Math.max(view.x(slice.from), GUTTER - 2);
    const right = Math.min(view.x(slice.to), view.width + 2);
    // Thousands of slices within one pixel are one mark: an error must still show, so it is never skipped.
    if (right < busyUntil && slice.tone !== "error") continue;
    const width = Math.max(right - left, 1);
    busyUntil = left + 1;
    pen.fillStyle = colors.fills[slice.tone];
    pen.fillRect(left, y, width, height);
    if (slice.tone === "moving" || slice.tone === "error") {
      pen.fillStyle = hatch(
        pen,
        slice.tone === "error" ? "rgba(0,0,0,.28)" : "rgba(90,60,0,.25)",
        slice.tone === "error",
      );
      pen.fillRect(left, y, width, height);
    }
    if (width > 3) {
      pen.fillStyle = colors.paper;
      pen.fillRect(left + width - 1, y, 1, height);
    }
    drawLabel(pen, slice.label, Math.max(left, GUTTER) + 5, y + height / 2 + 0.5, right - 4, colors.inks[slice.tone]);
  }
}

function drawLabel(pen: CanvasRenderingContext2D, label: string, x: number, y: number, end: number, ink: string): void {
  const room = end - x;
  if (room < MIN_LABEL) return;
  pen.fillStyle = ink;
  let text = label;
  if (pen.measureText(text).width > room) {
    const keep = Math.floor((room / pen.measureText(text).width) * text.length) - 1;
    if (keep < 2) return;
    text = `${text.slice(0, keep)}…`;
  }
  pen.fillText(text, x, y);
}

function drawTicks(pen: CanvasRenderingContext2D, lane: Lane, top: number, view: View, colors: Palette): void {
  const middle = lane.height / 2;
  const drawn = { up: -2, down: -2, full: -2 };
  pen.font = SMALL;
  pen.textAlign = "left";
  for (let at = firstTickFrom(lane.ticks, view.from); at < lane.ticks.length; at++) {
    const tick = lane.ticks[at];
    if (!tick || tick.axisNs > view.to) break;
    const x = Math.round(view.x(tick.axisNs));
    if (x === drawn[tick.half] && tick.tone !== "error") continue;
    drawn[tick.half] = x;
    if (tick.uncertaintyNs) drawUncertainty(pen, x, (tick.uncertaintyNs / view.span) * view.plot, top + middle, colors);
    pen.fillStyle = lane.slices.length > 0 && tick.tone === "plain" ? colors.ink : colors.fills[tick.tone];
    if (tick.half === "up") pen.fillRect(x - 0.5, top + 1, 1.5, middle - 2);
    else if (tick.half === "down") pen.fillRect(x - 0.5, top + middle + 1, 1.5, middle - 2);
    else pen.fillRect(x - 0.75, top + PAD, 1.5, lane.height - 2 * PAD);
    if (tick.tone === "error") drawCross(pen, x, top + middle, colors.fail);
    if (tick.label !== undefined) {
      const next = lane.ticks[at + 1];
      const end = next ? view.x(next.axisNs) - 3 : view.width;
      drawLabel(pen, tick.label, x + 4, top + middle + 0.5, end, colors.ink);
    }
  }
}

function drawUncertainty(pen: CanvasRenderingContext2D, x: number, half: number, y: number, colors: Palette): void {
  if (half < 2) return;
  pen.fillStyle = colors.dim;
  pen.fillRect(x - half, y - 0.5, 2 * half, 1);
  pen.fillRect(x - half, y - 3, 1, 6);
  pen.fillRect(x + half - 1, y - 3, 1, 6);
}

function drawCross(pen: CanvasRenderingContext2D, x: number, y: number, color: string): void {
  pen.strokeStyle = color;
  pen.lineWidth = 1.6;
  pen.beginPath();
  pen.moveTo(x - 3, y - 3);
  pen.lineTo(x + 3, y + 3);
  pen.moveTo(x + 3, y - 3);
  pen.lineTo(x - 3, y + 3);
  pen.stroke();
}

function drawGaps(pen: CanvasRenderingContext2D, model: Model, view: View, colors: Palette, height: number): void {
  for (const gap of model.gaps) {
    const left = view.x(gap.from);
    const width = Math.max(view.x(gap.to) - left, 3);
    if (left > view.width || left + width < GUTTER) continue;
    pen.fillStyle = hatch(pen, colors.gap, true);
    pen.fillRect(left, TOP, width, height - TOP);
    const label = `evidence missing: ${gap.reason}`;
    pen.font = SMALL;
    pen.textAlign = "left";
    const shown = Math.max(left, GUTTER) + 4;
    const room = Math.min(left + width, view.width) - shown;
    if (room < 60) continue;
    pen.fillStyle = colors.paper;
    pen.fillRect(shown - 2, height - 19, Math.min(pen.measureText(label).width + 4, room), 15);
    drawLabel(pen, label, shown, height - 11, left + width, colors.ink);
  }
}

/** Behind the lanes, so that the states keep their colours; the edges of a band stand before them. */
function drawBands(pen: CanvasRenderingContext2D, model: Model, view: View, colors: Palette, height: number): void {
  for (const finding of model.data.findings) {
    const failed = finding.outcome === "fail";
    const left = view.x(finding.fromNs);
    const width = Math.max(view.x(finding.atNs) - left, 2);
    pen.fillStyle = failed ? colors.failWash : colors.inconWash;
    pen.fillRect(left, OVERVIEW + RULER, width, height);
    pen.fillStyle = failed ? colors.fail : colors.incon;
    pen.fillRect(left, OVERVIEW + RULER, width, 3);
  }
}

function drawFindings(pen: CanvasRenderingContext2D, model: Model, view: View, colors: Palette, height: number): void {
  for (const finding of model.data.findings) {
    const failed = finding.outcome === "fail";
    const color = failed ? colors.fail : colors.incon;
    const at = view.x(finding.atNs);
    pen.fillStyle = color;
    pen.fillRect(at - 1, OVERVIEW + RULER, 2, height);
    pen.beginPath();
    pen.moveTo(at - 7, OVERVIEW + RULER);
    pen.lineTo(at + 7, OVERVIEW + RULER);
    pen.lineTo(at, OVERVIEW + RULER + 12);
    pen.fill();
    pen.font = `600 ${FONT}`;
    const words = `${failed ? "✕" : "?"} ${finding.title}`;
    const wide = pen.measureText(words).width;
    // On the side that has room, so that the words never leave the picture.
    pen.textAlign = at + wide + 14 > view.width ? "right" : "left";
    pen.fillText(words, at + (pen.textAlign === "left" ? 11 : -11), OVERVIEW + RULER + 10);
  }
  pen.fillStyle = colors.fail;
  for (const axisNs of model.because) {
    const x = view.x(axisNs);
    if (x < GUTTER || x > view.width) continue;
    pen.beginPath();
    pen.moveTo(x - 4, TOP);
    pen.lineTo(x + 4, TOP);
    pen.lineTo(x, TOP + 5);
    pen.fill();
  }
}

function drawCursors(pen: CanvasRenderingContext2D, view: View, colors: Palette, height: number): void {
  const line = (axisNs: number, color: string, dash: number[]): number => {
    const x = Math.round(view.x(axisNs)) + 0.5;
    pen.strokeStyle = color;
    pen.lineWidth = 1;
    pen.setLineDash(dash);
    pen.beginPath();
    pen.moveTo(x, OVERVIEW);
    pen.lineTo(x, height);
    pen.stroke();
    pen.setLineDash([]);
    return x;
  };
  if (view.hover !== undefined) line(view.hover, colors.dim, [3, 3]);
  const cursor = view.cursor === undefined ? undefined : line(view.cursor, colors.accent, []);
  if (view.mark === undefined) return;
  const mark = line(view.mark, colors.accent, [6, 3]);
  const other = view.hover ?? view.cursor;
  const end = view.hover === undefined ? cursor : view.x(view.hover);
  if (other === undefined || end === undefined) return;
  pen.fillStyle = colors.accent;
  pen.globalAlpha = 0.1;
  pen.fillRect(Math.min(mark, end), OVERVIEW + RULER, Math.abs(end - mark), height);
  pen.globalAlpha = 1;
  pen.font = `600 ${FONT}`;
  pen.textAlign = "center";
  pen.fillText(difference(other - view.mark), (mark + end) / 2, height - 10);
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
