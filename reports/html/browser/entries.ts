/** Everything that happened in a test, from all witnesses, in the order of the axis: the rows of the table. */
import { Kind, type Names, type Row, type TestData } from "../data.ts";
import { rowLabel, rowText } from "../describe.ts";

export const Source = { TRACE: 0, RIG: 1, DEVICE: 2, CONSOLE: 3, DMESG: 4, GAP: 5 } as const;
export const SOURCE_NAMES = ["driver trace", "rig", "device log", "console", "dmesg", "gap"];

const DMESG_ERR = 3; // KERN_ERR and more severe
const DMESG_LEVELS = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"];

export interface Entry {
  readonly axisNs: number;
  readonly source: number;
  readonly label: string;
  readonly text: string;
  readonly bad: boolean;
  readonly because: boolean;
  /** Half width of what is known of its time. */
  readonly uncertaintyNs: number;
}

/** Where an entry's words come from; they are made only when a row is shown or searched. */
interface Origin {
  readonly axisNs: number;
  readonly source: number;
  readonly make: () => Omit<Entry, "axisNs" | "source">;
}

export class Entries {
  readonly #sorted: readonly Origin[];
  readonly times: Float64Array;
  #searchable: string[] | undefined;

  constructor(data: TestData, names: Names) {
    this.#sorted = collect(data, names).sort((a, b) => a.axisNs - b.axisNs);
    this.times = Float64Array.from(this.#sorted, (origin) => origin.axisNs);
  }

  get length(): number {
    return this.#sorted.length;
  }

  at(index: number): Entry | undefined {
    const origin = this.#sorted[index];
    return origin && { axisNs: origin.axisNs, source: origin.source, ...origin.make() };
  }

  sourceAt(index: number): number {
    return this.#sorted[index]?.source ?? -1;
  }

  /** Lower case, for the filter; made once, on the first search. */
  searchable(index: number): string {
    this.#searchable ??= this.#sorted.map((origin) => {
      const { label, text } = origin.make();
      return `${(origin.axisNs / 1e9).toFixed(6)} ${SOURCE_NAMES[origin.source] ?? ""} ${label} ${text}`.toLowerCase();
    });
    return this.#searchable[index] ?? "";
  }

  /** First index whose time is not before `axisNs`. */
  lowerBound(axisNs: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.times[middle] ?? 0) < axisNs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  nearest(axisNs: number): number {
    const after = this.lowerBound(axisNs);
    const distance = (index: number): number => Math.abs((this.times[index] ?? Number.POSITIVE_INFINITY) - axisNs);
    return after > 0 && distance(after - 1) <= distance(after) ? after - 1 : Math.min(after, this.length - 1);
  }
}

const plain = (label: string, text: string, bad = false, uncertaintyNs = 0): Omit<Entry, "axisNs" | "source"> => ({
  label,
  text,
  bad,
  because: false,
  uncertaintyNs,
});

function collect(data: TestData, names: Names): Origin[] {
  const all: Origin[] = [];
  const add = (axisNs: number, source: number, make: Origin["make"]): void => {
    all.push({ axisNs, source, make });
  };
  for (const [index, segment] of data.segments.entries()) {
    const because = new Set(data.findings.filter((one) => one.segment === index).flatMap((one) => one.because));
    let axisNs = segment.baseNs;
    for (const [at, row] of segment.rows.entries()) {
      axisNs += Number(row[0]);
      const source = row[1] === Kind.MARKER ? Source.RIG : Source.TRACE;
      add(axisNs, source, () => ({ ...traceEntry(row, names, segment.controllers), because: because.has(at) }));
    }
    for (const [from, to, reason, lost, detail] of segment.gaps) {
      const text = gapText(reason, lost, detail, to - from);
      add(from, Source.GAP, () => plain("no evidence", text, true));
    }
    for (const [time, level, text] of segment.dmesg) {
      add(time, Source.DMESG, () => plain(DMESG_LEVELS[level] ?? `level ${level}`, text, level <= DMESG_ERR));
    }
  }
  for (const [from, to, width, name, detail, error] of data.actions) {
    const took = `took ${((to - from) / 1e6).toFixed(1)} ms`;
    const text = [detail, error === "" ? took : `failed: ${error}`].filter((part) => part !== "").join(", ");
    add(from, Source.RIG, () => plain(name, text, error !== "", width));
  }
  for (const [time, width, text] of data.console) add(time, Source.CONSOLE, () => plain("", text, false, width));
  for (const [time, width, kind, text] of data.device) {
    add(time, Source.DEVICE, () => plain(kind, text, false, width));
  }
  return all;
}

function traceEntry(row: Row, names: Names, controllers: readonly string[]): Omit<Entry, "axisNs" | "source"> {
  const controller = controllers.length > 1 ? `${controllers[Number(row[4])] ?? ""} ` : "";
  return plain(rowLabel(row), controller + rowText(row, names));
}

const REASONS: Readonly<Record<string, string>> = {
  overrun: "the ring buffer was overwritten before it was read",
  dropped: "the full buffer refused events",
  "stream-lost": "the stream to the host was lost",
  "host-down": "the host was down",
  "not-collecting": "the collector was not attached",
  cut: "the recording is cut off",
  damaged: "the recording is damaged",
  "clock-step": "the trace clock stepped back",
};

export function gapText(reason: string, lost: number, detail: string, spanNs: number): string {
  const count = lost >= 0 ? `, ${lost} events lost` : "";
  const more = detail === "" ? "" : ` (${detail})`;
  return `evidence missing for ${(spanNs / 1e6).toFixed(1)} ms: ${REASONS[reason] ?? reason}${count}${more}`;
}
