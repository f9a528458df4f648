/**
 * Bytes of the per-CPU streams in, typed events and gaps out: the live decoder. One a segment (one boot of the host).
 * Memory beside the events: one page and one batch a CPU.
 */
import type { Nanoseconds } from "../base/clock.ts";
import { BatchNames } from "./batch.ts";
import { HotMemory } from "./hot/hot-memory.ts";
import type { Gap, GapReason, TraceEvent } from "./mhi-events.ts";
import type { FormatSet } from "./ring/format-set.ts";
import { Lane } from "./ring/lane.ts";
import type { PageLayout } from "./ring/layout.ts";
import { fillRows, queueOf, RowWriter } from "./ring/rows.ts";
import { Timeline } from "./timeline.ts";

/** How far one CPU's stream has been read. */
export interface StreamPosition {
  readonly cpu: number;
  /** Records taken from pages so far, known or not. */
  readonly decoded: number;
  /** Records that pages told to be lost, as far as they gave numbers. */
  readonly missed: number;
  /** A page told of a loss without its number. */
  readonly missedUnknown: boolean;
  /** Time of the last record. */
  readonly lastNs: Nanoseconds | undefined;
  /** Bytes received, whole pages and the one under way. */
  readonly bytes: number;
}

interface Stream {
  readonly lane: Lane;
  writer: RowWriter;
  /** Bytes of the page under way, and all bytes so far. */
  filled: number;
  bytes: number;
}

export interface DecoderOptions {
  readonly layout: PageLayout;
  readonly formats: FormatSet;
  /** Each event as it is decoded: in time order within its CPU, in order of arrival between CPUs. */
  readonly onEvent?: (event: TraceEvent) => void;
  readonly onGap?: (gap: Gap) => void;
}

export class SegmentDecoder {
  readonly timeline = new Timeline();
  readonly gaps: Gap[] = [];
  readonly #options: DecoderOptions;
  readonly #streams = new Map<number, Stream>();
  readonly #names = new BatchNames();
  #formats: FormatSet;

  constructor(options: DecoderOptions) {
    this.#options = options;
    this.#formats = options.formats;
  }

  /** From here on records are read by these formats: drain the streams first, ids may mean something else now. */
  set formats(formats: FormatSet) {
    this.#formats = formats;
    for (const stream of this.#streams.values())
      stream.writer = new RowWriter(this.#names, formats, stream.writer.memory);
  }

  position(cpu: number): StreamPosition {
    const { lane, bytes } = this.#stream(cpu);
    const { decoded, missed, missedUnknown, lastNs } = lane;
    return { cpu, decoded, missed, missedUnknown, lastNs, bytes };
  }

  /** Takes the next bytes of a CPU's stream, cut anywhere. */
  append(cpu: number, chunk: Uint8Array): void {
    const stream = this.#stream(cpu);
    const { pageBytes } = this.#options.layout;
    let from = 0;
    while (from < chunk.length) {
      const take = Math.min(pageBytes - stream.filled, chunk.length - from);
      stream.lane.bytes.set(chunk.subarray(from, from + take), stream.filled);
      stream.filled += take;
      stream.bytes += take;
      from += take;
      if (stream.filled < pageBytes) return;
      stream.filled = 0;
      this.#page(stream);
    }
  }

  /** The stream broke off: what was under way is given up, and the next bytes start a page. */
  cut(cpu: number, reason: GapReason, detail: string, lost?: number): void {
    const stream = this.#stream(cpu);
    const rest =
      stream.filled > 0 ? `; ${stream.filled} bytes of an unfinished page dropped at byte ${stream.bytes}` : "";
    stream.filled = 0;
    stream.lane.lose(reason, `${detail}${rest}`, lost);
  }

  /** Gives up the page under way where it is known that it held nothing that was not delivered otherwise. */
  dropPartial(cpu: number): void {
    const stream = this.#stream(cpu);
    stream.bytes -= stream.filled;
    stream.filled = 0;
  }

  /** Closes open gaps at `endNs`; a stream that ends inside a page is told. */
  finish(endNs: Nanoseconds): void {
    for (const [cpu, stream] of this.#streams) {
      if (stream.filled > 0) this.cut(cpu, "stream-lost", `cpu${cpu}: the stream ends inside a page`);
      stream.lane.finish(endNs);
    }
  }

  /** A gap that was found from outside the pages (counters of the kernel, a lost connection). */
  addGap(gap: Gap): void {
    this.gaps.push(gap);
    this.#options.onGap?.(gap);
  }

  #page({ lane, writer, bytes }: Stream): void {
    const { pageBytes } = this.#options.layout;
    const { batch } = writer;
    lane.load(pageBytes, bytes - pageBytes);
    const queue = queueOf([lane]);
    while (fillRows(queue, writer)) {
      for (let row = 0; row < batch.length; row++) this.#emit(batch.event(row));
      batch.clear();
    }
  }

  #emit(event: TraceEvent): void {
    this.timeline.add(event);
    this.#options.onEvent?.(event);
  }

  #stream(cpu: number): Stream {
    const found = this.#streams.get(cpu);
    if (found) return found;
    const { layout } = this.#options;
    const memory = new HotMemory([layout.pageBytes]);
    const lane = new Lane({
      layout,
      memory,
      lane: this.#names.lane({ cpu, buffer: "", source: "trace-event" }),
      cpu,
      label: `cpu${cpu}`,
      onGap: (gap) => this.addGap(gap),
    });
    const writer = new RowWriter(this.#names, this.#formats, memory);
    const stream: Stream = { lane, writer, filled: 0, bytes: 0 };
    this.#streams.set(cpu, stream);
    return stream;
  }
}
