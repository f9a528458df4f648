/**
 * What is kept of a recording that no memory holds: all that is rare (states, commands, markers; so many and no more),
 * and of buffers and their completions those around findings. What is left out is told, as an interval.
 */
import type { Nanoseconds } from "../../base/clock.ts";
import type { EventBatch } from "../../trace/batch.ts";
import type { Gap, TraceEvent } from "../../trace/mhi-events.ts";
import { type IndexedEvent, RowRing } from "./row-ring.ts";

export interface KeepLimits {
  /** Rare events: the newest of them. */
  readonly rare: number;
  /** Rows that are looked back upon when something is found. */
  readonly ring: number;
  /** Buffers and completions around findings, on either side of one, and in all. */
  readonly around: number;
  readonly flow: number;
}

export const KEEP: KeepLimits = { rare: 200_000, ring: 65_536, around: 500, flow: 50_000 };

const AROUND_NS = 2e9;
/** More intervals are told as one each two. */
const MAX_INTERVALS = 2000;

export interface Kept {
  /** In the order of time. */
  readonly events: readonly TraceEvent[];
  /** Where an event of the recording stands in `events`. */
  readonly place: (index: number) => number | undefined;
  readonly leftOut: readonly Gap[];
}

export class KeptEvents {
  readonly #limits: KeepLimits;
  #ring: RowRing | undefined;
  #ringBatch: EventBatch["names"] | undefined;
  /** In two generations, the older of which goes as a whole: to take the oldest out of a map again and again is slow. */
  #rare = new Map<number, TraceEvent>();
  #olderRare = new Map<number, TraceEvent>();
  readonly #flow = new Map<number, TraceEvent>();
  /** What findings point to: never left out. */
  readonly #pointed = new Map<number, TraceEvent>();
  readonly #leftOut: { fromNs: Nanoseconds; toNs: Nanoseconds }[] = [];
  #leaving: { fromNs: Nanoseconds; toNs: Nanoseconds } | undefined;
  #rareLeft: { fromNs: Nanoseconds; toNs: Nanoseconds } | undefined;
  /** So many rows that follow a finding are still to be kept, up to that time. */
  #after = 0;
  #afterNs = 0;

  constructor(limits: KeepLimits = KEEP) {
    this.#limits = limits;
  }

  rare(index: number, event: TraceEvent): void {
    if (this.#rare.size >= this.#limits.rare / 2) {
      this.#leaveOut(this.#olderRare.values());
      this.#olderRare = this.#rare;
      this.#rare = new Map();
    }
    this.#rare.set(index, event);
  }

  #leaveOut(events: Iterable<TraceEvent>): void {
    for (const { tNs } of events) {
      this.#rareLeft ??= { fromNs: tNs, toNs: tNs };
      this.#rareLeft.toNs = Math.max(this.#rareLeft.toNs, tNs);
    }
  }

  flow(index: number, batch: EventBatch, row: number): void {
    this.#ringFor(batch).push(index, batch, row);
    if (this.#after === 0) return;
    this.#after--;
    if ((batch.tNs[row] ?? 0) > this.#afterNs) this.#after = 0;
    else this.#keep(this.#ring?.take(index));
  }

  /** Something was found: what it points to, what came before it, and soon what comes after. */
  found(because: readonly number[], atNs: Nanoseconds): void {
    for (const index of because) this.#point(index);
    if (this.#flow.size >= this.#limits.flow) return;
    for (const one of this.#ring?.takeLast(this.#limits.around, atNs - AROUND_NS) ?? []) this.#keep(one);
    this.#after = this.#limits.around;
    this.#afterNs = atNs + AROUND_NS;
  }

  end(): Kept {
    for (const one of this.#ring?.takeLast(this.#limits.around, Number.NEGATIVE_INFINITY) ?? []) this.#keep(one);
    this.#ring?.empty();
    this.#close();
    const single = [...new Map([...this.#olderRare, ...this.#rare, ...this.#flow, ...this.#pointed])];
    // text stands in the order of its lines
    single.sort(([a, one], [b, other]) => one.tNs - other.tNs || a - b);
    const places = new Map(single.map(([index], at) => [index, at]));
    const intervals = [...this.#leftOut, ...(this.#rareLeft ? [this.#rareLeft] : [])];
    return {
      events: single.map(([, event]) => event),
      place: (index) => places.get(index),
      leftOut: intervals.map((interval) => ({ ...interval, reason: "not-collecting", detail: "read, and not kept" })),
    };
  }

  #ringFor(batch: EventBatch): RowRing {
    if (this.#ring && this.#ringBatch === batch.names) return this.#ring;
    this.#ring?.empty();
    this.#ringBatch = batch.names;
    this.#ring = new RowRing(batch.names, this.#limits.ring, (tNs, taken) => this.#left(tNs, taken));
    return this.#ring;
  }

  #keep(one: IndexedEvent | undefined): void {
    if (one) this.#flow.set(one.index, one.event);
  }

  #point(index: number): void {
    const event = this.#rare.get(index) ?? this.#olderRare.get(index) ?? this.#ring?.take(index)?.event;
    if (event) this.#pointed.set(index, event);
  }

  /** A stretch of rows that are not kept ends at one that is. */
  #left(tNs: Nanoseconds, taken: boolean): void {
    if (taken) this.#close();
    else if (this.#leaving) this.#leaving.toNs = Math.max(this.#leaving.toNs, tNs);
    else this.#leaving = { fromNs: tNs, toNs: tNs };
  }

  #close(): void {
    if (!this.#leaving) return;
    this.#leftOut.push(this.#leaving);
    this.#leaving = undefined;
    if (this.#leftOut.length > MAX_INTERVALS) this.#join();
  }

  #join(): void {
    const joined = this.#leftOut.flatMap((interval, at) =>
      at % 2 === 0 ? [{ fromNs: interval.fromNs, toNs: this.#leftOut[at + 1]?.toNs ?? interval.toNs }] : [],
    );
    this.#leftOut.splice(0, this.#leftOut.length, ...joined);
  }
}
