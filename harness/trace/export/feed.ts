/**
 * A recording, row by row and gap by gap, into one consumer; what the consumer makes comes out in chunks, so that a
 * slow reader holds the whole chain back and memory stays that of a batch and a chunk.
 *
 * A gap is told before the first row at or after its end: that is when it is known (source.ts).
 */
import type { EventBatch } from "../batch.ts";
import type { Gap } from "../mhi-events.ts";
import type { TraceSource } from "../source.ts";
import type { TimeAxis } from "../time-axis.ts";
import type { Selection } from "./selection.ts";

export type Chunk = string | Uint8Array;

/** A line of the endpoint's own log, moved to the trace clock. */
export interface DeviceLine {
  readonly tNs: number;
  /** Half width of what is known of `tNs`: the log's clock is another one. */
  readonly uncertaintyNs: number;
  readonly deviceKind: string;
  readonly text: string;
}

/** Lines in order of time; `nextNs` is that of the line that `take` gives, Infinity at the end. */
export interface DeviceLines {
  readonly nextNs: number;
  take(): DeviceLine;
}

export interface RowConsumer {
  row(batch: EventBatch, i: number): void;
  gap(gap: Gap): void;
  device?(line: DeviceLine): void;
  /** Bytes or characters that `take` would give now. */
  readonly pending: number;
  take(): Chunk;
  /** After the last row: what is left. */
  finish(): Iterable<Chunk> | AsyncIterable<Chunk>;
}

/** What went through: for the line at the end. */
export class Tally {
  events = 0;
  gaps = 0;
  /** Losses by number; gaps without one add nothing. */
  lost = 0;
  deviceLines = 0;
  firstNs = Number.POSITIVE_INFINITY;
  lastNs = Number.NEGATIVE_INFINITY;
  /** Names of the recording's controllers so far. */
  controllers: readonly string[] = [];
  /** Of all rows, wanted or not: what a wrong interval is told. */
  seen = 0;
  seenFirstNs = Number.POSITIVE_INFINITY;
  seenLastNs = Number.NEGATIVE_INFINITY;
}

export interface FeedOptions {
  readonly axis: TimeAxis;
  readonly selection: Selection;
  readonly tally: Tally;
  readonly device?: DeviceLines;
  /** Rows seen so far, now and then. */
  readonly onProgress?: (seen: number) => void;
  /** Before the consumer ends its output; may throw, and then nothing more is written. */
  readonly beforeFinish?: () => void;
}

/** Chunks are handed on at this size. */
export const CHUNK_BYTES = 1 << 17;

/** @throws what the source throws; what was made before that has been handed out. */
export async function* feed(source: TraceSource, consumer: RowConsumer, options: FeedOptions): AsyncGenerator<Chunk> {
  const { tally, axis } = options;
  const stream = new Stream(source, consumer, options);
  for await (const batch of source.batches()) {
    axis.refresh();
    tally.controllers = batch.names.controllers;
    for (let from = 0; from < batch.length; ) {
      from = stream.rows(batch, from);
      if (consumer.pending >= CHUNK_BYTES) yield consumer.take();
      if (stream.past) break;
    }
    options.onProgress?.(tally.seen);
    if (stream.past) break;
  }
  axis.refresh();
  stream.end();
  options.beforeFinish?.();
  if (consumer.pending > 0) yield consumer.take();
  yield* consumer.finish();
}

class Stream {
  readonly #source: TraceSource;
  readonly #consumer: RowConsumer;
  readonly #selection: Selection;
  readonly #tally: Tally;
  readonly #device: DeviceLines | undefined;
  readonly #waiting: Gap[] = [];
  #gapsSeen = 0;
  #nextGapNs = Number.POSITIVE_INFINITY;
  past = false;

  constructor(source: TraceSource, consumer: RowConsumer, options: FeedOptions) {
    this.#source = source;
    this.#consumer = consumer;
    this.#selection = options.selection;
    this.#tally = options.tally;
    this.#device = consumer.device ? options.device : undefined;
  }

  /** Rows from `from` on, until a chunk is full. @returns the first row that is left. */
  rows(batch: EventBatch, from: number): number {
    const consumer = this.#consumer;
    const selection = this.#selection;
    this.#collectGaps();
    let i = from;
    while (i < batch.length && consumer.pending < CHUNK_BYTES) {
      const tNs = batch.tNs[i] ?? 0;
      this.#seen(tNs);
      const kept = selection.keeps(batch, i);
      if (tNs >= this.#nextGapNs) this.#gapsUntil(tNs);
      if (this.#device && this.#device.nextNs <= tNs) this.#deviceUntil(tNs);
      if (kept) {
        this.#kept(tNs);
        consumer.row(batch, i);
      } else if (selection.past(tNs)) {
        this.past = true;
        return batch.length;
      }
      i++;
    }
    return i;
  }

  end(): void {
    this.#collectGaps();
    this.#gapsUntil(Number.POSITIVE_INFINITY);
    this.#deviceUntil(Number.MAX_VALUE);
  }

  #seen(tNs: number): void {
    const tally = this.#tally;
    tally.seen++;
    if (tNs < tally.seenFirstNs) tally.seenFirstNs = tNs;
    if (tNs > tally.seenLastNs) tally.seenLastNs = tNs;
  }

  #kept(tNs: number): void {
    const tally = this.#tally;
    tally.events++;
    if (tNs < tally.firstNs) tally.firstNs = tNs;
    if (tNs > tally.lastNs) tally.lastNs = tNs;
  }

  #collectGaps(): void {
    const { gaps } = this.#source;
    if (this.#gapsSeen === gaps.length) return;
    for (; this.#gapsSeen < gaps.length; this.#gapsSeen++) {
      const gap = gaps[this.#gapsSeen];
      if (gap) this.#waiting.push(gap);
    }
    this.#waiting.sort((a, b) => b.toNs - a.toNs || b.fromNs - a.fromNs);
    this.#nextGapNs = this.#waiting.at(-1)?.toNs ?? Number.POSITIVE_INFINITY;
  }

  #gapsUntil(tNs: number): void {
    for (let gap = this.#waiting.at(-1); gap && gap.toNs <= tNs; gap = this.#waiting.at(-1)) {
      this.#waiting.pop();
      if (!this.#selection.keepsGap(gap)) continue;
      this.#tally.gaps++;
      this.#tally.lost += gap.lost ?? 0;
      this.#consumer.gap(gap);
    }
    this.#nextGapNs = this.#waiting.at(-1)?.toNs ?? Number.POSITIVE_INFINITY;
  }

  #deviceUntil(tNs: number): void {
    const device = this.#device;
    if (!device) return;
    while (device.nextNs <= tNs && !this.#selection.past(device.nextNs)) {
      const line = device.take();
      if (!this.#selection.keepsInstant(line.tNs)) continue;
      this.#tally.deviceLines++;
      this.#consumer.device?.(line);
    }
  }
}
