/**
 * Lines that are trace records -> rows. A record whose body cannot be read, or may be the beginning of a longer one, waits
 * for the next line: a mail client may have wrapped it.
 */
import { Kind } from "../batch.ts";
import { CR, LF } from "./byte-reader.ts";
import { readFields } from "./field-body.ts";
import { type HeldRow, type HeldRows, LOG_STEP_NS } from "./held-rows.ts";
import { MAX_LINE_BYTES } from "./line-feeder.ts";
import { stripLine } from "./line-note.ts";
import { DOUBT_WRAP } from "./mhi-body.ts";
import { lineBytes, RecordParser, textOf } from "./record-parser.ts";
import type { Rows } from "./rows.ts";

/** No room in the batch: nothing was taken of the line. */
export const FULL = -1;
const ESCAPE = "\u001b";
const MAX_JOINED_CHARACTERS = 600;

interface Waiting {
  text: string;
  readonly lineNumber: number;
  readonly offset: number;
  /** It reads as a record, which may be the beginning of a longer one. */
  readonly whole: boolean;
}

export class Records {
  readonly main: RecordParser;
  /** For lines that are looked at while another one is in work. */
  readonly #spare: RecordParser;
  readonly #rows: Rows;
  readonly #held: HeldRows;
  #waiting: Waiting | undefined;
  /** Some mhi_host record was there. */
  #traceSeen = false;

  constructor(rows: Rows, held: HeldRows) {
    this.#rows = rows;
    this.#held = held;
    this.main = new RecordParser(rows.names, (name, id) => rows.memory?.knowController(name, id));
    this.#spare = new RecordParser(rows.names);
  }

  get generation(): "merged" | "v2" | undefined {
    return this.main.body.generation ?? this.#spare.body.generation;
  }

  get waiting(): boolean {
    return this.#waiting !== undefined;
  }

  /** Nothing that a line after the next ones could change: they may be taken without a look at what was before. */
  get settled(): boolean {
    const plain = this.#waiting === undefined && this.#held.size === 0;
    return plain && this.#traceSeen && this.main.body.generation === "merged";
  }

  /** A line whose head `main` has read. @returns where the next line begins; FULL. */
  record(bytes: Uint8Array, at: number, offset: number): number {
    if (this.#waiting !== undefined) this.settle();
    const { main } = this;
    const { batch } = this.#rows;
    const kind = main.name(bytes);
    if (kind !== 0 && !this.#traceSeen) this.#traceIsWitness();
    if (this.#held.size > 0 || kind === 0) {
      if (this.#held.witness !== "open" && !this.release(this.#rows.timeOf(main.head))) return FULL;
      if (kind === 0) return this.#otherEvent(bytes, at, offset);
    }
    const next = main.body.read(kind as Kind, batch, batch.length, bytes);
    if (next < 0) return this.#unread(bytes, at, offset);
    const { doubt } = main.body;
    if (doubt !== 0 && (this.#rows.unfinished || (doubt & DOUBT_WRAP) !== 0)) {
      return this.#doubtful(bytes, next, offset + at);
    }
    if (next - at > MAX_LINE_BYTES + 1) return this.#tooLong(next, offset + at);
    this.#rows.commit(bytes, main);
    return next;
  }

  #tooLong(next: number, offset: number): number {
    this.#rows.tooLong(offset);
    return next;
  }

  /** Hands out what was held back up to `tNs`. False: no room for all of it. */
  release(tNs: number): boolean {
    return this.#held.release(tNs, this.#rows.batch, this.#onLog);
  }

  /** A message that is a witness: its order and what the log lost count. */
  readonly #onLog = (row: HeldRow): void => {
    if (row.gap) this.#rows.watch.push(row.gap);
    else if (row.event) this.#rows.watch.record(row.lane, 0, row.tNs, LOG_STEP_NS, () => row.place ?? "");
  };

  #traceIsWitness(): void {
    this.#traceSeen = true;
    if (this.#held.witness === "open") this.#held.decide("trace");
    if (this.#held.typed > 0) this.#rows.form.bothWitnesses = true;
  }

  #otherEvent(bytes: Uint8Array, at: number, offset: number): number {
    const { main } = this;
    const { form, batch, unfinished } = this.#rows;
    const end = bytes.indexOf(LF, main.nameAt);
    if (end - at > MAX_LINE_BYTES) return this.#tooLong(end + 1, offset + at);
    const text = textOf(bytes, main.nameAt, bytes[end - 1] === CR ? end - 1 : end);
    if (text.includes(ESCAPE)) return this.#withoutEscapes(bytes, at, end, offset);
    const [, name, body = ""] = /^([\w.-]+): ?(.*)$/s.exec(text) ?? [];
    if (name === undefined && unfinished) {
      this.#cut(bytes, offset + at);
      return end + 1;
    }
    if (name === undefined) form.otherTracer++;
    const marker = markerText(name, body);
    const other = {
      system: "",
      name: name ?? form.tracerName,
      fields: { text: (name === undefined ? text : body).trim() },
    };
    if (this.#held.witness === "open" && this.#held.size > 0) {
      const { cpu, pid } = main.head;
      const tNs = this.#rows.timeOf(main.head);
      const lane = this.#rows.laneOf(bytes, main);
      this.#rows.watchOnly(lane, cpu, tNs);
      this.#held.push({ tNs, lane, pid, other, ...(marker === undefined ? {} : { marker }) });
      return end + 1;
    }
    const row = batch.length;
    batch.kind[row] = marker === undefined ? Kind.OTHER : Kind.MARKER;
    batch.a[row] = marker === undefined ? batch.others.push(other) - 1 : batch.texts.push(marker) - 1;
    this.#rows.commit(bytes, main);
    return end + 1;
  }

  /** The body of an mhi_host record that the reader refused: perhaps a list of its fields. */
  #unread(bytes: Uint8Array, at: number, base: number): number {
    const { main } = this;
    const end = bytes.indexOf(LF, main.nameAt);
    const offset = base + at;
    if (end - at > MAX_LINE_BYTES) return this.#tooLong(end + 1, offset);
    const text = textOf(bytes, main.nameAt, end);
    if (text.includes(ESCAPE)) return this.#withoutEscapes(bytes, at, end, base);
    const asFields = this.#readAsFields(text);
    // A number without an end may lack digits.
    if (this.#rows.unfinished) this.#cut(bytes, offset);
    else if (asFields) this.#rows.commit(bytes, main);
    else this.#wait(bytes, end, offset, false);
    return end + 1;
  }

  /** A terminal's colours inside the record. */
  #withoutEscapes(bytes: Uint8Array, at: number, end: number, offset: number): number {
    const plain = lineBytes(stripLine(textOf(bytes, at, end)).replaceAll(ESCAPE, ""));
    if (!this.main.find(plain, 0)) return end + 1;
    return this.record(plain, 0, offset + at) === FULL ? FULL : end + 1;
  }

