/** What the ids of a recording mean: plans for the events with columns, formats for those that are kept whole. */
import type { EventFormat } from "../format.ts";
import { mhiPlan, type RecordPlan } from "./plan.ts";

const IDS = 0x10000;

/** One set of format files. Ids of a module's events hold until it is unloaded. */
export class FormatSet {
  /** Record id -> 1 + index in `plans`; 0: none. */
  readonly planOf = new Uint16Array(IDS);
  readonly plans: RecordPlan[] = [];
  readonly strings: ReadonlyMap<string, string>;
  /** Id of trace_marker's records (ftrace/print); -1 where its format is not there. */
  readonly markerId: number;
  readonly #formats = new Map<number, EventFormat>();

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
  }

  format(id: number): EventFormat | undefined {
    return this.#formats.get(id);
  }

  get formats(): Iterable<EventFormat> {
    return this.#formats.values();
  }

  /** By the events that only one generation has. */
  get generation(): "merged" | "v2" | undefined {
    for (const { format } of this.plans) {
      if (V2_ONLY.has(format.name)) return "v2";
      if (MERGED_ONLY.has(format.name)) return "merged";
    }
    return undefined;
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
