/**
 * The text of a trace in, rows of an `EventBatch` out. Bytes are scanned once; no object and no string is made for an
 * mhi_host record.
 *
 * `#scan` walks over whole lines. A line with a trace record's head goes `#record` -> `#commit`; every other line goes
 * to `#otherLine`, which may work with strings: headings, notes of loss, kernel messages, records behind a printk stamp.
 * A record whose body cannot be read waits (`#pending`) for the next line: a mail client may have wrapped it.
 */
import type { BatchNames } from "../batch.ts";
import { EventBatch, Kind } from "../batch.ts";
import type { Gap } from "../mhi-events.ts";
import { CR, LF } from "./byte-reader.ts";
import { messageDriver, messageEvent } from "./dynamic-debug.ts";
import { readFields } from "./field-body.ts";
import { TextForm } from "./form.ts";
import { type HeldRow, HeldRows } from "./held-rows.ts";
import { LaneWatch } from "./lane-watch.ts";
import { classify, type LineNote, MHI_EVENT_NAME, stripLine } from "./line-note.ts";
import { type LogLine, parseLogLine } from "./log-line.ts";
import { DOUBT_WRAP } from "./mhi-body.ts";
import { lineBytes, RecordParser, textOf } from "./record-parser.ts";

export { sniffText } from "./sniff.ts";

export interface TextEngineOptions {
  /** For gaps and notes. */
  readonly fileName?: string;
  /**
   * What messages of the driver become where no trace event has been seen yet: held back until the end of input or the
   * first trace event tells (`auto`), or typed events at once (`typed`, for a log that is followed live).
   */
  readonly messages?: "auto" | "typed";
  /** Rows of a batch. */
  readonly capacity?: number;
}

/** A line above this is no record of anything. */
export const MAX_LINE_BYTES = 65_536;
const MAX_JOINED_CHARACTERS = 600;
/** Times of one CPU's records are in order but for the rounding to microseconds. */
const TRACE_STEP_NS = 1_000;
/** printk takes its time before it takes its place in the log: CPUs may overtake each other. */
const LOG_STEP_NS = 10_000_000;
const NS = 1e9;
/** 2^52 ns: from here on doubles of nanoseconds need an origin. */
const ORIGIN_SECONDS = 4_503_599;
/** Longer than every literal and number that is read in one go. */
const READ_AHEAD_BYTES = 64;
const MAX_PID = 1 << 22;
const FULL = -1;

interface Pending {
  text: string;
  readonly lineNumber: number;
  readonly offset: number;
  /** It reads as a record, which may be the beginning of a longer one. */
  readonly whole: boolean;
}

export class TextEngine {
  readonly batch: EventBatch;
  /** Clock's value at `tNs` 0: a whole second, 0 unless times reach 2^52 ns. Set with the first row. */
  originNs = 0n;
  readonly #names: BatchNames;
  readonly #fileName: string;
  readonly #main: RecordParser;
  /** For lines that are looked at while another one is in work. */
  readonly #spare: RecordParser;
  readonly #form = new TextForm();
  readonly #watch = new LaneWatch();
  readonly #held: HeldRows;
  readonly #comms = new Map<number, string>();
  readonly #commKnown = new Uint8Array(MAX_PID);
  /** CPU -> lane, of the top-level buffer. */
  readonly #lanes: number[] = [];
  readonly #lanesByPrefix = new Map<string, number[]>();
  #logLane = -1;
  #carry = new Uint8Array(1024);
  #carryLength = 0;
  #skipping = false;
  /** Bytes taken so far; where the scanned bytes' index 0 lies in the input. */
  #taken = 0;
  #base = 0;
  #lineNumber = 1;
  #originSeconds: number | undefined;
  #pending: Pending | undefined;
  #unfinished = false;
  #finishing = false;
  #resolutionNs = 1000;
  #lastLogNs: number | undefined;
  #logLoss: { fromNs: number | undefined; lost: number | undefined; detail: string } | undefined;

