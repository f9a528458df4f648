/**
 * What `trace-cmd report -t` says of a recording, line by line: a reader of its own, so that the engine is not compared
 * with itself.
 */
export interface ReportLine {
  /** tracefs instance; empty for the top-level buffer. */
  readonly buffer: string;
  readonly comm: string;
  readonly pid: number;
  readonly cpu: number;
  /** The five letters: irqs off, reschedule, context, preempt depth, migration. */
  readonly flags: string;
  /** Value of the clock: nanoseconds or a count. */
  readonly clock: bigint;
  readonly name: string;
  /** With the lines that follow it, where an event has several. */
  readonly text: string;
}

/** `CPU:1 [2184 EVENTS DROPPED]`: before that line of the report. */
export interface ReportLoss {
  readonly cpu: number;
  readonly lost: number;
  readonly before: number;
}

export interface Report {
  readonly lines: readonly ReportLine[];
  readonly losses: readonly ReportLoss[];
}

const LINE = /^(?:(\w+): )? *(\S.*)-(\d+) +\[(\d+)\] (.{5}) *(\d+)(?:\.(\d{9}))?: (\S+): *(.*)$/;
const LOSS = /^(?:\w+: *)?CPU:(\d+) \[(\d+) EVENTS DROPPED\]$/;

export function readReport(text: string): Report {
  const lines: ReportLine[] = [];
  const losses: ReportLoss[] = [];
  for (const one of text.split("\n")) {
    const parts = LINE.exec(one);
    const loss = LOSS.exec(one);
    const last = lines.at(-1);
    if (parts) {
      const [, buffer = "", comm = "", pid, cpu, flags = "", whole = "", fraction = "", name = "", rest = ""] = parts;
      const head = { buffer, comm, pid: Number(pid), cpu: Number(cpu), flags, clock: BigInt(whole + fraction) };
      lines.push({ ...head, name, text: rest });
    } else if (loss) losses.push({ cpu: Number(loss[1]), lost: Number(loss[2]), before: lines.length });
    else if (last && one !== "") lines[lines.length - 1] = { ...last, text: `${last.text}\n${one}` };
    else if (one !== "" && !/^cpus=\d+$/.test(one))
      throw new Error(`a report's line that this reader does not know: ${one}`);
  }
  return { lines, losses };
}
