/**
 * Messages of the driver that wait until it is known what they are good for. A log may hold the same transitions twice:
 * as messages, and as trace events further down. Where trace events come, they are the witness and the messages are kept
 * as text, in time order between them; where none come, the messages are the witness.
 */
import type { EventBatch, OtherRecord } from "../batch.ts";
import { Kind } from "../batch.ts";
import type { Gap } from "../mhi-events.ts";
import type { MessageEvent } from "./dynamic-debug.ts";

export interface HeldRow {
  readonly tNs: number;
  readonly lane: number;
  readonly pid: number;
  /** What the message states, where it states something. */
  readonly event?: MessageEvent | undefined;
  readonly other?: OtherRecord;
  readonly marker?: string;
  /** Where the line stands, for people. */
  readonly place?: string;
  /** Messages that the log itself lost, in place of a row. */
  readonly gap?: Gap;
}

/** printk takes its time before it takes its place in the log: CPUs may overtake each other. */
export const LOG_STEP_NS = 10_000_000;
/** Messages are some hundred bytes each: 16 MB at most. */
const MAX_HELD = 65_536;

export class HeldRows {
  /** `open`: nobody knows yet. `trace`, `log`: which of the two is the witness. */
  witness: "open" | "trace" | "log";
  #rows: HeldRow[] = [];
  #next = 0;
  #lastNs = Number.NEGATIVE_INFINITY;
  /** The log's clock went back between two messages. */
  #stepped = false;
  /** Messages that became typed events, and those that were kept as text although they state something. */
  typed = 0;
  untyped = 0;
  droppedMessages = 0;

  constructor(witness: "open" | "log") {
    this.witness = witness;
  }

  get size(): number {
    return this.#rows.length - this.#next;
  }

  push(row: HeldRow): void {
    if (row.event && row.tNs + LOG_STEP_NS < this.#lastNs) this.#stepped = true;
    if (row.event) this.#lastNs = row.tNs;
    this.#rows.push(row);
    if (this.witness === "open" && this.size > MAX_HELD) this.decide("log");
  }

  decide(witness: "trace" | "log"): void {
    this.witness = witness;
    this.#rows = this.#rows.slice(this.#next);
    // Sorting would hide a reboot.
    if (!this.#stepped || witness === "trace") this.#rows.sort((one, other) => one.tNs - other.tNs);
    this.#next = 0;
  }

  /**
   * Hands out what is due by `tNs`, as long as the batch has room.
   * @returns whether all of it is out.
   */
  release(tNs: number, batch: EventBatch, onLog: (row: HeldRow) => void): boolean {
    for (;;) {
      const row = this.#rows[this.#next];
      if (row === undefined || row.tNs > tNs) break;
      if (batch.length >= batch.capacity - 1) return false;
      this.#next++;
      this.#emit(row, batch, onLog);
    }
    if (this.#next === this.#rows.length) {
      this.#rows = [];
      this.#next = 0;
    }
    return true;
  }

  #emit(row: HeldRow, batch: EventBatch, onLog: (row: HeldRow) => void): void {
    const typed = this.witness === "log" ? row.event : undefined;
    if (this.witness === "log") onLog(row);
    if (row.gap) {
      this.droppedMessages += row.gap.lost ?? 0;
      return;
    }
    const at = batch.length;
    batch.tNs[at] = row.tNs;
    batch.lane[at] = row.lane;
    batch.pid[at] = row.pid;
    batch.flags[at] = 0;
    if (typed) this.#fill(typed, batch, at);
    else if (row.marker !== undefined) {
      batch.kind[at] = Kind.MARKER;
      batch.a[at] = batch.texts.push(row.marker) - 1;
    } else {
      if (row.event) this.untyped++;
      batch.kind[at] = Kind.OTHER;
      batch.a[at] = batch.others.push(row.other ?? { system: "", name: "", fields: {} }) - 1;
    }
    batch.length = at + 1;
  }

  #fill(event: MessageEvent, batch: EventBatch, at: number): void {
    this.typed++;
    batch.kind[at] = event.kind;
    batch.controller[at] = batch.names.controller(event.controller);
    batch.a[at] = event.a;
    batch.b[at] = event.b ?? 0;
    batch.c[at] = event.c ?? 0;
    batch.d[at] = event.d ?? 0;
    batch.ptrLow[at] = 0;
    batch.ptrHigh[at] = 0;
    batch.slotLow[at] = 0;
    batch.slotHigh[at] = 0;
  }
}
