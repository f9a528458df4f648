/**
 * Typed events in columns: what every reader of a recording makes and what the judge takes. A row is an event; which
 * columns mean something, and what, is told by its kind:
 *
 *   kind        a            b             c          d             ptr              slot
 *   PM          PmState
 *   WORKER      WorkerItem
 *   INTVEC      local EE     local state   device EE  device state
 *   CTRL, DATA  dword0       dword1                                 element's ptr    where the element stood (rp)
 *   TRE         dword0       dword1        channel                  buffer           where the TRE stands (wp)
 *   CHAN_START,
 *   CHAN_END    command                    channel
 *   MARKER      index in `texts`
 *   OTHER       index in `others`
 *
 * Numbers are this project's own (harness/mhi), whatever numbers the recording's kernel used. Columns that a kind does
 * not use hold rubbish. A batch is used again by its maker: what outlives the next step must be copied, which `event`
 * does.
 */
import type { Nanoseconds } from "../base/clock.ts";
import { elementChannel, elementCode, elementLength, elementType } from "../mhi/ring-element.ts";
import type { OtherEvent, TraceEvent, WitnessSource } from "./mhi-events.ts";

export const Kind = {
  PM: 1,
  WORKER: 2,
  INTVEC: 3,
  CTRL: 4,
  DATA: 5,
  TRE: 6,
  CHAN_START: 7,
  CHAN_END: 8,
  MARKER: 9,
  OTHER: 10,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** Where a row was recorded: one CPU of one buffer of one recording. */
export interface Lane {
  readonly cpu: number;
  /** Name of the tracefs instance; empty for the top-level buffer and for text. */
  readonly buffer: string;
  readonly source: WitnessSource;
}

/** No host has as many. In a recording of rubbish every record may name another one: the last name stands for all that follow. */
const MAX_CONTROLLERS = 4096;

/** Names that rows point to by number. One for all batches of a recording. */
export class BatchNames {
  readonly lanes: Lane[] = [];
  readonly controllers: string[] = [];
  readonly #controllerIds = new Map<string, number>();

  lane(lane: Lane): number {
    const found = this.lanes.findIndex(
      ({ cpu, buffer, source }) => cpu === lane.cpu && buffer === lane.buffer && source === lane.source,
    );
    return found < 0 ? this.lanes.push(lane) - 1 : found;
  }

  controller(name: string): number {
    const found = this.#controllerIds.get(name);
    if (found !== undefined) return found;
    if (this.controllers.length >= MAX_CONTROLLERS) return this.controllers.length - 1;
    const last = this.controllers.length === MAX_CONTROLLERS - 1;
    const id = this.controllers.push(last ? `(more than ${MAX_CONTROLLERS} controllers)` : name) - 1;
    this.#controllerIds.set(name, id);
    return id;
  }
}

/** Of all columns of a row, and how many columns there are. */
const ROW_BYTES = 51;
const COLUMNS = 14;
/** Between two columns: without it all of them would want the same few lines of the processor's cache. */
const COLUMN_GAP = 192;
export const columnBytes = (capacity: number): number => capacity * ROW_BYTES + COLUMNS * COLUMN_GAP;

/** What an OTHER row holds beside its head. */
export type OtherRecord = Pick<OtherEvent, "system" | "name" | "fields">;
export type ExtraFields = Readonly<Record<string, string | number>>;

export class EventBatch {
  /** Rows that are filled. */
  length = 0;
  readonly capacity: number;
  readonly kind: Uint8Array;
  /** Index in `names.lanes`. */
  readonly lane: Uint16Array;
  /** Nanoseconds on the recording's axis: add the recording's `originNs` for the clock's own value. */
  readonly tNs: Float64Array;
  readonly pid: Int32Array;
  /** common_flags | common_preempt_count << 8; 0 from text. */
  readonly flags: Uint16Array;
  /** Index in `names.controllers`; of MHI rows only. */
  readonly controller: Uint16Array;
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly c: Int32Array;
  readonly d: Int32Array;
  readonly ptrLow: Uint32Array;
  readonly ptrHigh: Uint32Array;
  readonly slotLow: Uint32Array;
  readonly slotHigh: Uint32Array;
  readonly texts: string[] = [];
  readonly others: OtherRecord[] = [];
  /** Row -> fields that an MHI event has beyond those that this version knows. */
  readonly extras = new Map<number, ExtraFields>();
  readonly names: BatchNames;

  /** @param memory - where the columns stand, from byte `at` (a multiple of 8) on: `columnBytes` of it. */
  constructor(names: BatchNames, capacity = 8192, memory?: ArrayBuffer, at = 0) {
    this.names = names;
    this.capacity = capacity;
    const buffer = memory ?? new ArrayBuffer(columnBytes(capacity));
    let next = at;
    const column = (width: number): number => {
      const own = next;
      next += capacity * width + COLUMN_GAP;
      return own;
    };
    this.tNs = new Float64Array(buffer, column(8), capacity);
    this.pid = new Int32Array(buffer, column(4), capacity);
    this.a = new Int32Array(buffer, column(4), capacity);
    this.b = new Int32Array(buffer, column(4), capacity);
    this.c = new Int32Array(buffer, column(4), capacity);
    this.d = new Int32Array(buffer, column(4), capacity);
    this.ptrLow = new Uint32Array(buffer, column(4), capacity);
    this.ptrHigh = new Uint32Array(buffer, column(4), capacity);
    this.slotLow = new Uint32Array(buffer, column(4), capacity);
    this.slotHigh = new Uint32Array(buffer, column(4), capacity);
    this.lane = new Uint16Array(buffer, column(2), capacity);
    this.flags = new Uint16Array(buffer, column(2), capacity);
    this.controller = new Uint16Array(buffer, column(2), capacity);
    this.kind = new Uint8Array(buffer, column(1), capacity);
  }

  get full(): boolean {
    return this.length === this.capacity;
  }

  clear(): void {
    this.length = 0;
    this.texts.length = 0;
    this.others.length = 0;
    if (this.extras.size > 0) this.extras.clear();
  }

  /** Row `i` as an object of its own, good for keeping. */
  event(i: number): TraceEvent {
    const lane = this.names.lanes[this.lane[i] ?? 0];
    const head = {
      tNs: this.tNs[i] as Nanoseconds,
      cpu: lane?.cpu ?? 0,
      pid: this.pid[i] ?? 0,
      ...(lane && lane.source !== "trace-event" ? { source: lane.source } : {}),
      ...(lane && lane.buffer !== "" ? { buffer: lane.buffer } : {}),
    };
    const a = this.a[i] ?? 0;
    if (this.kind[i] === Kind.MARKER) return { kind: "marker", ...head, text: this.texts[a] ?? "" };
    if (this.kind[i] === Kind.OTHER) {
      const { system, name, fields } = this.others[a] ?? { system: "", name: "", fields: {} };
      return { kind: "other", ...head, system, name, fields };
    }
    const extra = this.extras.get(i);
    const controller = this.names.controllers[this.controller[i] ?? 0] ?? "";
    return this.#mhiEvent(i, { ...head, controller, ...(extra ? { extra } : {}) });
  }

  #mhiEvent(
    i: number,
    head: { tNs: Nanoseconds; cpu: number; pid: number; controller: string; extra?: ExtraFields },
  ): TraceEvent {
    const a = this.a[i] ?? 0;
    const b = this.b[i] ?? 0;
    const channel = this.c[i] ?? 0;
    switch (this.kind[i]) {
      case Kind.PM:
        return { kind: "pm", ...head, pmState: a };
      case Kind.WORKER:
        return { kind: "worker", ...head, item: a };
      case Kind.INTVEC:
        return { kind: "intvec", ...head, localEe: a, localState: b, deviceEe: channel, deviceState: this.d[i] ?? 0 };
      case Kind.CHAN_START:
      case Kind.CHAN_END:
        return {
          kind: "chan",
          ...head,
          phase: this.kind[i] === Kind.CHAN_START ? "start" : "end",
          channel,
          command: a,
        };
      default:
        return this.#elementEvent(i, head);
    }
  }

  #elementEvent(i: number, head: { tNs: Nanoseconds; cpu: number; pid: number; controller: string }): TraceEvent {
    const dword0 = (this.a[i] ?? 0) >>> 0;
    const dword1 = (this.b[i] ?? 0) >>> 0;
    const ptr = hex64(this.ptrLow[i] ?? 0, this.ptrHigh[i] ?? 0);
    const slot = hex64(this.slotLow[i] ?? 0, this.slotHigh[i] ?? 0);
    const raw = { ptr, dword0, dword1, ...(slot === "0x0" ? {} : { slot }) };
    const length = elementLength(dword0);
    if (this.kind[i] === Kind.TRE) return { kind: "tre", ...head, channel: this.c[i] ?? 0, length, ...raw };
    return {
      kind: "ring",
      ...head,
      ring: this.kind[i] === Kind.CTRL ? "ctrl" : "data",
      type: elementType(dword1),
      code: elementCode(dword0),
      channel: elementChannel(dword1),
      length,
      ...raw,
    };
  }
}

/** 64 bits in two halves as hex text, exact. */
export const hex64 = (low: number, high: number): string =>
  high === 0 ? `0x${low.toString(16)}` : `0x${high.toString(16)}${low.toString(16).padStart(8, "0")}`;
