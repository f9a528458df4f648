/**
 * A recording from anywhere as evidence, one controller apart from the other: read whole, or, where it holds too much for
 * that, heard in one pass (stream.ts) and kept where something was found.
 */
import type { Nanoseconds } from "../../base/clock.ts";
import type { FamilyProfile } from "../../mhi/families/family.ts";
import { BatchNames, EventBatch, Kind } from "../../trace/batch.ts";
import type { Gap, MhiEvent, TraceEvent } from "../../trace/mhi-events.ts";
import { isMhiEvent } from "../../trace/mhi-events.ts";
import { addEvent } from "../../trace/probe/assembled-source.ts";
import type { SeenKind, SourceFacts } from "../../trace/probe/source-choice.ts";
import type { TraceSource } from "../../trace/source.ts";
import type { DeviceLine, LogLine } from "../evidence.ts";
import type { EngineFinding } from "../rule-engine.ts";
import type { Scenario } from "../scenarios/index.ts";
import { type FamilyGuess, guessFamily } from "./family-guess.ts";
import type { KeepLimits } from "./kept-events.ts";
import { logLineOf } from "./log-line-of.ts";
import { type HeardRecording, RecordingStream } from "./stream.ts";

export interface Recording {
  readonly form: string;
  /** `uname -r`, where the recording or its log tells it. */
  readonly kernel: string | undefined;
  readonly source: SourceFacts;
  readonly family: FamilyGuess;
  readonly controllers: readonly string[];
  /** In the order of time; of a large recording, those that were kept. */
  readonly events: readonly TraceEvent[];
  /** Events that it holds. */
  readonly counted: number;
  readonly gaps: readonly Gap[];
  readonly log: readonly LogLine[];
  /** The device's own log, where somebody has it. */
  readonly device?: readonly DeviceLine[];
  readonly notes: readonly string[];
  /** Both 0 when it holds nothing. */
  readonly fromNs: Nanoseconds;
  readonly toNs: Nanoseconds;
  /** Clock's value at time 0. */
  readonly originNs: bigint;
  /** Of a large one: what was heard of all of it. */
  readonly heard?: HeardRecording;
}

export interface ReadOptions {
  /** Absent: what the log names. */
  readonly family?: FamilyProfile;
  readonly scenario?: (family: FamilyProfile) => Scenario;
  /** Log lines beside the recording: asked for once its axis is known. */
  readonly log?: (originNs: bigint) => Promise<readonly LogLine[]>;
  /** The device's own log on the recording's axis: asked for at its end. */
  readonly device?: () => readonly DeviceLine[];
  readonly onProgress?: (events: number) => void;
  /** Events that are held as objects; a recording of more is heard in one pass. */
  readonly maxHeld?: number;
  readonly keep?: KeepLimits;
  /** Each finding of the rules as soon as it is made: the recording is heard as it comes, none of it is held first. */
  readonly onFound?: (finding: EngineFinding) => void;
}

/** Objects for all events of a recording: some hundred megabytes, all in all. */
const MAX_HELD = 300_000;

export async function readRecording(source: TraceSource, options: ReadOptions = {}): Promise<Recording> {
  const held: TraceEvent[] = [];
  const batches = source.batches()[Symbol.asyncIterator]();
  const { onFound, maxHeld = onFound ? 0 : MAX_HELD, onProgress } = options;
  for (;;) {
    const { value: batch } = await batches.next();
    if (!batch) return recordingOf(source, held, options);
    for (let row = 0; row < batch.length; row++) held.push(batch.event(row));
    onProgress?.(held.length);
    if (held.length > maxHeld) return heardRecording(source, held, batches, options);
  }
}

