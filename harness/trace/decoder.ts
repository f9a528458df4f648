/**
 * Bytes of the per-CPU streams in, typed events and gaps out. One decoder a segment (one boot of the host).
 * Memory beside the events: one page a CPU.
 */
import type { Nanoseconds } from "../base/clock.ts";
import type { EventFormat } from "./format.ts";
import { type RecordReader, recordReader } from "./mhi-decode.ts";
import type { Gap, GapReason, TraceEvent } from "./mhi-events.ts";
import { PageCursor, type PageLayout } from "./page.ts";
import { unknownEvent } from "./record.ts";
import { Timeline } from "./timeline.ts";

/** Readers by record id: what one set of format files says. Ids of a module's events hold until it is unloaded. */
export class FormatSet {
  readonly #readers = new Map<number, RecordReader>();
  readonly names = new Map<number, string>();

  constructor(formats: Iterable<EventFormat>, strings: ReadonlyMap<string, string> = new Map()) {
    for (const format of formats) {
      this.#readers.set(format.id, recordReader(format, strings));
      this.names.set(format.id, `${format.system}/${format.name}`);
    }
  }

  reader(id: number): RecordReader | undefined {
    return this.#readers.get(id);
  }
}

/** How far one CPU's stream has been read. */
export interface StreamPosition {
  readonly cpu: number;
  /** Records taken from pages so far, known or not. */
  decoded: number;
  /** Records that pages told to be lost, as far as they gave numbers. */
  missed: number;
  /** A page told of a loss without its number. */
  missedUnknown: boolean;
  /** Time of the last record. */
  lastNs: Nanoseconds | undefined;
  /** Bytes received, whole pages and the one under way. */
  bytes: number;
}

interface PendingLoss {
  readonly reason: GapReason;
  readonly fromNs: Nanoseconds;
  readonly lost: number | undefined;
  readonly detail: string;
}

interface Stream extends StreamPosition {
  readonly cursor: PageCursor;
  readonly view: DataView;
  /** Bytes of the page under way. */
  filled: number;
  loss: PendingLoss | undefined;
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
  readonly #layout: PageLayout;
  readonly #options: DecoderOptions;
  readonly #streams = new Map<number, Stream>();
  #formats: FormatSet;

  constructor(options: DecoderOptions) {
    this.#layout = options.layout;
    this.#options = options;
    this.#formats = options.formats;
  }

  /** From here on records are read by these formats: drain the streams first, ids may mean something else now. */
  set formats(formats: FormatSet) {
    this.#formats = formats;
  }

  position(cpu: number): StreamPosition {
    return this.#stream(cpu);
  }

  /** Takes the next bytes of a CPU's stream, cut anywhere. */
  append(cpu: number, chunk: Uint8Array): void {
    const stream = this.#stream(cpu);
    let from = 0;
    while (from < chunk.length) {
      const take = Math.min(this.#layout.pageBytes - stream.filled, chunk.length - from);
      stream.cursor.bytes.set(chunk.subarray(from, from + take), stream.filled);
      stream.filled += take;
      stream.bytes += take;
      from += take;
      if (stream.filled < this.#layout.pageBytes) return;
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
    this.#lose(stream, reason, `${detail}${rest}`, lost);
  }

  /** Gives up the page under way where it is known that it held nothing that was not delivered otherwise. */
  dropPartial(cpu: number): void {
    const stream = this.#stream(cpu);
    stream.bytes -= stream.filled;
    stream.filled = 0;
  }

  /** Closes open gaps at `endNs`; a stream that ends inside a page is told. */
  finish(endNs: Nanoseconds): void {
    for (const stream of this.#streams.values()) {
      if (stream.filled > 0) this.cut(stream.cpu, "stream-lost", `cpu${stream.cpu}: the stream ends inside a page`);
      this.#closeLoss(stream, Math.max(endNs, stream.lastNs ?? 0));
    }
  }

  /** A gap that was found from outside the pages (counters of the kernel, a lost connection). */
  addGap(gap: Gap): void {
    this.gaps.push(gap);
    this.#options.onGap?.(gap);
  }

  #page(stream: Stream): void {
    const { cursor } = stream;
    const pageAt = stream.bytes - this.#layout.pageBytes;
    cursor.open();
    if (cursor.missed) this.#missed(stream, cursor.missedCount);
    while (cursor.next()) this.#record(stream);
    if (cursor.damage) this.#lose(stream, "stream-lost", `cpu${stream.cpu}, page at byte ${pageAt}: ${cursor.damage}`);
  }

  #missed(stream: Stream, count: number | undefined): void {
    if (count === undefined) stream.missedUnknown = true;
    else stream.missed += count;
    this.#lose(stream, "overrun", `cpu${stream.cpu}: the kernel overwrote records before they were read`, count);
  }

  #record(stream: Stream): void {
    const { cursor, view } = stream;
    stream.decoded++;
    this.#closeLoss(stream, cursor.tNs);
    stream.lastNs = cursor.tNs;
    if (cursor.length < 8) {
      this.#unreadable(stream, "a record", `has ${cursor.length} bytes, expected 8 or more`);
      return;
    }
    const id = view.getUint16(cursor.at, true);
    const head = { tNs: cursor.tNs, cpu: stream.cpu, pid: view.getInt32(cursor.at + 4, true) };
    const record = { bytes: cursor.bytes, view, at: cursor.at, length: cursor.length };
    const reader = this.#formats.reader(id);
    const event = reader?.(record, head);
    if (reader && !event)
      this.#unreadable(stream, this.#formats.names.get(id) ?? "", "is cut or holds a value that no table names");
    this.#emit(event ?? unknownEvent(record, id, head));
  }

  #emit(event: TraceEvent): void {
    this.timeline.add(event);
    this.#options.onEvent?.(event);
  }

  #unreadable(stream: Stream, name: string, what: string): void {
    const { cpu, cursor } = stream;
    const at = stream.bytes - this.#layout.pageBytes + cursor.at;
    const detail = `cpu${cpu}, byte ${at}: ${name} ${what}`;
    this.addGap({ fromNs: cursor.tNs, toNs: cursor.tNs, reason: "stream-lost", cpu, lost: 1, detail });
  }

  /** The loss lies between the last record that was read and the next one; the latter is not known yet. */
  #lose(stream: Stream, reason: GapReason, detail: string, lost?: number): void {
    const before = stream.loss;
    const sum = before?.lost === undefined ? lost : lost === undefined ? before.lost : before.lost + lost;
    const told = before ? `${before.detail}; ${detail}` : detail;
    stream.loss = {
      reason: before?.reason ?? reason,
      fromNs: before?.fromNs ?? stream.lastNs ?? 0,
      lost: sum,
      detail: told,
    };
  }

  #closeLoss(stream: Stream, toNs: Nanoseconds): void {
    const { loss, cpu } = stream;
    if (!loss) return;
    stream.loss = undefined;
    const { reason, detail, lost } = loss;
    const fromNs = Math.min(loss.fromNs, toNs);
    this.addGap({ fromNs, toNs, reason, cpu, ...(lost === undefined ? {} : { lost }), detail });
  }

  #stream(cpu: number): Stream {
    const found = this.#streams.get(cpu);
    if (found) return found;
    const cursor = new PageCursor(this.#layout);
    const view = new DataView(cursor.bytes.buffer);
    const counts = { decoded: 0, missed: 0, missedUnknown: false, lastNs: undefined, bytes: 0 };
    const stream: Stream = { cpu, cursor, view, filled: 0, loss: undefined, ...counts };
    this.#streams.set(cpu, stream);
    return stream;
  }
}
