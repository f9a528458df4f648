/**
 * The text of a trace in, rows of an `EventBatch` out. Bytes are scanned once; no object and no string is made for an
 * mhi_host record.
 *
 * `LineFeeder` makes whole lines of chunks, `#scan` walks over them. A line that begins as a record does goes to
 * `Records`, every other line to `OtherLines`, which may work with strings; `Rows` counts rows and what is missing
 * between them; `HeldRows` keeps the driver's messages until it is known whether trace events tell the same.
 */
import type { BatchNames, EventBatch } from "../batch.ts";
import type { Gap } from "../mhi-events.ts";
import { CR, LF } from "./byte-reader.ts";
import { HeldRows } from "./held-rows.ts";
import { LineFeeder } from "./line-feeder.ts";
import { OtherLines } from "./other-lines.ts";
import { FULL, Records } from "./records.ts";
import { Rows } from "./rows.ts";

export { sniffText } from "./sniff.ts";

export interface TextEngineOptions {
  /** For gaps. */
  readonly fileName?: string;
  /**
   * What messages of the driver become while no trace event has been seen: held back until the end of input or the first
   * trace event tells (`auto`), or typed events at once (`typed`, for a log that is followed live).
   */
  readonly messages?: "auto" | "typed";
  /** Rows of a batch. */
  readonly capacity?: number;
}

const MIN_CAPACITY = 8;
const DEFAULT_CAPACITY = 8192;

/** Throws nothing, whatever the bytes are: what cannot be read is a gap or passed over. */
export class TextEngine {
  /** Rows so far; whoever takes them clears it. */
  readonly batch: EventBatch;
  readonly #rows: Rows;
  readonly #held: HeldRows;
  readonly #records: Records;
  readonly #other: OtherLines;
  readonly #feeder: LineFeeder;

  constructor(names: BatchNames, options: TextEngineOptions = {}) {
    const capacity = Math.max(MIN_CAPACITY, options.capacity ?? DEFAULT_CAPACITY);
    this.#rows = new Rows(names, capacity, options.fileName ?? "");
    this.batch = this.#rows.batch;
    this.#held = new HeldRows(options.messages === "typed" ? "log" : "open");
    this.#records = new Records(this.#rows, this.#held);
    this.#other = new OtherLines(this.#rows, this.#records, this.#held);
    this.#feeder = new LineFeeder(
      (bytes, from, end, offset) => this.#scan(bytes, from, end, offset),
      (offset) => this.#rows.tooLong(offset),
      () => this.#rows.lineNumber++,
    );
  }

  get gaps(): Gap[] {
    return this.#rows.watch.gaps;
  }

  /** Task names by pid: the first one seen of each. */
  get comms(): ReadonlyMap<number, string> {
    return this.#rows.comms;
  }

  /** What kind of text it is, as far as seen yet. */
  get form(): string {
    this.#count();
    return this.#rows.form.name;
  }

  get notes(): readonly string[] {
    this.#count();
    return this.#rows.form.notes;
  }

  get generation(): "merged" | "v2" | undefined {
    return this.#records.generation;
  }

  get clock(): string | undefined {
    return this.#rows.form.clock;
  }

  /** Clock's value at `tNs` 0: a whole second, 0 unless times reach 2^52 ns. Known with the first row. */
  get originNs(): bigint {
    return BigInt(Math.max(0, this.#rows.originSeconds)) * 1_000_000_000n;
  }

  /** Smallest step of the printed times, ns. */
  get resolutionNs(): number {
    return this.#rows.resolutionNs;
  }

  /** Lines that are neither trace nor messages of the driver, neither empty nor a heading. */
  get ignoredLines(): number {
    return this.#rows.form.consoleLines;
  }

  /**
   * Takes bytes from `from`. Bytes of an unfinished line are kept.
   * @returns the next offset. Smaller than `chunk.length`: the batch is full; take it, clear it, call again.
   */
  append(chunk: Uint8Array, from: number): number {
    return this.#feeder.append(chunk, from);
  }

  /**
   * End of input: the last line without line feed, what was held back, open losses.
   * @returns false: the batch is full; take it, clear it, call again.
   */
  finish(): boolean {
    const rows = this.#rows;
    rows.unfinished = true;
    if (!rows.room || !this.#feeder.finish()) return false;
    rows.unfinished = false;
    if (!rows.room) return false;
    this.#records.settle();
    this.#other.finish();
    if (this.#held.witness === "open") this.#held.decide("log");
    if (!this.#records.release(Number.POSITIVE_INFINITY)) return false;
    rows.watch.finish((lane) => rows.names.lanes[lane]?.cpu ?? 0);
    return true;
  }

  #scan(bytes: Uint8Array, from: number, end: number, offset: number): number {
    const rows = this.#rows;
    const records = this.#records;
    const { main } = records;
    const { batch } = rows;
    const limit = batch.capacity - 3;
    let at = from;
    rows.memory?.forget();
    while (at < end) {
      if (records.settled) at = rows.takeHot(bytes, at, end);
      if (at >= end) break;
      if (batch.length >= limit) return at;
      const first = bytes[at];
      if (first === LF || (first === CR && bytes[at + 1] === LF)) {
        if (records.waiting) records.settle();
        at += first === LF ? 1 : 2;
      } else {
        main.nameAt = main.head.read(bytes, at);
        const next = main.nameAt >= 0 ? records.record(bytes, at, offset) : this.#otherLine(bytes, at, offset);
        if (next === FULL) return at;
        at = next;
      }
      rows.lineNumber++;
    }
    return at;
  }

  #otherLine(bytes: Uint8Array, at: number, offset: number): number {
    const next = this.#other.line(bytes, at, offset);
    // Nobody may come and tell better: messages go out at once, as far as the batch has room.
    if (this.#held.witness === "log" && this.#held.size > 0) this.#records.release(Number.POSITIVE_INFINITY);
    return next;
  }

  #count(): void {
    const { form } = this.#rows;
    form.messagesTyped = this.#held.typed;
    form.messagesAsText = this.#held.untyped;
    form.droppedMessages = this.#held.witness === "trace" ? this.#held.droppedMessages : 0;
  }
}