  constructor(names: BatchNames, options: TextEngineOptions = {}) {
    this.#names = names;
    this.batch = new EventBatch(names, Math.max(8, options.capacity ?? 8192));
    this.#fileName = options.fileName ?? "";
    this.#main = new RecordParser(names);
    this.#spare = new RecordParser(names);
    this.#held = new HeldRows(options.messages === "typed" ? "log" : "open");
  }

  get gaps(): Gap[] {
    return this.#watch.gaps;
  }

  get comms(): ReadonlyMap<number, string> {
    return this.#comms;
  }

  get form(): string {
    this.#count();
    return this.#form.name;
  }

  get notes(): readonly string[] {
    this.#count();
    return this.#form.notes;
  }

  get generation(): "merged" | "v2" | undefined {
    return this.#main.body.generation ?? this.#spare.body.generation;
  }

  get clock(): string | undefined {
    return this.#form.clock;
  }

  /** Smallest step of the printed times, ns. */
  get resolutionNs(): number {
    return this.#resolutionNs;
  }

  /** Lines that are neither trace nor kernel messages of the driver, neither empty nor a heading. */
  get ignoredLines(): number {
    return this.#form.consoleLines;
  }

  /**
   * Takes bytes from `from`. Bytes of an unfinished line are kept.
   * @returns the next offset. Smaller than `chunk.length`: the batch is full; take it, clear it, call again.
   */
  append(chunk: Uint8Array, from: number): number {
    const bytes =
      chunk.constructor === Uint8Array ? chunk : new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    const next = this.#append(bytes, from);
    this.#taken += next - from;
    return next;
  }

