/** Lines that do not begin as trace records do: headings, notes of loss, the kernel's log, what a console shows besides. */
import type { Gap } from "../mhi-events.ts";
import { LF } from "./byte-reader.ts";
import { messageDriver, messageEvent } from "./dynamic-debug.ts";
import type { HeldRows } from "./held-rows.ts";
import { MAX_LINE_BYTES } from "./line-feeder.ts";
import { classify, type LineNote, MHI_EVENT_NAME, stripLine } from "./line-note.ts";
import { type LogLine, parseLogLine } from "./log-line.ts";
import { lineBytes, textOf } from "./record-parser.ts";
import { FULL, type Records } from "./records.ts";
import type { Rows } from "./rows.ts";

/** A record's head that a mail client wrapped before the event's name. */
const HEAD_ONLY = /-\d+ .*\[\d+\] .*\d:\s*$/;
const MAX_HEAD_CHARACTERS = 512;
/** The kernel's log has 1024 bytes a message at most; patterns that look for more take the square of a line's length. */
const MAX_LOG_CHARACTERS = 2048;
const DRIVER = /mhi/i;

export class OtherLines {
  readonly #rows: Rows;
  readonly #records: Records;
  readonly #held: HeldRows;
  #lastLogNs: number | undefined;
  #logLoss: { readonly fromNs: number | undefined; lost: number; readonly detail: string } | undefined;

  constructor(rows: Rows, records: Records, held: HeldRows) {
    this.#rows = rows;
    this.#records = records;
    this.#held = held;
  }

  /** @returns where the next line begins; FULL. */
  line(bytes: Uint8Array, at: number, offset: number): number {
    const end = bytes.indexOf(LF, at);
    if (end - at > MAX_LINE_BYTES) {
      this.#rows.tooLong(offset + at);
      return end + 1;
    }
    const { main } = this.#records;
    if (main.findLatency(bytes, at)) {
      this.#rows.form.latency ||= main.head.relative;
      return this.#records.record(bytes, at, offset);
    }
    const raw = textOf(bytes, at, end);
    const text = stripLine(raw);
    if (text.trim() === "") {
      this.#records.settle();
      return end + 1;
    }
    return this.#text(text, text !== raw, offset + at) ? end + 1 : FULL;
  }

  /** Losses of the log that no further message ends. */
  finish(): void {
    this.#closeLogLoss(this.#lastLogNs ?? this.#rows.watch.latestNs);
  }

  /** @returns false: the batch is full and nothing was taken. */
  #text(whole: string, changed: boolean, offset: number): boolean {
    const text = whole.length > MAX_LOG_CHARACTERS ? whole.slice(0, MAX_LOG_CHARACTERS) : whole;
    const note = classify(text);
    if (note) {
      this.#note(note);
      return true;
    }
    const log = parseLogLine(text);
    if (log) return this.#logLine(log, text.slice(log.messageAt), offset);
    if (changed) {
      const bytes = lineBytes(whole);
      if (this.#records.main.find(bytes, 0)) return this.#records.record(bytes, 0, offset) !== FULL;
    }
    this.#unknown(whole, offset);
    return true;
  }

