/**
 * The last rows of what flows in masses (buffers and their completions), in columns: an object is made of a row when
 * somebody asks for it, which is when a finding points near it.
 */
import type { Nanoseconds } from "../../base/clock.ts";
import { type BatchNames, EventBatch } from "../../trace/batch.ts";
import type { TraceEvent } from "../../trace/mhi-events.ts";

export interface IndexedEvent {
  /** Number of the event in the recording. */
  readonly index: number;
  readonly event: TraceEvent;
}

export class RowRing {
  readonly #rows: EventBatch;
  /** Of each row, its number in the recording: -1 where the ring was not filled yet. */
  readonly #index: Float64Array;
  readonly #taken: Uint8Array;
  #count = 0;
  readonly #left: (tNs: Nanoseconds, taken: boolean) => void;

  /** @param left - called with each row that leaves the ring, the oldest first: was it ever taken? */
  constructor(names: BatchNames, capacity: number, left: (tNs: Nanoseconds, taken: boolean) => void) {
    this.#rows = new EventBatch(names, capacity);
    this.#index = new Float64Array(capacity).fill(-1);
    this.#taken = new Uint8Array(capacity);
    this.#left = left;
  }

  push(index: number, batch: EventBatch, row: number): void {
    const rows = this.#rows;
    const slot = this.#count++ % rows.capacity;
    if (this.#index[slot] !== -1) this.#leave(slot);
    this.#index[slot] = index;
    this.#taken[slot] = 0;
    rows.kind[slot] = batch.kind[row] ?? 0;
    rows.lane[slot] = batch.lane[row] ?? 0;
    rows.tNs[slot] = batch.tNs[row] ?? 0;
    rows.pid[slot] = batch.pid[row] ?? 0;
    rows.controller[slot] = batch.controller[row] ?? 0;
    rows.a[slot] = batch.a[row] ?? 0;
    rows.b[slot] = batch.b[row] ?? 0;
    rows.c[slot] = batch.c[row] ?? 0;
    rows.ptrLow[slot] = batch.ptrLow[row] ?? 0;
    rows.ptrHigh[slot] = batch.ptrHigh[row] ?? 0;
    rows.slotLow[slot] = batch.slotLow[row] ?? 0;
    rows.slotHigh[slot] = batch.slotHigh[row] ?? 0;
    const extra = batch.extras.size > 0 ? batch.extras.get(row) : undefined;
    if (extra) rows.extras.set(slot, extra);
  }

  /** The row of that number, unless it was taken before or is no longer there. */
  take(index: number): IndexedEvent | undefined {
    let low = Math.max(0, this.#count - this.#rows.capacity);
    for (let high = this.#count; low < high; ) {
      const middle = (low + high) >>> 1;
      if ((this.#index[middle % this.#rows.capacity] ?? 0) < index) low = middle + 1;
      else high = middle;
    }
    if (low >= this.#count) return undefined;
    const slot = low % this.#rows.capacity;
    return this.#index[slot] === index ? this.#takeSlot(slot) : undefined;
  }

  /** The last rows, at most so many and none from before `fromNs`, without those that were taken before. */
  takeLast(most: number, fromNs: Nanoseconds): IndexedEvent[] {
    const found: IndexedEvent[] = [];
    const oldest = Math.max(0, this.#count - Math.min(most, this.#rows.capacity));
    for (let at = this.#count - 1; at >= oldest; at--) {
      const slot = at % this.#rows.capacity;
      if ((this.#rows.tNs[slot] ?? 0) < fromNs) break;
      const taken = this.#takeSlot(slot);
      if (taken) found.push(taken);
    }
    return found;
  }

  /** All rows leave. */
  empty(): void {
    const { capacity } = this.#rows;
    for (let at = Math.max(0, this.#count - capacity); at < this.#count; at++) this.#leave(at % capacity);
    this.#index.fill(-1);
    this.#count = 0;
  }

  #takeSlot(slot: number): IndexedEvent | undefined {
    if (this.#taken[slot] === 1) return undefined;
    this.#taken[slot] = 1;
    return { index: this.#index[slot] ?? -1, event: this.#rows.event(slot) };
  }

  #leave(slot: number): void {
    this.#left(this.#rows.tNs[slot] ?? 0, this.#taken[slot] === 1);
    if (this.#rows.extras.size > 0) this.#rows.extras.delete(slot);
  }
}