  /**
   * End of input: the last line without line feed, what was held back, open losses.
   * @returns false: the batch is full; take it, clear it, call again.
   */
  finish(): boolean {
    if (!this.#finishing && this.#carryLength > 0) {
      if (!this.#finishLine()) return false;
    }
    this.#finishing = true;
    if (this.#pending) {
      if (!this.#room()) return false;
      this.#settle();
    }
    if (this.#held.witness === "open") this.#held.decide("log");
    this.#closeLogLoss(this.#lastLogNs ?? this.#watch.latestNs);
    if (!this.#release(Number.POSITIVE_INFINITY)) return false;
    this.#watch.finish((lane) => this.#names.lanes[lane]?.cpu ?? 0);
    return true;
  }

  #append(bytes: Uint8Array, from: number): number {
    let at = from;
    if (this.#skipping) {
      const feed = bytes.indexOf(LF, at);
      if (feed < 0) return bytes.length;
      this.#skipping = false;
      this.#lineNumber++;
      at = feed + 1;
    }
    if (this.#carryLength > 0) {
      at = this.#appendCarried(bytes, at);
      if (at === FULL) return from;
      if (this.#carryLength > 0 || this.#skipping) return at;
    }
    this.#base = this.#taken - from;
    const near = bytes.length - READ_AHEAD_BYTES;
    const end = near > at ? bytes.lastIndexOf(LF, near) + 1 : 0;
    if (end > at) {
      const next = this.#scan(bytes, at, end);
      if (next < end) return next;
      at = end;
    }
    const next = this.#lastLines(bytes, at);
    if (next <= bytes.lastIndexOf(LF)) return next;
    this.#keep(bytes, next, bytes.length);
    return bytes.length;
  }

  /** The readers compare several bytes at once and must not do so over the end of an array: V8 makes that slow for good. */
  #lastLines(bytes: Uint8Array, from: number): number {
    const end = bytes.lastIndexOf(LF) + 1;
    if (end <= from) return from;
    const padded = new Uint8Array(end - from + READ_AHEAD_BYTES);
    padded.set(bytes.subarray(from, end));
    this.#base += from;
    return from + this.#scan(padded, 0, end - from);
  }

  /** The line that an earlier chunk began. */
  #appendCarried(bytes: Uint8Array, from: number): number {
    const before = this.#carryLength;
    const feed = bytes.indexOf(LF, from);
    const to = feed < 0 ? bytes.length : feed + 1;
    this.#keep(bytes, from, to);
    if (feed < 0) return to;
    if (this.#skipping) {
      this.#skipping = false;
      this.#lineNumber++;
      return to;
    }
    this.#base = this.#taken - before;
    const length = this.#carryLength;
    if (this.#scan(this.#carry, 0, length) < length) {
      this.#carryLength = before;
      return FULL;
    }
    this.#carryLength = 0;
    return to;
  }

  #keep(bytes: Uint8Array, from: number, to: number): void {
    const length = this.#carryLength + to - from;
    const content = to > from && bytes[to - 1] === LF ? length - 1 : length;
    if (content > MAX_LINE_BYTES) {
      this.#tooLong();
      this.#carryLength = 0;
      this.#skipping = true;
      return;
    }
    if (length + READ_AHEAD_BYTES > this.#carry.length) {
      const larger = new Uint8Array(
        Math.max(length, Math.min(this.#carry.length * 2, MAX_LINE_BYTES + 1)) + READ_AHEAD_BYTES,
      );
      larger.set(this.#carry.subarray(0, this.#carryLength));
      this.#carry = larger;
    }
    this.#carry.set(bytes.subarray(from, to), this.#carryLength);
    this.#carryLength = length;
  }

  #finishLine(): boolean {
    const length = this.#carryLength;
    const line = new Uint8Array(length + 1 + READ_AHEAD_BYTES);
    line.set(this.#carry.subarray(0, length));
    line[length] = LF;
    this.#base = this.#taken - length;
    this.#unfinished = true;
    const done = this.#scan(line, 0, length + 1) > length;
    this.#unfinished = false;
    if (done) this.#carryLength = 0;
    return done;
  }

  #room(): boolean {
    return this.batch.length < this.batch.capacity - 3;
  }

  /** Whole lines from `from` to `end`. Smaller than `end`: the batch is full. */
  #scan(bytes: Uint8Array, from: number, end: number): number {
    let at = from;
    const { batch } = this;
    const limit = batch.capacity - 3;
    while (at < end) {
      if (bytes[at] === LF) {
        if (this.#pending && !this.#settleIfRoom()) return at;
        at++;
        this.#lineNumber++;
        continue;
      }
      if (batch.length >= limit) return at;
      const next = this.#line(bytes, at);
      if (next === FULL) return at;
      at = next;
      this.#lineNumber++;
    }
    return at;
  }

  /** @returns where the next line begins; FULL when nothing was taken. */
  #line(bytes: Uint8Array, at: number): number {
    const main = this.#main;
    main.nameAt = main.head.read(bytes, at);
    if (main.nameAt < 0) return this.#otherLine(bytes, at);
    return this.#record(bytes, at);
  }

  /** A line whose head is read. */
  #record(bytes: Uint8Array, at: number): number {
    if (this.#pending) this.#settle();
    const main = this.#main;
    const { batch } = this;
    const { head } = main;
    if (this.#originSeconds === undefined) this.#setOrigin(head.seconds);
    const tNs = (head.seconds - (this.#originSeconds as number)) * NS + head.nanos;
    const kind = main.name(bytes);
    if (this.#held.size > 0 || kind === 0) {
      if (kind !== 0) this.#traceIsWitness();
      if (this.#held.witness !== "open" && !this.#release(tNs)) return FULL;
      if (kind === 0) return this.#otherEvent(bytes, tNs);
    }
    const row = batch.length;
    const next = main.body.read(kind as Kind, batch, row, bytes);
    if (next < 0) return this.#unread(bytes, at, tNs);
    const { doubt } = main.body;
    if (doubt !== 0 && (this.#unfinished || (doubt & DOUBT_WRAP) !== 0)) return this.#doubtful(bytes, at, next, tNs);
    this.#commit(bytes, tNs);
    return next;
  }

  /** Counts the row that is filled, with what the head told. */
  #commit(bytes: Uint8Array, tNs: number, parser = this.#main): void {
    const { batch } = this;
    const { head } = parser;
    const row = batch.length;
    const lane = this.#laneOf(bytes, head.cpu, parser);
    batch.lane[row] = lane;
    batch.tNs[row] = tNs;
    batch.pid[row] = head.pid;
    batch.flags[row] = 0;
    this.#watch.record(lane, head.cpu, tNs, TRACE_STEP_NS, this.#where);
    batch.length = row + 1;
    if (this.#commKnown[head.pid] !== 1) this.#learnComm(bytes, parser);
    if (head.fractionDigits !== 6) this.#resolutionNs = 1;
    if (head.wholeNumber) this.#form.wholeTimes++;
    this.#form.records++;
    if (this.#held.witness === "log" && this.#held.typed > 0) this.#form.bothWitnesses = true;
  }

  readonly #where = (): string => this.#place(this.#lineNumber, undefined);

  #place(lineNumber: number, offset: number | undefined): string {
    const file = this.#fileName === "" ? "" : `${this.#fileName}: `;
    return offset === undefined ? `${file}line ${lineNumber}` : `${file}line ${lineNumber} (byte ${offset})`;
  }

  #setOrigin(seconds: number): void {
    this.#originSeconds = seconds >= ORIGIN_SECONDS ? seconds : 0;
    this.originNs = BigInt(this.#originSeconds) * 1_000_000_000n;
  }

  #timeOf(stamp: { readonly seconds: number; readonly nanos: number }): number {
    if (this.#originSeconds === undefined) this.#setOrigin(stamp.seconds);
    return (stamp.seconds - (this.#originSeconds ?? 0)) * NS + stamp.nanos;
  }

  #laneOf(bytes: Uint8Array, cpu: number, parser: RecordParser): number {
    let lanes = this.#lanes;
    let buffer = "";
    if (this.#form.traceCmd) {
      const end = parser.head.prefixEnd(bytes);
      if (end !== undefined) {
        buffer = textOf(bytes, parser.head.from, end).trim();
        lanes = this.#lanesByPrefix.get(buffer) ?? [];
        this.#lanesByPrefix.set(buffer, lanes);
      }
    }
    const known = lanes[cpu];
    if (known !== undefined) return known;
    const lane = this.#names.lane({ cpu, buffer, source: "trace-event" });
    lanes[cpu] = lane;
    return lane;
  }

  #learnComm(bytes: Uint8Array, parser: RecordParser): void {
    const { head } = parser;
    const from = head.commFrom(bytes);
    const comm = textOf(bytes, from, head.dashAt);
    if (comm === "<...>" || this.#comms.has(head.pid)) return;
    this.#comms.set(head.pid, comm);
    if (head.pid < MAX_PID) this.#commKnown[head.pid] = 1;
  }

  // ---- records of other events, and records that cannot be read

  #otherEvent(bytes: Uint8Array, tNs: number): number {
    const main = this.#main;
    const { nameAt } = main;
    const end = bytes.indexOf(LF, nameAt);
    const text = textOf(bytes, nameAt, bytes[end - 1] === CR ? end - 1 : end);
    const [, name, body = ""] = /^([\w.-]+): ?(.*)$/s.exec(text) ?? [];
    if (name === undefined && this.#unfinished) {
      this.#cut(bytes, tNs);
      return end + 1;
    }
    if (name === undefined) this.#form.otherTracer++;
    const marker = markerText(name, body);
    const other = {
      system: "",
      name: name ?? this.#form.tracer,
      fields: { text: (name === undefined ? text : body).trim() },
    };
    const { head } = main;
    if (this.#held.witness === "open" && this.#held.size > 0) {
      const lane = this.#laneOf(bytes, head.cpu, main);
      this.#watch.record(lane, head.cpu, tNs, TRACE_STEP_NS, this.#where);
      this.#form.records++;
      this.#held.push({ tNs, lane, pid: head.pid, other, ...(marker === undefined ? {} : { marker }) });
      return end + 1;
    }
    const { batch } = this;
    const row = batch.length;
    batch.kind[row] = marker === undefined ? Kind.OTHER : Kind.MARKER;
    batch.a[row] = marker === undefined ? batch.others.push(other) - 1 : batch.texts.push(marker) - 1;
    this.#commit(bytes, tNs);
    return end + 1;
  }

  /** The body of an mhi_host record that the reader refused. */
  #unread(bytes: Uint8Array, at: number, tNs: number): number {
    const main = this.#main;
    const end = bytes.indexOf(LF, main.nameAt);
    if (this.#readAsFields(bytes, end, main)) {
      if (this.#unfinished) this.#cut(bytes, tNs);
      else this.#commit(bytes, tNs);
      return end + 1;
    }
    if (this.#unfinished) this.#cut(bytes, tNs);
    else this.#wait(bytes, at, end, false);
    return end + 1;
  }

  #readAsFields(bytes: Uint8Array, end: number, parser: RecordParser): boolean {
    const text = textOf(bytes, parser.nameAt, end);
    if (!text.includes("name=") || parser.kind === 0) return false;
    if (!readFields(text, parser.kind, this.generation, this.batch, this.batch.length)) return false;
    this.#form.fields++;
    return true;
  }

  #doubtful(bytes: Uint8Array, at: number, next: number, tNs: number): number {
    if (this.#unfinished) this.#cut(bytes, tNs);
    else this.#wait(bytes, at, next - 1, true);
    return next;
  }

  #wait(bytes: Uint8Array, at: number, end: number, whole: boolean): void {
    const text = textOf(bytes, this.#main.head.from, bytes[end - 1] === CR ? end - 1 : end);
    this.#pending = { text, lineNumber: this.#lineNumber, offset: this.#base + at, whole };
  }

  #settleIfRoom(): boolean {
    if (!this.#room()) return false;
    this.#settle();
    return true;
  }

  /** No continuation came: the waiting line stands for itself. */
  #settle(): void {
    const pending = this.#pending;
    if (!pending) return;
    this.#pending = undefined;
    const spare = this.#spare;
    const bytes = lineBytes(pending.text);
    if (!spare.find(bytes, 0)) return;
    const tNs = this.#timeOf(spare.head);
    const kind = spare.name(bytes);
    if (kind !== 0 && pending.whole && spare.body.read(kind, this.batch, this.batch.length, bytes) > 0) {
      this.#commit(bytes, tNs, spare);
      return;
    }
    const text = textOf(bytes, spare.nameAt, bytes.indexOf(LF));
    this.#damaged(text, tNs, this.#place(pending.lineNumber, pending.offset), bytes, spare);
  }

  /** Whether the line goes on what waits. */
  #join(text: string): boolean {
    const pending = this.#pending;
    if (!pending) return false;
    const joined = `${pending.text.trimEnd()} ${text.trim()}`;
    const spare = this.#spare;
    const bytes = lineBytes(joined);
    if (joined.length > MAX_JOINED_CHARACTERS || !spare.find(bytes, 0)) return false;
    const kind = spare.name(bytes);
    if (kind === 0) return false;
    if (spare.body.read(kind, this.batch, this.batch.length, bytes) > 0) {
      this.#pending = undefined;
      this.#form.wrapped++;
      this.#commit(bytes, this.#timeOf(spare.head), spare);
      return true;
    }
    if (pending.whole) return false;
    pending.text = joined;
    return true;
  }

  /** A record was there and its content is not known: evidence is missing at that instant. */
  #damaged(text: string, tNs: number, place: string, bytes: Uint8Array, parser: RecordParser): void {
    const [, name = "", body = text] = /^([\w.-]+):\s*(.*)$/s.exec(text) ?? [];
    const detail = `${place}: ${name} is cut or worded as no known kernel prints it: "${body.trim().slice(0, 80)}"`;
    this.#watch.at(tNs, "damaged", parser.head.cpu, detail, 1);
    this.#keepText(name, body.trim(), bytes, tNs, parser);
  }

  /** The last line, which has no line feed and may go on. */
  #cut(bytes: Uint8Array, tNs: number): void {
    const main = this.#main;
    const text = textOf(bytes, main.nameAt, bytes.indexOf(LF));
    const place = this.#place(this.#lineNumber, this.#base);
    this.#watch.at(tNs, "cut", main.head.cpu, `${place}: the text ends inside the record "${text.slice(0, 80)}"`, 1);
    const [, name = "", body = text] = /^([\w.-]+):\s*(.*)$/s.exec(text) ?? [];
    this.#keepText(name, body.trim(), bytes, tNs, main);
  }

  #keepText(name: string, text: string, bytes: Uint8Array, tNs: number, parser: RecordParser): void {
    const { batch } = this;
    const row = batch.length;
    batch.extras.delete(row);
    batch.kind[row] = Kind.OTHER;
    batch.a[row] = batch.others.push({ system: parser.kind === 0 ? "" : "mhi_host", name, fields: { text } }) - 1;
    this.#commit(bytes, tNs, parser);
  }

  #tooLong(): void {
    const place = this.#place(this.#lineNumber, this.#taken - this.#carryLength);
    this.#watch.at(
      this.#watch.latestNs,
      "damaged",
      undefined,
      `${place}: a line of more than ${MAX_LINE_BYTES} bytes is passed over`,
    );
  }

  // ---- other lines

  #otherLine(bytes: Uint8Array, at: number): number {
    if (this.#main.findLatency(bytes, at)) {
      this.#form.latency ||= this.#main.head.relative;
      return this.#record(bytes, at);
    }
    const end = bytes.indexOf(LF, at);
    if (end - at > MAX_LINE_BYTES) {
      this.#watch.at(
        this.#watch.latestNs,
        "damaged",
        undefined,
        `${this.#place(this.#lineNumber, this.#base + at)}: a line of more than ${MAX_LINE_BYTES} bytes is passed over`,
      );
      return end + 1;
    }
    const raw = textOf(bytes, at, end);
    const text = stripLine(raw);
    if (text.trim() === "") return end + 1;
    const taken = this.#text(text, text !== raw, this.#base + at);
    return taken ? end + 1 : FULL;
  }

  /** @returns false: the batch is full and nothing was taken. */
  #text(text: string, changed: boolean, offset: number): boolean {
    const note = classify(text);
    if (note) {
      this.#note(note);
      return true;
    }
    const log = parseLogLine(text);
    if (log) return this.#logLine(log, text.slice(log.messageAt));
    if (changed) {
      const bytes = lineBytes(text);
      if (this.#main.find(bytes, 0)) return this.#record(bytes, 0) !== FULL;
    }
    this.#unknown(text, offset);
    return true;
  }

  #note(note: LineNote): void {
    const form = this.#form;
    const place = this.#where();
    if (note.kind === "loss") {
      const lane = this.#lanes[note.cpu] ?? this.#names.lane({ cpu: note.cpu, buffer: "", source: "trace-event" });
      this.#lanes[note.cpu] = lane;
      this.#watch.loss(lane, "overrun", note.lost, `${place}: ${note.detail}`, note.fromFirst);
      this.#form.dump ||= note.dump === true;
    } else if (note.kind === "overwritten") {
      this.#watch.loss(this.#anyLane(), "overrun", note.lost, `${place}: ${note.detail}`, true);
    } else if (note.kind === "tracer") form.tracer = note.tracer;
    if (note.form === "trace") form.traceHeading = true;
    else if (note.form === "trace-cmd") form.traceCmd = true;
    else if (note.form === "latency") form.latency = true;
    else if (note.form === "dump") form.dump = true;
  }

  #anyLane(): number {
    return this.#lanes.find((lane) => lane !== undefined) ?? 0;
  }

  #unknown(text: string, offset: number): void {
    if (this.#join(text)) return;
    if (this.#pending) this.#settle();
    const place = this.#place(this.#lineNumber, offset);
    if (MHI_EVENT_NAME.test(text)) {
      const reason = this.#unfinished ? "cut" : "damaged";
      this.#watch.at(
        this.#watch.latestNs,
        reason,
        undefined,
        `${place}: no time, CPU and task before "${text.trim().slice(0, 80)}"`,
        1,
      );
    } else if (this.#unfinished && this.#looksCut(text)) {
      this.#watch.at(
        this.#watch.latestNs,
        "cut",
        undefined,
        `${place}: the text ends inside the line "${text.slice(0, 80)}"`,
      );
    }
    this.#form.consoleLines++;
  }

  /** In pure trace text every rest of a line is a cut one; among console output only one that begins as a record does. */
  #looksCut(text: string): boolean {
    if (this.#form.records > 0 && this.#form.consoleLines === 0 && this.#form.logLines === 0) return true;
    return /-\d+\s+\[\d+|^\s*\[\s*\d+\.?\d*$/.test(text);
  }

  // ---- the kernel's log

  #logLine(log: LogLine, message: string): boolean {
    const inner = classify(message);
    if (inner?.kind === "printk-loss") {
      this.#form.logLines++;
      this.#logLoss ??= { fromNs: this.#lastLogNs, lost: 0, detail: `${this.#where()}: ${inner.detail}` };
      this.#logLoss.lost = (this.#logLoss.lost ?? 0) + (inner.lost ?? 0);
      return true;
    }
    if (inner && inner.kind !== "heading") {
      this.#note(inner);
      return true;
    }
    if (inner?.form === "dump") {
      this.#note(inner);
      return true;
    }
    const bytes = lineBytes(message);
    if (this.#main.find(bytes, 0)) {
      this.#form.latency ||= this.#main.head.relative;
      return this.#record(bytes, 0) !== FULL;
    }
    const tNs = this.#timeOf(log);
    this.#closeLogLoss(tNs);
    this.#lastLogNs = tNs;
    this.#form.logLines++;
    if (log.clock === "wall") this.#form.wallClock++;
    if (!/mhi/i.test(message) || (this.#unfinished && !message.endsWith(" "))) {
      if (this.#unfinished && /mhi/i.test(message)) {
        this.#watch.at(
          tNs,
          "cut",
          undefined,
          `${this.#where()}: the text ends inside the message "${message.slice(0, 80)}"`,
        );
      }
      this.#form.consoleLines++;
      return true;
    }
    return this.#driverMessage(log, message.trimEnd(), tNs);
  }

  #driverMessage(log: LogLine, message: string, tNs: number): boolean {
    if (this.#pending) this.#settle();
    if (this.#logLane < 0) this.#logLane = this.#names.lane({ cpu: 0, buffer: "", source: "dynamic-debug" });
    const lane =
      log.cpu === 0 ? this.#logLane : this.#names.lane({ cpu: log.cpu, buffer: "", source: "dynamic-debug" });
    const other = { system: "kernel log", name: messageDriver(message), fields: { text: message } };
    this.#held.push({ tNs, lane, pid: log.pid, event: messageEvent(message), other });
    if (this.#held.witness === "log") this.#release(Number.POSITIVE_INFINITY);
    return true;
  }

  #closeLogLoss(toNs: number): void {
    const loss = this.#logLoss;
    if (!loss) return;
    this.#logLoss = undefined;
    const fromNs = Math.min(loss.fromNs ?? this.#watch.firstNs ?? toNs, toNs);
    const { lost, detail } = loss;
    const gap: Gap = { fromNs, toNs, reason: "dropped", ...(lost === undefined || lost === 0 ? {} : { lost }), detail };
    this.#held.push({ tNs: toNs, lane: 0, pid: 0, gap });
  }

  #traceIsWitness(): void {
    if (this.#held.witness === "open") this.#held.decide("trace");
  }

  #release(tNs: number): boolean {
    return this.#held.release(tNs, this.batch, this.#onLog);
  }

  /** A message that is a witness: its order and what the log lost count. */
  readonly #onLog = (row: HeldRow): void => {
    if (row.gap) this.#watch.gaps.push(row.gap);
    else if (row.event) this.#watch.record(row.lane, 0, row.tNs, LOG_STEP_NS, this.#where);
  };

  #count(): void {
    this.#form.messagesTyped = this.#held.typed;
    this.#form.messagesAsText = this.#held.untyped;
    this.#form.droppedMessages = this.#held.witness === "trace" ? this.#held.droppedMessages : 0;
  }
}

/**
 * Text of a marker. The kernel prints one as `tracing_mark_write`; trace-cmd as the event `print`, with the name of the
 * writing function or its address first.
 */
function markerText(name: string | undefined, body: string): string | undefined {
  if (name === "tracing_mark_write") return body.trimEnd();
  return name === "print" ? body.replace(/^\s*(?:[\w.]+\+?\S*): /, "").trimEnd() : undefined;
}
