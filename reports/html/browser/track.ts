/** States over time: a slice lasts until the next one begins, or until evidence ends. */
export type Tone = "boot" | "active" | "idle" | "sleep" | "moving" | "error" | "down" | "plain";

export interface Slice {
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly tone: Tone;
}

export interface Tick {
  readonly axisNs: number;
  readonly tone: Tone;
  /** Upper half (queued), lower half (completed) or the whole height. */
  readonly half: "up" | "down" | "full";
  /** Written beside the tick where there is room. */
  readonly label?: string;
  readonly uncertaintyNs?: number;
}

export interface Lane {
  readonly title: string;
  readonly hint: string;
  readonly slices: readonly Slice[];
  readonly ticks: readonly Tick[];
  readonly height: number;
  /** Shown in the line of states under the cursor. */
  readonly inReadout: boolean;
}

/** Slices that follow one another. */
export class Track {
  readonly slices: Slice[] = [];
  #open: { from: number; label: string; tone: Tone } | undefined;

  set(axisNs: number, label: string, tone: Tone): void {
    if (this.#open?.label === label) return;
    this.stop(axisNs);
    this.#open = { from: axisNs, label, tone };
  }

  /** Nothing is known from here on. */
  stop(axisNs: number): void {
    if (this.#open) this.slices.push({ ...this.#open, to: Math.max(axisNs, this.#open.from) });
    this.#open = undefined;
  }
}

/** The slice that holds a time, by bisection: slices are in order and do not overlap. */
export function sliceAt(slices: readonly Slice[], axisNs: number): Slice | undefined {
  const slice = slices[firstEndingAfter(slices, axisNs)];
  return slice && slice.from <= axisNs ? slice : undefined;
}

export function firstEndingAfter(slices: readonly Slice[], axisNs: number): number {
  let low = 0;
  let high = slices.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((slices[middle]?.to ?? 0) <= axisNs) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function firstTickFrom(ticks: readonly Tick[], axisNs: number): number {
  let low = 0;
  let high = ticks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ticks[middle]?.axisNs ?? 0) < axisNs) low = middle + 1;
    else high = middle;
  }
  return low;
}
