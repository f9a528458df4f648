/** What of the axis is seen, and where the cursor stands. */
export const GUTTER = 172;
const RIGHT_MARGIN = 12;
const CLOSEST_NS = 2_000; // two microseconds across: below that the trace clock has nothing to tell

export class View {
  from: number;
  to: number;
  width = 1000;
  /** Pinned by a click or a link. */
  cursor: number | undefined;
  /** Where differences are counted from. */
  mark: number | undefined;
  hover: number | undefined;
  readonly #whole: { readonly from: number; readonly to: number };

  constructor(from: number, to: number) {
    const margin = (to - from) * 0.015;
    this.#whole = { from: from - margin, to: to + margin };
    this.from = this.#whole.from;
    this.to = this.#whole.to;
  }

  get whole(): { readonly from: number; readonly to: number } {
    return this.#whole;
  }

  get span(): number {
    return this.to - this.from;
  }

  get isWhole(): boolean {
    return this.span >= (this.#whole.to - this.#whole.from) * 0.9999;
  }

  get plot(): number {
    return Math.max(this.width - GUTTER - RIGHT_MARGIN, 10);
  }

  x(axisNs: number): number {
    return GUTTER + ((axisNs - this.from) / this.span) * this.plot;
  }

  time(x: number): number {
    return this.from + ((x - GUTTER) / this.plot) * this.span;
  }

  show(from: number, to: number): void {
    const most = this.#whole.to - this.#whole.from;
    const span = Math.min(Math.max(to - from, CLOSEST_NS), most);
    const middle = (from + to) / 2;
    this.from = Math.min(Math.max(middle - span / 2, this.#whole.from), this.#whole.to - span);
    this.to = this.from + span;
  }

  fit(): void {
    this.show(this.#whole.from, this.#whole.to);
  }

  /** `factor` below 1 goes closer; `around` keeps its place on the screen. */
  zoom(factor: number, around: number): void {
    const part = (around - this.from) / this.span;
    const span = Math.min(Math.max(this.span * factor, CLOSEST_NS), this.#whole.to - this.#whole.from);
    this.show(around - part * span, around + (1 - part) * span);
  }

  pan(part: number): void {
    const step = this.span * part;
    this.show(this.from + step, this.to + step);
  }

  /** Brings a time into sight; leaves the view alone when it is there. */
  reveal(axisNs: number): void {
    if (axisNs < this.from || axisNs > this.to) this.show(axisNs - this.span / 2, axisNs + this.span / 2);
  }
}

export const seconds = (ns: number, digits = 6): string => (ns / 1e9).toFixed(digits);

/** `+8.007 s`, `-412 us`. */
export function difference(ns: number): string {
  const sign = ns < 0 ? "-" : "+";
  const size = Math.abs(ns);
  if (size < 1e6) return `${sign}${(size / 1e3).toFixed(size < 1e4 ? 1 : 0)} us`;
  if (size < 1e9) return `${sign}${(size / 1e6).toFixed(size < 1e8 ? 2 : 1)} ms`;
  return `${sign}${(size / 1e9).toFixed(3)} s`;
}
