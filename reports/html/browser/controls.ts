/** Mouse and keyboard on the axis. */
import { OVERVIEW } from "./layout.ts";
import { GUTTER, type View } from "./view.ts";

const CLICK_PX = 4;
const WHEEL_PER_PIXEL = 1.0016;
const KEY_PAN = 0.15;
const KEY_ZOOM = 0.6;

export interface ControlEvents {
  redraw(): void;
  pin(axisNs: number): void;
  step(direction: 1 | -1): void;
  toFailure(): void;
  /** Sets the mark at the cursor, or takes it away. */
  toggleMark(): void;
}

export function control(canvas: HTMLCanvasElement, view: View, events: ControlEvents): void {
  wheel(canvas, view, events);
  drag(canvas, view, events);
  canvas.addEventListener("dblclick", () => {
    view.fit();
    events.redraw();
  });
  canvas.addEventListener("keydown", (event) => {
    const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys(view, events)[event.key];
    if (!action) return;
    event.preventDefault();
    action();
    events.redraw();
  });
}

const keys = (view: View, events: ControlEvents): Readonly<Record<string, (() => void) | undefined>> => {
  const middle = (): number =>
    view.cursor !== undefined && view.cursor >= view.from && view.cursor <= view.to
      ? view.cursor
      : (view.from + view.to) / 2;
  const closer = (): void => view.zoom(KEY_ZOOM, middle());
  const wider = (): void => view.zoom(1 / KEY_ZOOM, middle());
  return {
    ArrowLeft: () => view.pan(-KEY_PAN),
    ArrowRight: () => view.pan(KEY_PAN),
    ArrowUp: closer,
    "+": closer,
    "=": closer,
    ArrowDown: wider,
    "-": wider,
    Home: () => view.fit(),
    "0": () => view.fit(),
    n: () => events.step(1),
    p: () => events.step(-1),
    f: () => events.toFailure(),
    m: () => events.toggleMark(),
  };
};

function wheel(canvas: HTMLCanvasElement, view: View, events: ControlEvents): void {
  canvas.addEventListener(
    "wheel",
    (event) => {
      const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      // All is in sight and the wheel asks for more: that is a reader who scrolls the page.
      if (view.isWhole && event.deltaY > 0) return;
      event.preventDefault();
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        view.pan(((event.deltaX || event.deltaY) * pixels) / view.plot);
      } else {
        view.zoom(WHEEL_PER_PIXEL ** (event.deltaY * pixels), view.time(Math.max(event.offsetX, GUTTER)));
      }
      events.redraw();
    },
    { passive: false },
  );
}

function drag(canvas: HTMLCanvasElement, view: View, events: ControlEvents): void {
  let start: { x: number; from: number; to: number; measure: boolean; overview: boolean } | undefined;
  let moved = false;
  const overviewTime = (x: number): number =>
    view.whole.from + ((x - GUTTER) / view.plot) * (view.whole.to - view.whole.from);
  const centre = (x: number): void => view.show(overviewTime(x) - view.span / 2, overviewTime(x) + view.span / 2);

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.offsetX < GUTTER) return;
    canvas.setPointerCapture(event.pointerId);
    start = {
      x: event.offsetX,
      from: view.from,
      to: view.to,
      measure: event.shiftKey,
      overview: event.offsetY < OVERVIEW,
    };
    moved = false;
    if (start.measure) view.mark = view.time(event.offsetX);
    if (start.overview) centre(event.offsetX);
    events.redraw();
  });
  canvas.addEventListener("pointermove", (event) => {
    view.hover = event.offsetX >= GUTTER ? view.time(event.offsetX) : undefined;
    if (start && Math.abs(event.offsetX - start.x) > CLICK_PX) moved = true;
    if (start?.overview) centre(event.offsetX);
    else if (start && moved && !start.measure) {
      canvas.classList.add("dragging");
      const shift = ((start.x - event.offsetX) / view.plot) * (start.to - start.from);
      view.show(start.from + shift, start.to + shift);
    }
    events.redraw();
  });
  canvas.addEventListener("pointerup", (event) => {
    if (start && !start.overview && (!moved || start.measure)) events.pin(view.time(event.offsetX));
    start = undefined;
    canvas.classList.remove("dragging");
    events.redraw();
  });
  canvas.addEventListener("pointercancel", () => {
    start = undefined;
    canvas.classList.remove("dragging");
  });
  canvas.addEventListener("pointerleave", () => {
    view.hover = undefined;
    events.redraw();
  });
}
