/** Where records become rows: time, lane and task from the line's head; what is missing between them. */
import type { BatchNames } from "../batch.ts";
import { EventBatch, Kind } from "../batch.ts";
import { HOT_ROWS } from "../hot/columns.ts";
import { Cell, TextMemory } from "../hot/text-memory.ts";
import { TextForm } from "./form.ts";
import { LaneWatch } from "./lane-watch.ts";
import { MAX_LINE_BYTES } from "./line-feeder.ts";
import { MAX_PID } from "./line-head.ts";
import { type RecordParser, textOf } from "./record-parser.ts";

/** Times of one CPU's records are in order but for the rounding to microseconds. */
const TRACE_STEP_NS = 1_000;
const NS = 1e9;
/** 2^52 ns: from here on doubles of nanoseconds need an origin. */
const ORIGIN_SECONDS = 4_503_599;
/** What a text of rubbish may fill the memory with. */
const MAX_COMMS = 65_536;
const MAX_BUFFERS = 64;

export class Rows {
  readonly batch: EventBatch;
  readonly names: BatchNames;
  readonly form = new TextForm();
  readonly watch: LaneWatch;
  /** Of the hot loop, which fills batches of its own size only. */
  readonly memory: TextMemory | undefined;
  readonly comms = new Map<number, string>();
  /** Clock's value at `tNs` 0, whole seconds; -1 before the first time. */
  originSeconds = -1;
  resolutionNs = 1000;
  /** Of the line in work, from 1. */
  lineNumber = 1;
  /** The line in work is the last one, and no line feed ends it. */
  unfinished = false;
  readonly #fileName: string;
  /** A bit a pid. */
  readonly #commKnown: Uint8Array;
  /** CPU -> lane, of the top-level buffer and by the name of others. */
  readonly #lanes: number[] = [];
  readonly #lanesByBuffer = new Map<string, number[]>();
  #lastCpu = -1;
  #lastLane = 0;

  constructor(names: BatchNames, capacity: number, fileName: string) {
    this.names = names;
    this.memory = capacity === HOT_ROWS ? new TextMemory(names) : undefined;
    this.batch = this.memory?.batch ?? new EventBatch(names, capacity);
    this.#commKnown = this.memory?.commKnown ?? new Uint8Array((MAX_PID >>> 3) + 1);
    this.watch = new LaneWatch(this.memory?.lastNs);
    this.#fileName = fileName;
  }

  /** A line makes two rows at most: the one that waited, and its own. */
  get room(): boolean {
    return this.batch.length < this.batch.capacity - 3;
  }