/** All events as objects, all at once. */
async function recordingOf(source: TraceSource, held: TraceEvent[], options: ReadOptions): Promise<Recording> {
  const controllers = new Set<string>();
  const witnesses = new Set<string>();
  const seen = new Set<Kind>();
  const buffers = new Map<string, number>();
  for (const event of held) {
    if (!isMhiEvent(event)) continue;
    controllers.add(event.controller);
    const { buffer = "" } = event;
    buffers.set(buffer, (buffers.get(buffer) ?? 0) + 1);
    witnesses.add(event.source ?? "trace-event");
    seen.add(kindOf(event));
  }
  const { info, gaps } = source;
  const lines = [...held.flatMap((event) => logLineOf(event) ?? []), ...((await options.log?.(info.originNs)) ?? [])];
  const judged = oneBuffer(held, buffers);
  // text stands in the order of its lines
  judged.sort(byTime);
  lines.sort(byTime);
  const times = [judged[0], lines[0], judged.at(-1), lines.at(-1)].flatMap((one) => one?.tNs ?? []);
  for (const { fromNs, toNs } of gaps) times.push(fromNs, toNs);
  const fromNs = times.reduce((least, tNs) => Math.min(least, tNs), Number.POSITIVE_INFINITY);
  const toNs = times.reduce((most, tNs) => Math.max(most, tNs), Number.NEGATIVE_INFINITY);
  return {
    form: info.form,
    kernel: info.kernel ?? versionIn(lines),
    source: factsOf(witnesses, seen),
    family: familyOf(options, lines),
    controllers: [...controllers].sort(),
    events: judged,
    counted: held.length,
    gaps: [...gaps],
    log: lines,
    ...deviceOf(options),
    notes: [...info.notes, ...bufferNote(buffers)],
    fromNs: times.length > 0 ? fromNs : 0,
    toNs: times.length > 0 ? toNs : 0,
    originNs: info.originNs,
  };
}

/** What is held already, then all that follows, row by row. */
async function heardRecording(
  source: TraceSource,
  held: TraceEvent[],
  batches: AsyncIterator<EventBatch, void, undefined>,
  options: ReadOptions,
): Promise<Recording> {
  const log = [...((await options.log?.(source.info.originNs)) ?? [])].sort(byTime);
  const early = [...held.flatMap((event) => logLineOf(event) ?? []), ...log];
  const family = familyOf(options, early);
  const { scenario, keep, onFound, onProgress } = options;
  const stream = new RecordingStream({
    family: family.family,
    kernel: source.info.kernel ?? versionIn(early),
    log,
    ...(scenario ? { scenario } : {}),
    ...(keep ? { keep } : {}),
    ...(onFound ? { onFound } : {}),
  });
  let counted = held.length;
  held.sort(byTime);
  for (const batch of inBatches(held)) stream.feed(batch, source.gaps);
  held.length = 0;
  for (let next = await batches.next(); next.value; next = await batches.next()) {
    stream.feed(next.value, source.gaps);
    counted += next.value.length;
    onProgress?.(counted);
  }
  return { ...ofHeard(source, stream.end(source.gaps), family), ...deviceOf(options) };
}

function ofHeard({ info }: TraceSource, heard: HeardRecording, family: FamilyGuess): Recording {
  const { kept, buffers, fromNs, toNs, gaps, log, counted } = heard;
  const wanted = chosen(buffers) ?? "";
  const own = heard.controllers.filter(({ stream }) => stream.buffer === wanted);
  const left = counted - kept.events.length;
  return {
    form: info.form,
    kernel: info.kernel ?? versionIn(log),
    source: factsOf(heard.witnesses, heard.seen),
    family,
    controllers: own.map(({ stream }) => stream.controller).sort(),
    events: kept.events,
    counted,
    gaps,
    log,
    notes: [
      ...info.notes,
      ...bufferNote(buffers),
      ...(left > 0
        ? [
            `${counted} events were judged and ${kept.events.length} of them kept: what is rare, and what is around findings`,
          ]
        : []),
    ],
    fromNs,
    toNs,
    originNs: info.originNs,
    heard,
  };
}

const deviceOf = ({ device }: ReadOptions): Pick<Recording, "device"> => (device ? { device: device() } : {});

const byTime = (a: { readonly tNs: Nanoseconds }, b: { readonly tNs: Nanoseconds }): number => a.tNs - b.tNs;

const familyOf = ({ family }: ReadOptions, log: readonly LogLine[]): FamilyGuess =>
  family ? { family, how: "" } : guessFamily({ log });

function* inBatches(events: readonly TraceEvent[]): Generator<EventBatch, void, undefined> {
  const batch = new EventBatch(new BatchNames());
  for (const event of events) {
    addEvent(batch, event);
    if (!batch.full) continue;
    yield batch;
    batch.clear();
  }
  yield batch;
}

function kindOf(event: MhiEvent): Kind {
  if (event.kind === "chan") return event.phase === "start" ? Kind.CHAN_START : Kind.CHAN_END;
  if (event.kind === "ring") return event.ring === "ctrl" ? Kind.CTRL : Kind.DATA;
  return { pm: Kind.PM, worker: Kind.WORKER, intvec: Kind.INTVEC, tre: Kind.TRE }[event.kind];
}

/** The one that holds most of the driver's events. */
export const chosen = (buffers: ReadonlyMap<string, number>): string | undefined =>
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
