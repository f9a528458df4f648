/**
 * A recording as JSON, one object a line: first `{"kind":"recording",...}`, then events, gaps and device lines.
 *
 * An event is `EventBatch.event`'s object with `clockNs`, the trace clock's own value as exact decimal text, and `comm`
 * where the recording names the task. `tNs` is a number where the clock's own value fits one, else the same exact text.
 */
import type { EventBatch } from "../batch.ts";
import { describeRow } from "../describe.ts";
import type { Gap } from "../mhi-events.ts";
import type { TraceInfo } from "../source.ts";
import type { TimeAxis } from "../time-axis.ts";
import type { DeviceLine, RowConsumer } from "./feed.ts";
import { JsonRows } from "./json-row.ts";

export interface JsonOptions {
  readonly axis: TimeAxis;
  /** More fields of the first line. */
  readonly head?: Readonly<Record<string, unknown>>;
}

export class JsonLineWriter implements RowConsumer {
  readonly #options: JsonOptions;
  readonly #rows = new JsonRows();
  #text = "";
  #headed = false;

  constructor(options: JsonOptions) {
    this.#options = options;
  }

  get pending(): number {
    return this.#text.length;
  }

  take(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }

  row(batch: EventBatch, i: number): void {
    if (!this.#headed) this.#head();
    const tNs = batch.tNs[i] ?? 0;
    const clockNs = this.#options.axis.clockNs(tNs);
    const json = this.#rows.row(batch, i, this.#wide ? clockNs : tNs);
    const means = JSON.stringify(describeRow(batch, i));
    const line = `${json},"clockNs":"${clockNs}"${this.#comm(batch.pid[i] ?? 0)},"means":${means}}\n`;
    this.#text += UNPRINTABLE.test(line) ? escapeUnprintable(line) : line;
  }

  gap(gap: Gap): void {
    if (!this.#headed) this.#head();
    const { axis } = this.#options;
    const exact = { fromClockNs: axis.clockNs(gap.fromNs), toClockNs: axis.clockNs(gap.toNs) };
    const ends = this.#wide ? { fromNs: exact.fromClockNs, toNs: exact.toClockNs } : {};
    this.#line({ kind: "gap", ...gap, ...ends, ...exact });
  }

  device({ tNs, ...rest }: DeviceLine): void {
    if (!this.#headed) this.#head();
    this.#line({ kind: "device", ...this.#times(tNs), ...rest });
  }

  finish(): string[] {
    if (!this.#headed) this.#head();
    return this.#text === "" ? [] : [this.take()];
  }

  /** Times of the clock do not fit a double without loss. */
  get #wide(): boolean {
    return this.#options.axis.info.originNs !== 0n;
  }

  #times(tNs: number): { readonly tNs: number | string; readonly clockNs: string } {
    const clockNs = this.#options.axis.clockNs(tNs);
    return { tNs: this.#wide ? clockNs : tNs, clockNs };
  }

  #comm(pid: number): string {
    const comm = this.#options.axis.info.comms.get(pid);
    return comm === undefined ? "" : `,"comm":${JSON.stringify(comm)}`;
  }

  #head(): void {
    this.#headed = true;
    this.#line({ kind: "recording", ...recordingFields(this.#options.axis.info), ...this.#options.head });
  }

  #line(value: object): void {
    this.#text += `${escapeUnprintable(JSON.stringify(value))}\n`;
  }
}

/** What is known of a recording, as JSON may hold it. */
export function recordingFields(info: TraceInfo): Readonly<Record<string, unknown>> {
  return {
    form: info.form,
    ...(info.kernel === undefined ? {} : { kernel: info.kernel }),
    ...(info.generation === undefined ? {} : { generation: info.generation }),
    originNs: String(info.originNs),
    resolutionNs: info.resolutionNs,
    buffers: info.buffers,
    notes: info.notes,
  };
}

// What JSON.stringify leaves as it is and a terminal would obey: DEL, C1 and the bidirectional controls.
const UNPRINTABLE = /[\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
const EVERY_UNPRINTABLE = new RegExp(UNPRINTABLE, "g");

/** Still the same JSON value. */
export const escapeUnprintable = (json: string): string =>
  json.replace(EVERY_UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
