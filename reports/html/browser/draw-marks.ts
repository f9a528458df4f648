/** What stands over and under all lanes: missing evidence, the failing place, the cursor and the mark. */
import { drawLabel } from "./draw-lanes.ts";
import { FONT, OVERVIEW, RULER, SMALL, TOP } from "./layout.ts";
import type { Model } from "./model.ts";
import { hatch, type Palette } from "./palette.ts";
import { difference, GUTTER, type View } from "./view.ts";

export function drawGaps(
  pen: CanvasRenderingContext2D,
  model: Model,
  view: View,
  colors: Palette,
  height: number,
): void {
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

/** Where a later boot's evidence begins: from here on the host's clock is another one. */
export function drawBoots(
  pen: CanvasRenderingContext2D,
  model: Model,
  view: View,
  colors: Palette,
  height: number,
): void {
  for (const [index, segment] of model.data.segments.entries()) {
    const x = Math.round(view.x(segment.baseNs));
    if (index === 0 || x < GUTTER || x > view.width) continue;
    pen.fillStyle = colors.ink;
    pen.fillRect(x - 1, OVERVIEW + RULER, 1.5, height);
    pen.font = SMALL;
    pen.textAlign = "right";
    pen.fillText(`boot ${index + 1}`, x - 5, TOP - 7);
  }
}

/** Behind the lanes, so that the states keep their colours; the edges of a band stand before them. */
export function drawBands(
  pen: CanvasRenderingContext2D,
  model: Model,
  view: View,
  colors: Palette,
  height: number,
): void {
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

export function drawFindings(
  pen: CanvasRenderingContext2D,
  model: Model,
  view: View,
  colors: Palette,
  height: number,
): void {
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

export function drawCursors(pen: CanvasRenderingContext2D, view: View, colors: Palette, height: number): void {
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