  /** Counts the row that is filled, with what the head told. */
  commit(bytes: Uint8Array, parser: RecordParser): void {
    const { batch, watch } = this;
    const { head } = parser;
    const row = batch.length;
    const lane = head.cpu === this.#lastCpu ? this.#lastLane : this.laneOf(bytes, parser);
    // As `timeOf`: a number that is handed on would be put on the heap, row by row.
    if (this.originSeconds < 0) this.#setOrigin(head.seconds);
    const tNs = (head.seconds - this.originSeconds) * NS + head.nanos;
    batch.tNs[row] = tNs;
    batch.lane[row] = lane;
    batch.pid[row] = head.pid;
    batch.flags[row] = 0;
    if (watch.waiting || !((watch.lastNs[lane] as number) <= tNs)) {
      watch.record(lane, head.cpu, tNs, TRACE_STEP_NS, this.place);
    } else watch.lastNs[lane] = tNs;
    batch.length = row + 1;
    if ((((this.#commKnown[head.pid >>> 3] as number) >>> (head.pid & 7)) & 1) === 0) this.#learnComm(bytes, parser);
    if (head.fractionDigits !== 6) this.#otherTime(parser);
    this.form.records++;
  }

  /** Keeps a record as text. */
  keepText(system: string, name: string, text: string, bytes: Uint8Array, parser: RecordParser): void {
    const { batch } = this;
    batch.extras.delete(batch.length);
    batch.kind[batch.length] = Kind.OTHER;
    batch.a[batch.length] = batch.others.push({ system, name, fields: { text } }) - 1;
    this.commit(bytes, parser);
  }

  /** A record that another part of the engine turns into a row, later. */
  watchOnly(lane: number, cpu: number, tNs: number): void {
    this.watch.record(lane, cpu, tNs, TRACE_STEP_NS, this.place);
    this.form.records++;
  }

  timeOf(time: { readonly seconds: number; readonly nanos: number }): number {
    if (this.originSeconds < 0) this.#setOrigin(time.seconds);
    return (time.seconds - this.originSeconds) * NS + time.nanos;
  }

  /** Where the line in work stands, for people. */
  readonly place = (): string => this.placeOf(this.lineNumber, undefined);

  placeOf(lineNumber: number, offset: number | undefined): string {
    const file = this.#fileName === "" ? "" : `${this.#fileName}: `;
    return offset === undefined ? `${file}line ${lineNumber}` : `${file}line ${lineNumber} (byte ${offset})`;
  }

  laneOf(bytes: Uint8Array, parser: RecordParser): number {
    const { cpu } = parser.head;
    const prefixEnd = this.form.traceCmd ? parser.head.prefixEnd(bytes) : undefined;
    const buffer = prefixEnd === undefined ? "" : textOf(bytes, parser.head.from, prefixEnd).trim();
    const lane = this.laneOfCpu(cpu, buffer);
    // With several buffers the CPU alone does not tell.
    if (!this.form.traceCmd) {
      this.#lastCpu = cpu;
      this.#lastLane = lane;
    }
    return lane;
  }

  laneOfCpu(cpu: number, buffer: string): number {
    let lanes = buffer === "" ? this.#lanes : this.#lanesByBuffer.get(buffer);
    if (lanes === undefined) {
      if (this.#lanesByBuffer.size >= MAX_BUFFERS) return this.laneOfCpu(cpu, "");
      lanes = [];
      this.#lanesByBuffer.set(buffer, lanes);
    }
    const lane = lanes[cpu] ?? this.names.lane({ cpu, buffer, source: "trace-event" });
    lanes[cpu] = lane;
    if (buffer === "") this.memory?.knowLane(cpu, lane);
    return lane;
  }

  tooLong(offset: number): void {
    const place = this.placeOf(this.lineNumber, offset);
    const detail = `${place}: a line of more than ${MAX_LINE_BYTES} bytes is passed over`;
    this.watch.lossAnywhere("damaged", undefined, detail);
  }

  /** From here on lines may name their buffer. */
  sawTraceCmd(): void {
    this.form.traceCmd = true;
    this.#lastCpu = -1;
  }

  #setOrigin(seconds: number): void {
    this.originSeconds = seconds >= ORIGIN_SECONDS ? seconds : 0;
  }

  #learnComm(bytes: Uint8Array, parser: RecordParser): void {
    const { head } = parser;
    const comm = textOf(bytes, head.commFrom(bytes), head.dashAt);
    if (comm === "<...>" || this.comms.size >= MAX_COMMS) return;
    this.comms.set(head.pid, comm);
    const byte = head.pid >>> 3;
    this.#commKnown[byte] = (this.#commKnown[byte] as number) | (1 << (head.pid & 7));
  }

  /**
   * Rows of lines that the hot loop takes, from `from` on; so that all is known that it must not guess, TypeScript has read a
   * record of the same generation before, and nothing waits. @returns where it stopped.
   */
  takeHot(bytes: Uint8Array, from: number, end: number): number {
    const { memory, batch, watch, form } = this;
    if (!memory || watch.waiting || watch.lastNs !== memory.lastNs || this.unfinished || this.originSeconds < 0)
      return from;
    const { state } = memory;
    const before = batch.length;
    memory.originSeconds = this.originSeconds;
    state[Cell.ROW_LIMIT] = batch.capacity - 3;
    state[Cell.ROW] = before;
    state[Cell.LINES] = 0;
    state[Cell.WHOLE_TIMES] = 0;
    const at = memory.take(bytes, from, end);
    batch.length = state[Cell.ROW] as number;
    form.records += batch.length - before;
    this.lineNumber += state[Cell.LINES] as number;
    const whole = state[Cell.WHOLE_TIMES] as number;
    if (whole > 0) this.resolutionNs = 1;
    form.wholeTimes += whole;
    return at;
  }

  #otherTime(parser: RecordParser): void {
    this.resolutionNs = 1;
    if (parser.head.wholeNumber) this.form.wholeTimes++;
  }
}
