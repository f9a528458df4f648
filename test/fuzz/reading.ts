/**
 * Reads a recording that may be spoilt, and says what must never happen: an error that is none of ours or says too
 * little, rows or gaps that make no sense.
 */
import { HilError } from "../../harness/base/errors.ts";
import { type EventBatch, Kind } from "../../harness/trace/batch.ts";
import { openTrace } from "../../harness/trace/open/open-trace.ts";
import type { TraceSource } from "../../harness/trace/source.ts";

/** Opens a file or a folder. */
export type Open = (path: string) => Promise<TraceSource>;

export interface Reading {
  /** Events as JSON text, in the order given out. */
  readonly events: readonly string[];
  readonly gaps: readonly string[];
  /** Time of the events' `tNs` 0, as text. */
  readonly originNs: string;
  readonly notes: readonly string[];
  readonly error?: { readonly code: string; readonly message: string };
  /** What is wrong with all this; empty when nothing is. */
  readonly violations: readonly string[];
}

const REASONS = new Set([
  "overrun",
  "dropped",
  "stream-lost",
  "host-down",
  "not-collecting",
  "cut",
  "damaged",
  "clock-step",
]);
const KINDS = new Set<number>(Object.values(Kind));
/** A sentence, the place, what was expected: longer is a dump. */
const MAX_MESSAGE = 1000;
const MAX_GAPS = 50_000;

/** @param path - a file or folder; its name must be in the error. */
export async function readAll(path: string, open: Open = openTrace): Promise<Reading> {
  const events: string[] = [];
  const violations: string[] = [];
  let source: TraceSource | undefined;
  let error: unknown;
  try {
    source = await open(path);
    const order = new TimeOrder(source);
    for await (const batch of source.batches()) takeBatch(batch, order, events, violations);
  } catch (caught) {
    error = caught;
  }
  const told = error === undefined ? undefined : errorOf(error, path, violations);
  const gaps = source?.gaps ?? [];
  checkGaps(gaps, violations);
  const notes = source?.info.notes ?? [];
  source?.close();
  source?.close();
  return {
    events,
    gaps: gaps.map((gap) => JSON.stringify(gap)),
    originNs: `${source?.info.originNs ?? 0n}`,
    notes: [...notes],
    ...(told ? { error: told } : {}),
    violations,
  };
}

/** printk takes its time before it takes its place in the log. */
const TEXT_STEP_NS = 10_000_000;

/** Binary recordings come out in time order; text in the order of its lines, in time order on each CPU. */
class TimeOrder {
  readonly #source: TraceSource;
  readonly #lastNs = new Map<number, number>();

  constructor(source: TraceSource) {
    this.#source = source;
  }

  /** What is wrong with a row's time, if anything. */
  row(lane: number, tNs: number): string | undefined {
    const { info, gaps } = this.#source;
    const binary = /^(?:trace\.dat|raw pages)/.test(info.form);
    const key = binary ? -1 : lane;
    const last = this.#lastNs.get(key) ?? Number.NEGATIVE_INFINITY;
    this.#lastNs.set(key, tNs);
    if (!Number.isFinite(tNs)) return `time ${tNs}`;
    if (tNs + (binary ? 0 : TEXT_STEP_NS) >= last) return undefined;
    if (gaps.some(({ reason }) => reason === "clock-step")) return undefined;
    return `time ${tNs} after ${last}, and no gap tells of it`;
  }
}

function takeBatch(batch: EventBatch, order: TimeOrder, events: string[], violations: string[]): void {
  if (batch.length === 0) violations.push("an empty batch was handed out");
  for (let i = 0; i < batch.length; i++) {
    events.push(JSON.stringify(batch.event(i)));
    const lane = batch.lane[i] ?? -1;
    if (!KINDS.has(batch.kind[i] ?? 0)) violations.push(`row ${i}: kind ${batch.kind[i]}`);
    if (!batch.names.lanes[lane]) violations.push(`row ${i}: no lane`);
    // Messages that are kept as text beside trace events are no evidence; nobody asks for their order.
    if (batch.kind[i] === Kind.OTHER && batch.names.lanes[lane]?.source === "dynamic-debug") continue;
    const wrong = order.row(lane, batch.tNs[i] ?? Number.NaN);
    if (wrong !== undefined) violations.push(`row ${i}: ${wrong}`);
  }
}

function errorOf(error: unknown, path: string, violations: string[]): { code: string; message: string } {
  if (!(error instanceof HilError)) {
    const told = error instanceof Error ? `${error.stack}` : String(error);
    violations.push(`an error of no kind of ours: ${told.slice(0, 1500)}`);
    return { code: "", message: told };
  }
  const { code, message } = error;
  if (message.includes("\n")) violations.push(`more than one line: ${JSON.stringify(message.slice(0, 300))}`);
  if (message.length > MAX_MESSAGE) violations.push(`a message of ${message.length} characters`);
  if (/^internal error|undefined|\bNaN\b|\[object/.test(message))
    violations.push(`a message that says nothing: ${message}`);
  if (!message.includes(path) && !message.startsWith("format of ") && !message.startsWith("events/header_page"))
    violations.push(`a message that does not name the file: ${message.slice(0, 300)}`);
  if ((code === "trace-cut" || code === "trace-damaged") && !/\bbyte \d+/.test(message))
    violations.push(`a message without an offset: ${message.slice(0, 300)}`);
  return { code, message };
}

function checkGaps(gaps: TraceSource["gaps"], violations: string[]): void {
  if (gaps.length > MAX_GAPS) violations.push(`${gaps.length} gaps`);
  for (const { fromNs, toNs, reason, lost, cpu } of gaps) {
    if (!Number.isFinite(fromNs) || !Number.isFinite(toNs) || fromNs > toNs)
      violations.push(`gap from ${fromNs} to ${toNs} (${reason})`);
    if (!REASONS.has(reason)) violations.push(`gap for ${reason}`);
    if (lost !== undefined && !(lost > 0 && Number.isFinite(lost)))
      violations.push(`gap of ${lost} events (${reason})`);
    if (cpu !== undefined && !(Number.isInteger(cpu) && cpu >= 0)) violations.push(`gap of cpu ${cpu}`);
  }
}
