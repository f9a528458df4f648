/** Slices and ticks of the lanes. Only what is in view is touched, and what falls on one pixel is drawn once. */
import { FONT, SMALL, TOP } from "./layout.ts";
import type { Model } from "./model.ts";
import { hatch, type Palette } from "./palette.ts";
import { firstEndingAfter, firstTickFrom, type Lane } from "./track.ts";
import { GUTTER, type View } from "./view.ts";

const PAD = 3;
const MIN_LABEL = 18;

export function drawLanes(pen: CanvasRenderingContext2D, model: Model, view: View, colors: Palette): void {
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

export function drawLabel(
  pen: CanvasRenderingContext2D,
  label: string,
  x: number,
  y: number,
  end: number,
  ink: string,
): void {
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