  #readAsFields(text: string): boolean {
    const { kind } = this.main;
    if (!text.includes("name=") || kind === 0) return false;
    const { batch } = this.#rows;
    return readFields(text, kind, this.generation, batch, batch.length);
  }

  #doubtful(bytes: Uint8Array, next: number, offset: number): number {
    if (this.#rows.unfinished) this.#cut(bytes, offset);
    else this.#wait(bytes, next - 1, offset, true);
    return next;
  }

  /** A line that ends before the event's name. */
  waitForName(text: string, offset: number): void {
    this.#waiting = { text, lineNumber: this.#rows.lineNumber, offset, whole: false };
  }

  #wait(bytes: Uint8Array, end: number, offset: number, whole: boolean): void {
    const text = textOf(bytes, this.main.head.from, bytes[end - 1] === CR ? end - 1 : end);
    this.#waiting = { text, lineNumber: this.#rows.lineNumber, offset, whole };
  }

  /** No continuation came: the waiting line stands for itself. */
  settle(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    const spare = this.#spare;
    const bytes = lineBytes(waiting.text);
    if (!spare.find(bytes, 0)) {
      this.#rows.form.consoleLines++;
      return;
    }
    const kind = spare.name(bytes);
    const { batch } = this.#rows;
    if (kind !== 0 && waiting.whole && spare.body.read(kind, batch, batch.length, bytes) > 0) {
      this.#rows.commit(bytes, spare);
      return;
    }
    // A record was there and its content is not known: evidence is missing at that instant.
    const { name, text } = named(textOf(bytes, spare.nameAt, bytes.indexOf(LF)));
    const place = this.#rows.placeOf(waiting.lineNumber, waiting.offset);
    const detail = `${place}: ${name} is cut or worded as no known kernel prints it: "${text.slice(0, 80)}"`;
    this.#rows.watch.at(this.#rows.timeOf(spare.head), "damaged", spare.head.cpu, detail, 1);
    this.#rows.keepText("mhi_host", name, text, bytes, spare);
  }

  /** Whether the line goes on what waits. */
  join(text: string): boolean {
    const waiting = this.#waiting;
    if (waiting === undefined) return false;
    const joined = `${waiting.text.trimEnd()} ${text.trim()}`;
    const spare = this.#spare;
    const bytes = lineBytes(joined);
    if (joined.length > MAX_JOINED_CHARACTERS || !spare.find(bytes, 0)) return false;
    const kind = spare.name(bytes);
    const { batch, form } = this.#rows;
    if (kind === 0) return false;
    if (spare.body.read(kind, batch, batch.length, bytes) > 0) {
      this.#waiting = undefined;
      form.wrapped++;
      this.#rows.commit(bytes, spare);
      return true;
    }
    if (waiting.whole) return false;
    waiting.text = joined;
    return true;
  }

  /** The last line, which has no line feed and may go on. */
  #cut(bytes: Uint8Array, offset: number): void {
    const { main } = this;
    const { name, text } = named(textOf(bytes, main.nameAt, bytes.indexOf(LF, main.nameAt)));
    const place = this.#rows.placeOf(this.#rows.lineNumber, offset);
    const detail = `${place}: the text ends inside the record "${`${name} ${text}`.trim().slice(0, 80)}"`;
    this.#rows.watch.at(this.#rows.timeOf(main.head), "cut", main.head.cpu, detail, 1);
    this.#rows.keepText(main.kind === 0 ? "" : "mhi_host", name, text, bytes, main);
  }
}

function named(record: string): { readonly name: string; readonly text: string } {
  const [, name = "", text = record] = /^([\w.-]+):\s*(.*)$/s.exec(record) ?? [];
  return { name, text: text.trim() };
}

/**
 * Text of a marker. The kernel prints one as `tracing_mark_write`; trace-cmd as the event `print`, with the name of the
 * writing function or its address first (`report -R`: ` ip= (0x...) buf=`).
 */
function markerText(name: string | undefined, body: string): string | undefined {
  if (name === "tracing_mark_write") return body.trimEnd();
  return name === "print" ? body.replace(/^\s*(?:ip=\s*\S+ buf=|(?:[\w.]+\+?\S*): )/, "").trimEnd() : undefined;
}
