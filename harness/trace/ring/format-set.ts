/** What the ids of a recording mean: plans for the events with columns, formats for those that are kept whole. */
import { describeError, RigFault } from "../../base/errors.ts";
import type { Kind } from "../batch.ts";
import { type EventFormat, parseFormat } from "../format.ts";
import { mhiPlan, type RecordPlan } from "./plan.ts";

const IDS = 0x10000;
const ID_LINE = /^ID: (\d+)$/m;
/** Always read at once: a change of meaning must be refused before the first record. And that of the markers. */
const readAtOnce = ({ system, text }: FormatText): boolean =>
  system === "mhi_host" || (system === "ftrace" && text.startsWith("name: print\n"));

/** A format file as it stands in a recording. */
export interface FormatText {
  readonly system: string;
  readonly text: string;
}

/** One set of format files. Ids of a module's events hold until it is unloaded. */
export class FormatSet {
  /** Record id -> 1 + index in `plans`; 0: none. */
  readonly planOf = new Uint16Array(IDS);
  readonly plans: RecordPlan[] = [];
  /** Record id -> kind, where the kind's only usual plan is that of the id: see `usual`. */
  readonly kindOf = new Uint8Array(IDS);
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
    for (const plan of this.plans) {
      if (this.usual(plan.kind) === plan) this.kindOf[plan.format.id] = plan.kind;
    }
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
      if (readAtOnce(text)) now.push(parseFormat(text.text, text.system));
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

  /**
   * Plan by which records of a kind are read in the hot loop: the first one, if its name is where all others have theirs, it
   * has no fields beyond those that are known, and its slot is a pointer of 64 bits.
   */
  usual(kind: Kind): RecordPlan | undefined {
    const nameAt = this.plans[0]?.nameAt;
    const plan = this.plans.find((own) => own.kind === kind);
    const plain = plan && plan.nameAt === nameAt && plan.nameBase === 0 && plan.extra.length === 0;
    return plain && (plan.ptr < 0 || plan.wideSlot) ? plan : undefined;
  }

  /** By the events that only one generation has. */
  get generation(): "merged" | "v2" | undefined {
    for (const { format } of this.plans) {
      if (V2_ONLY.has(format.name)) return "v2";
      if (MERGED_ONLY.has(format.name)) return "merged";
    }
    return undefined;
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