  #note(note: LineNote): void {
    const { form, watch } = this.#rows;
    const place = this.#rows.place();
    if (note.form === "trace") form.traceHeading = true;
    else if (note.form === "trace-cmd") this.#rows.sawTraceCmd();
    else if (note.form === "latency") form.latency = true;
    else if (note.form === "dump") form.dump = true;
    if (note.kind === "loss") {
      const lane = this.#rows.laneOfCpu(note.cpu, note.buffer ?? "");
      watch.loss(lane, "overrun", note.lost, `${place}: ${note.detail}`, note.fromFirst);
    } else if (note.kind === "overwritten") watch.lossAnywhere("overrun", note.lost, `${place}: ${note.detail}`);
    else if (note.kind === "tracer") form.tracer = note.tracer;
    else if (note.kind === "printk-loss") {
      form.logLines++;
      this.#logLoss ??= { fromNs: this.#lastLogNs, lost: 0, detail: `${place}: ${note.detail}` };
      this.#logLoss.lost += note.lost ?? 0;
    }
  }

  #unknown(text: string, offset: number): void {
    if (this.#records.join(text)) return;
    this.#records.settle();
    const { form, watch, unfinished } = this.#rows;
    if (text.length <= MAX_HEAD_CHARACTERS && HEAD_ONLY.test(text) && !unfinished) {
      this.#records.waitForName(text, offset);
      return;
    }
    const place = this.#rows.placeOf(this.#rows.lineNumber, offset);
    const shown = text.trim().slice(0, 80);
    if (MHI_EVENT_NAME.test(text)) {
      const detail = `${place}: no time, CPU and task before "${shown}"`;
      watch.lossAnywhere(unfinished ? "cut" : "damaged", 1, detail);
    } else if (unfinished && this.#looksCut(text)) {
      watch.at(watch.latestNs, "cut", undefined, `${place}: the text ends inside the line "${shown}"`);
    }
    form.consoleLines++;
  }

  /** In pure trace text every rest of a line is a cut one; among console output only one that begins as a record does. */
  #looksCut(text: string): boolean {
    const { records, consoleLines, logLines } = this.#rows.form;
    if (records > 0 && consoleLines === 0 && logLines === 0) return true;
    return /-\d+\s+(?:\(.*\)\s+)?\[\d*|^\s*\[\s*\d*\.?\d*$/.test(text.slice(0, MAX_HEAD_CHARACTERS));
  }

  #logLine(log: LogLine, message: string, offset: number): boolean {
    const inner = classify(message);
    // Every message may begin with "#" or "cpus="; only what is no heading counts.
    if (inner && (inner.kind === "loss" || inner.kind === "printk-loss" || inner.form === "dump")) {
      this.#note(inner);
      return true;
    }
    const bytes = lineBytes(message);
    const { main } = this.#records;
    if (main.find(bytes, 0)) {
      this.#rows.form.latency ||= main.head.relative;
      return this.#records.record(bytes, 0, offset) !== FULL;
    }
    const tNs = this.#rows.timeOf(log);
    this.#closeLogLoss(tNs);
    this.#lastLogNs = tNs;
    const { form, unfinished } = this.#rows;
    form.logLines++;
    if (DRIVER.test(message)) {
      if (unfinished) this.#cutMessage(message, tNs, offset);
      else this.#driverMessage(log, message.trimEnd(), tNs);
    } else form.consoleLines++;
    return true;
  }

  #cutMessage(message: string, tNs: number, offset: number): void {
    const place = this.#rows.placeOf(this.#rows.lineNumber, offset);
    const detail = `${place}: the text ends inside the message "${message.slice(0, 80)}"`;
    this.#held.push({ tNs, lane: 0, pid: 0, gap: { fromNs: tNs, toNs: tNs, reason: "cut", detail } });
  }

  #driverMessage(log: LogLine, message: string, tNs: number): void {
    this.#records.settle();
    if (log.clock === "wall") this.#rows.form.wallClock++;
    const lane = this.#rows.names.lane({ cpu: log.cpu, buffer: "", source: "dynamic-debug" });
    const other = { system: "kernel log", name: messageDriver(message), fields: { text: message } };
    this.#held.push({ tNs, lane, pid: log.pid, event: messageEvent(message), other, place: this.#rows.place() });
  }

  #closeLogLoss(toNs: number): void {
    const loss = this.#logLoss;
    if (!loss) return;
    this.#logLoss = undefined;
    const fromNs = Math.min(loss.fromNs ?? this.#rows.watch.firstNs ?? toNs, toNs);
    const { lost, detail } = loss;
    const gap: Gap = { fromNs, toNs, reason: "dropped", ...(lost === 0 ? {} : { lost }), detail };
    this.#held.push({ tNs: toNs, lane: 0, pid: 0, gap });
  }
}
