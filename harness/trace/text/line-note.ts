/** Lines that are no record: headings, and notes of what was lost. */

export type LineNote = {
  /** What the line says of the form of the text. */
  readonly form?: "trace" | "trace-cmd" | "latency" | "dump";
} & (
  | { readonly kind: "heading" }
  | { readonly kind: "tracer"; readonly tracer: string }
  /** Records of this CPU are missing before its next one. `fromFirst`: since the recording's beginning. */
  | {
      readonly kind: "loss";
      readonly cpu: number;
      readonly lost: number | undefined;
      readonly detail: string;
      readonly fromFirst?: boolean;
      /** Named before the note where trace-cmd shows several. */
      readonly buffer?: string | undefined;
    }
  /** Records were overwritten before the first one, on whichever CPU. */
  | { readonly kind: "overwritten"; readonly lost: number; readonly detail: string }
  /** Messages of the kernel's log are missing before the next one. */
  | { readonly kind: "printk-loss"; readonly lost: number | undefined; readonly detail: string }
);

/** Names of the mhi_host events in both generations, as they stand in a line. */
export const MHI_EVENT_NAME =
  /mhi_(?:tryset_pm_state|pm_st_transition|intvec_(?:states|threaded_handler)|ctrl_event|data_event|process_(?:ctrl|data)_?(?:ev|event)_ring|gen_tre|channel_command_(?:start|end)|update_channel_state_(?:start|end)): /;

/** Colours and cursor movements of a serial console; mail quoting; the carriage return. */
export function stripLine(raw: string): string {
  const plain = raw.includes("\u001b") || raw.includes("\r") ? raw.replace(ESCAPES, "") : raw;
  return plain.replace(/^(?:> ?)+/, "");
}
const ESCAPES = /\u001b(?:\[[0-9;?]*[A-Za-z]|[()][A-Z0-9]|[78=>c])|\r/g;

/** `trace`, `trace_pipe`: `[LOST n EVENTS]`. trace-cmd: `[n EVENTS DROPPED]`. Without n: not known how many. */
const LOSS = /^\s*(?:(\S+):\s+)?CPU:(\d+) \[(?:LOST (?:(\d+) )?EVENTS|(?:(\d+) )?EVENTS DROPPED)\]/;
/** `trace` writes it before the first record of a CPU whose earlier ones were overwritten. */
const STARTED = /^#+ CPU (\d+) buffer started #+$/;
const ENTRIES = /^# entries-in-buffer\/entries-written: (\d+)\/(\d+)/;
/** Where several files or buffers are shown, each line begins with a name. */
const TRACE_CMD = /^(?:\S+:\s+)?(?:cpus=\d+|version = \d+|CPU \d+ is empty)$/;
const PRINTK_LOSS = /\*\* (\d+) printk messages dropped \*\*|Missed (\d+) kernel messages/;
const number = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));

/** Undefined: none of these. */
export function classify(text: string): LineNote | undefined {
  const loss = LOSS.exec(text);
  if (loss) {
    const [, buffer, cpu, lost, dropped] = loss;
    const detail = "the recorder notes lost events";
    return { kind: "loss", cpu: Number(cpu), buffer, lost: number(lost ?? dropped), detail };
  }
  const line = text.trim();
  if (line.startsWith("#")) return heading(line);
  if (TRACE_CMD.test(line)) {
    return { kind: "heading", form: "trace-cmd" };
  }
  if (line.startsWith("Dumping ftrace buffer") || line === "(ftrace buffer empty)")
    return { kind: "heading", form: "dump" };
  if (/^-{20,}$/.test(line)) return { kind: "heading" };
  const printk = PRINTK_LOSS.exec(line);
  if (printk)
    return { kind: "printk-loss", lost: number(printk[1] ?? printk[2]), detail: "the log notes dropped messages" };
  return undefined;
}

function heading(line: string): LineNote {
  const tracer = /^# tracer: (\S+)/.exec(line)?.[1];
  if (tracer !== undefined) return { kind: "tracer", tracer, form: "trace" };
  if (/^# .* latency trace /.test(line)) return { kind: "heading", form: "latency" };
  const started = STARTED.exec(line)?.[1];
  if (started !== undefined) {
    const detail = "the buffer of this CPU begins later: its earlier events were overwritten";
    return { kind: "loss", cpu: Number(started), lost: undefined, detail, fromFirst: true };
  }
  const entries = ENTRIES.exec(line);
  const lost = entries ? Number(entries[2]) - Number(entries[1]) : 0;
  if (lost > 0) {
    return { kind: "overwritten", lost, detail: `${lost} events were overwritten before the first that is left` };
  }
  return { kind: "heading" };
}
