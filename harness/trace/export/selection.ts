/**
 * Which rows and gaps of a recording are wanted. Rows come in time order, so an interval is a state: before, inside,
 * past. Markers stay whatever the controller or the channel: they are what the rig did to all of them.
 */
import { elementChannel, elementType } from "../../mhi/ring-element.ts";
import { type EventBatch, Kind } from "../batch.ts";
import type { Gap } from "../mhi-events.ts";
import type { TimeAxis } from "../time-axis.ts";
import type { TimePoint } from "./time-point.ts";
import { isTransfer } from "./transfer.ts";

export interface SelectionOptions {
  /** First instant, inclusive; a marker's own row is inside. */
  readonly from?: TimePoint;
  /** Last instant, inclusive. A marker counts from `from` on. */
  readonly to?: TimePoint;
  readonly controller?: string;
  /** Rows that name this channel: its TREs, transfers and commands. */
  readonly channel?: number;
  /** tracefs instance; empty for the top-level buffer. */
  readonly buffer?: string;
}

const DISORDER_NS = 1e9;
const NS_PER_S = 1e9;

export class Selection {
  readonly options: SelectionOptions;
  readonly #axis: TimeAxis;
  /** NaN: a marker that has not been seen. */
  #fromNs = Number.NEGATIVE_INFINITY;
  #toNs = Number.POSITIVE_INFINITY;
  #started = false;

  constructor(options: SelectionOptions, axis: TimeAxis) {
    this.options = options;
    this.#axis = axis;
  }

  /** Why nothing was kept, as far as a marker was waited for in vain. */
  get unseenMarker(): string | undefined {
    const { from, to } = this.options;
    if (Number.isNaN(this.#fromNs) && from?.kind === "marker") return from.text;
    return Number.isNaN(this.#toNs) && to?.kind === "marker" ? to.text : undefined;
  }

  /** Both ends are known and the first lies after the last. */
  get empty(): boolean {
    return this.#fromNs > this.#toNs;
  }

  /** Nothing that comes after a row of this time can be wanted: text may mix CPUs a little out of order. */
  past(tNs: number): boolean {
    return tNs > this.#toNs + DISORDER_NS;
  }

  keeps(batch: EventBatch, i: number): boolean {
    const tNs = batch.tNs[i] ?? 0;
    if (!this.#started) this.#start(tNs);
    if (!(tNs >= this.#fromNs) && !this.#opensAt(batch, i, tNs)) return false;
    if (Number.isNaN(this.#toNs)) this.#closesAt(batch, i, tNs);
    return !(tNs > this.#toNs) && this.#wanted(batch, i);
  }

  /** Gaps that overlap the interval are kept, whatever the controller: nobody knows whose events they swallowed. */
  keepsGap(gap: Gap): boolean {
    return gap.toNs >= this.#fromNs && !(gap.fromNs > this.#toNs);
  }

  /** A line of another witness, on the same axis. */
  keepsInstant(tNs: number): boolean {
    return tNs >= this.#fromNs && !(tNs > this.#toNs);
  }

  /** Relative times count from the recording's first event. */
  #start(firstNs: number): void {
    this.#started = true;
    const { from, to } = this.options;
    if (from) this.#fromNs = this.#resolve(from, firstNs);
    if (to) this.#toNs = this.#resolve(to, firstNs);
  }

  #resolve(point: TimePoint, firstNs: number): number {
    if (point.kind === "marker") return Number.NaN;
    // On a clock that counts something else than nanoseconds, a number is taken as the count itself.
    if (this.#axis.counts)
      return point.kind === "clock" ? Number(point.clockNs) / NS_PER_S : firstNs + point.ns / NS_PER_S;
    return point.kind === "clock" ? this.#axis.fromClock(point.clockNs) : firstNs + point.ns;
  }

  #opensAt(batch: EventBatch, i: number, tNs: number): boolean {
    const { from } = this.options;
    if (from?.kind !== "marker" || !Number.isNaN(this.#fromNs) || !isMarker(batch, i, from.text)) return false;
    this.#fromNs = tNs;
    return true;
  }

  #closesAt(batch: EventBatch, i: number, tNs: number): void {
    const { to } = this.options;
    if (to?.kind === "marker" && isMarker(batch, i, to.text)) this.#toNs = tNs;
  }

  #wanted(batch: EventBatch, i: number): boolean {
    const { controller, channel, buffer } = this.options;
    if (buffer !== undefined && batch.names.lanes[batch.lane[i] ?? 0]?.buffer !== buffer) return false;
    if (controller === undefined && channel === undefined) return true;
    const kind = batch.kind[i];
    if (kind === Kind.MARKER) return true;
    if (kind === Kind.OTHER) return false;
    if (controller !== undefined && batch.names.controllers[batch.controller[i] ?? 0] !== controller) return false;
    return channel === undefined || channelOf(batch, i) === channel;
  }
}

const isMarker = (batch: EventBatch, i: number, text: string): boolean =>
  batch.kind[i] === Kind.MARKER && (batch.texts[batch.a[i] ?? 0] ?? "").includes(text);

/** Channel that a row speaks of; undefined where it speaks of none. A command's completion does not name its channel. */
export function channelOf(batch: EventBatch, i: number): number | undefined {
  switch (batch.kind[i]) {
    case Kind.TRE:
    case Kind.CHAN_START:
    case Kind.CHAN_END:
      return batch.c[i] ?? 0;
    case Kind.CTRL:
    case Kind.DATA: {
      const dword1 = batch.b[i] ?? 0;
      return isTransfer(elementType(dword1)) ? elementChannel(dword1) : undefined;
    }
    default:
      return undefined;
  }
}
