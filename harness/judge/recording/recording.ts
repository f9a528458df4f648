/** A recording from anywhere as evidence: read whole, one controller apart from the other. */
import type { Nanoseconds } from "../../base/clock.ts";
import { formatSeconds } from "../../base/clock.ts";
import { RigFault } from "../../base/errors.ts";
import { Kind } from "../../trace/batch.ts";
import type { Gap, TraceEvent } from "../../trace/mhi-events.ts";
import { isMhiEvent } from "../../trace/mhi-events.ts";
import type { SeenKind, SourceFacts } from "../../trace/probe/source-choice.ts";
import type { TraceSource } from "../../trace/source.ts";
import type { LogLine } from "../evidence.ts";

export interface Recording {
  readonly form: string;
  /** `uname -r`, where the recording or its log tells it. */
  readonly kernel: string | undefined;
  readonly source: SourceFacts;
  readonly controllers: readonly string[];
  /** In the order of time. */
  readonly events: readonly TraceEvent[];
  readonly gaps: readonly Gap[];
  readonly log: readonly LogLine[];
  readonly notes: readonly string[];
  /** Both 0 when it holds nothing. */
  readonly fromNs: Nanoseconds;
  readonly toNs: Nanoseconds;
  /** Clock's value at time 0. */
  readonly originNs: bigint;
}

export interface ReadOptions {
  /** Log lines beside the recording: asked for once its axis is known. */
  readonly log?: (originNs: bigint) => Promise<readonly LogLine[]>;
  readonly onProgress?: (events: number) => void;
}

/** A message that may say why: of the bus, its drivers, the slot, or of sleep. */
export const isTelling = (message: string): boolean =>
  /mhi|qaic|ath1[12]k|wwan|qrtr|pcieport|AER|Linux version|PM: |Firmware|firmware/.test(message);

/** Held as objects, of which the rules and the report ask for any: a gigabyte, all in all. */
const MAX_EVENTS = 1_000_000;

/** @throws RigFault `check-too-large` */
export async function readRecording(source: TraceSource, { log, onProgress }: ReadOptions = {}): Promise<Recording> {
  const events: TraceEvent[] = [];
  const controllers = new Set<string>();
  const witnesses = new Set<string>();
  const seen = new Set<Kind>();
  const lines: LogLine[] = [];
  const buffers = new Map<string, number>();
  for await (const batch of source.batches()) {
    for (let row = 0; row < batch.length; row++) {
      const event = batch.event(row);
      events.push(event);
      if (isMhiEvent(event)) {
        controllers.add(event.controller);
        const { buffer = "" } = event;
        buffers.set(buffer, (buffers.get(buffer) ?? 0) + 1);
        witnesses.add(event.source ?? "trace-event");
        seen.add(batch.kind[row] as Kind);
      } else if (event.kind === "other") {
        const text = messageOf(event.fields);
        if (text !== undefined && isTelling(text)) lines.push({ tNs: event.tNs, level: 6, text });
      }
    }
    onProgress?.(events.length);
    if (events.length > MAX_EVENTS) throw tooLarge(events);
  }
  const { info, gaps } = source;
  if (log) lines.push(...(await log(info.originNs)));
  const judged = oneBuffer(events, buffers);
  // text stands in the order of its lines
  judged.sort((a, b) => a.tNs - b.tNs);
  lines.sort((a, b) => a.tNs - b.tNs);
  const times = [judged[0]?.tNs, lines[0]?.tNs, ...gaps.map(({ fromNs }) => fromNs)].filter((tNs) => tNs !== undefined);
  const ends = [judged.at(-1)?.tNs, lines.at(-1)?.tNs, ...gaps.map(({ toNs }) => toNs)].filter(
    (tNs) => tNs !== undefined,
  );
  const fromNs = Math.min(...times, Number.POSITIVE_INFINITY);
  return {
    form: info.form,
    kernel: info.kernel ?? versionIn(lines),
    source: factsOf(witnesses, seen),
    controllers: [...controllers].sort(),
    events: judged,
    gaps: [...gaps],
    log: lines,
    notes: [...info.notes, ...bufferNote(buffers)],
    fromNs: Number.isFinite(fromNs) ? fromNs : 0,
    toNs: Math.max(...ends, Number.isFinite(fromNs) ? fromNs : 0),
    originNs: info.originNs,
  };
}

function tooLarge(events: readonly TraceEvent[]): RigFault {
  const seconds = formatSeconds((events.at(-1)?.tNs ?? 0) - (events[0]?.tNs ?? 0), 1);
  return new RigFault(
    "check-too-large",
    `the recording holds more than ${MAX_EVENTS} events (so many in its first ${seconds} s), which check would have to hold in memory; take the part that matters: mhi-hil cut FILE --from --to`,
  );
}

/** The one that holds most of the driver's events. */
const chosen = (buffers: ReadonlyMap<string, number>): string | undefined =>
  [...buffers].sort(([, one], [, other]) => other - one)[0]?.[0];

/** tracefs instances that record the same driver hold the same events again: judged is one of them. */
function oneBuffer(events: TraceEvent[], buffers: ReadonlyMap<string, number>): TraceEvent[] {
  if (buffers.size < 2) return events;
  const wanted = chosen(buffers);
  return events.filter((event) => !isMhiEvent(event) || (event.buffer ?? "") === wanted);
}

const bufferNote = (buffers: ReadonlyMap<string, number>): string[] =>
  buffers.size < 2
    ? []
    : [
        `${buffers.size} buffers recorded the driver; judged is ${chosen(buffers) === "" ? "the top-level one" : `"${chosen(buffers)}"`}`,
      ];

/** printk's console event, or a line of the log that stands between trace records. */
function messageOf(fields: Readonly<Record<string, string | number>>): string | undefined {
  const text = fields.text ?? fields.msg;
  return typeof text === "string" ? text.trim() : undefined;
}

const versionIn = (lines: readonly LogLine[]): string | undefined => {
  for (const { text } of lines) {
    const release = /Linux version (\S+)/.exec(text)?.[1];
    if (release !== undefined) return release;
  }
  return undefined;
};

const KINDS: Readonly<Record<SeenKind, readonly Kind[]>> = {
  pm: [Kind.PM],
  worker: [Kind.WORKER],
  intvec: [Kind.INTVEC],
  ctrl: [Kind.CTRL],
  data: [Kind.DATA],
  tre: [Kind.TRE],
  chan: [Kind.CHAN_START, Kind.CHAN_END],
};
/** What no debug message of the driver tells: mhi-facts 8.5. */
const UNTOLD: readonly SeenKind[] = ["data", "tre"];

/** Debug messages tell some kinds on some kernels only: what was never seen of them is not held against the device. */
function factsOf(witnesses: ReadonlySet<string>, seen: ReadonlySet<Kind>): SourceFacts {
  if (witnesses.has("dynamic-debug") && !witnesses.has("trace-event") && !witnesses.has("kprobe")) {
    const blindTo = (Object.keys(KINDS) as SeenKind[]).filter(
      (kind) => UNTOLD.includes(kind) || !KINDS[kind].some((own) => seen.has(own)),
    );
    return {
      name: "dynamic-debug",
      unseen: ["buffers", "command completions", ...blindTo.filter((kind) => !UNTOLD.includes(kind))],
      blindTo,
      because: "the recording holds the driver's debug messages and no trace events",
    };
  }
  return { name: witnesses.has("kprobe") && !witnesses.has("trace-event") ? "kprobes" : "events", unseen: [] };
}
