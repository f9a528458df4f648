/** What the ids of a recording mean: plans for the events with columns, formats for those that are kept whole. */
import { describeError, RigFault } from "../../base/errors.ts";
import { type EventFormat, parseFormat } from "../format.ts";
import { ENUM_CELLS } from "./enum-map.ts";
import { mhiPlan, type RecordPlan } from "./plan.ts";

const IDS = 0x10000;
const ID_LINE = /^ID: (\d+)$/m;
/** Their formats are always read at once: a change of meaning must be refused before the first record. */
const READ_AT_ONCE: ReadonlySet<string> = new Set(["mhi_host", "ftrace"]);

/** A format file as it stands in a recording. */
export interface FormatText {
  readonly system: string;
  readonly text: string;
}

/**
 * Cells of a plan in `FormatSet.cells`, for the hot loop: numbers in one array are read faster than fields of objects. Words
 * count from the record's first byte; enums are offsets of a map in `FormatSet.enums`.
 */
export const PlanCell = {
  KIND: 0,
  SHAPE: 1,
  MIN_BYTES: 2,
  NAME: 3,
  NAME_BASE: 4,
  A: 5,
  B: 6,
  C: 7,
  D: 8,
  PTR: 9,
  SLOT: 10,
  ENUM_A: 11,
  ENUM_B: 12,
  ENUM_C: 13,
  ENUM_D: 14,
  /** There are fields beyond those that are known. */
  EXTRA: 15,
} as const;
export const PLAN_SHIFT = 4;

/** How the columns of a plan are filled. */
export const Shape = {
  /** a: enum */
  ONE: 0,
  /** a: enum, c: number */
  CHANNEL: 1,
  /** a, b, c, d: enums */
  FOUR: 2,
  /** a, b: words, ptr, slot of 64 bits */
  ELEMENT: 3,
  /** a, b, c: words, ptr, slot of 64 bits */
  TRE: 4,
  /** As ELEMENT or TRE, with a slot of 32 bits or none. */
  NARROW: 5,
} as const;

/** One set of format files. Ids of a module's events hold until it is unloaded. */
export class FormatSet {
  /** Record id -> 1 + index in `plans`; 0: none. */
  readonly planOf = new Uint16Array(IDS);
  readonly plans: RecordPlan[] = [];
  /** `PlanCell`s of plan number n from n << PLAN_SHIFT on. */
  readonly cells: Int32Array;
  readonly enums: Int32Array;
  readonly strings: ReadonlyMap<string, string>;
  /** Id of trace_marker's records (ftrace/print); -1 where its format is not there. */
  readonly markerId: number;
  readonly #formats = new Map<number, EventFormat | undefined>();
  /** Formats that no record has asked for yet. */
  readonly #later = new Map<number, FormatText>();
  /** Formats that could not be read, one sentence each. */
  readonly notes: string[] = [];

  /**
   * @param strings - `printk_formats`: address -> text of constant kernel strings.
   * @throws RigFault `trace-format-changed` when an mhi_host event is recorded in a form that would be misread.
   */
  constructor(formats: Iterable<EventFormat>, strings: ReadonlyMap<string, string> = new Map()) {
    this.strings = strings;
    let markerId = -1;
    for (const format of formats) {
      this.#formats.set(format.id, format);
      if (format.system === "ftrace" && format.name === "print") markerId = format.id;
      const plan = mhiPlan(format, strings);
      if (plan && format.id < IDS) this.planOf[format.id] = this.plans.push(plan);
    }
    this.markerId = markerId;
    this.cells = new Int32Array((this.plans.length + 1) << PLAN_SHIFT);
    this.enums = new Int32Array(this.plans.length * 4 * ENUM_CELLS);
    for (const [i, plan] of this.plans.entries()) this.#flatten(plan, i);
  }

  /**
   * Of a recording that holds the formats of all its kernel's events, of which few were recorded.
   *
   * @throws RigFault `trace-format`, `trace-format-changed` for the events that this project reads.
   */
  static ofTexts(texts: Iterable<FormatText>, strings: ReadonlyMap<string, string>): FormatSet {
    const now: EventFormat[] = [];
    const later: FormatText[] = [];
    for (const text of texts) {
      if (READ_AT_ONCE.has(text.system)) now.push(parseFormat(text.text, text.system));
      else later.push(text);
    }
    const set = new FormatSet(now, strings);
    for (const text of later) {
      const id = Number(ID_LINE.exec(text.text)?.[1] ?? -1);
      if (id >= 0 && !set.#formats.has(id)) set.#later.set(id, text);
    }
    return set;
  }

  format(id: number): EventFormat | undefined {
    const later = this.#later.get(id);
    if (later) {
      this.#later.delete(id);
      this.#formats.set(id, this.#parsed(later));
    }
    return this.#formats.get(id);
  }

  /** By the events that only one generation has. */
  get generation(): "merged" | "v2" | undefined {
    for (const { format } of this.plans) {
      if (V2_ONLY.has(format.name)) return "v2";
      if (MERGED_ONLY.has(format.name)) return "merged";
    }
    return undefined;
  }

  #flatten(plan: RecordPlan, i: number): void {
    const maps = [plan.mapA, plan.mapB, plan.mapC, plan.mapD].map((map, column) => {
      const at = (i * 4 + column) * ENUM_CELLS;
      this.enums.set(map, at);
      return at;
    });
    const { kind, minBytes, nameAt, nameBase, a, b, c, d, ptr, slot, extra } = plan;
    const numbers = [kind, shapeOf(plan), minBytes, nameAt, nameBase, a, b, c, d, ptr, slot, ...maps, extra.length];
    this.cells.set(numbers, (i + 1) << PLAN_SHIFT);
  }

  #parsed({ text, system }: FormatText): EventFormat | undefined {
    try {
      return parseFormat(text, system);
    } catch (error) {
      if (!(error instanceof RigFault)) throw error;
      this.notes.push(`${describeError(error)}; its records are kept as bytes`);
      return undefined;
    }
  }
}

function shapeOf({ ptr, wideSlot, c, d }: RecordPlan): number {
  if (ptr >= 0) return wideSlot ? (c < 0 ? Shape.ELEMENT : Shape.TRE) : Shape.NARROW;
  return d >= 0 ? Shape.FOUR : c >= 0 ? Shape.CHANNEL : Shape.ONE;
}

const V2_ONLY: ReadonlySet<string> = new Set([
  "mhi_intvec_threaded_handler",
  "mhi_process_ctrl_ev_ring",
  "mhi_process_data_event_ring",
  "mhi_update_channel_state_start",
  "mhi_update_channel_state_end",
]);
const MERGED_ONLY: ReadonlySet<string> = new Set([
  "mhi_intvec_states",
  "mhi_ctrl_event",
  "mhi_data_event",
  "mhi_channel_command_start",
  "mhi_channel_command_end",
]);
