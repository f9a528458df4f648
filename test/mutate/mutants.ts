/**
 * Mutants of a healthy window: each is what a broken device, driver or collector would have left behind.
 *
 *   drop       one event is not there
 *   duplicate  one event is there twice
 *   late       one event comes after every deadline, the others as they did
 *   stall      one event, and with it all that follow, comes after every deadline
 *   swap       two neighbours of one controller change places
 *   retarget   one field of one event says something else
 *   silence    nothing follows any more, though the host was watched for long enough
 *   cpu-lost   from an event on, what its CPU recorded is not there, and nobody says so
 *   cut        the recording ends after an event, and says so: may be inconclusive
 */
import type { Evidence, LogLine } from "../../harness/judge/evidence.ts";
import { isMhiEvent, type MhiEvent, type TraceEvent } from "../../harness/trace/mhi-events.ts";
import type { Random } from "./random.ts";
import { fieldsOf } from "./retarget.ts";
import { type Healthy, QUIET_NS } from "./sources.ts";
import { kindOf, wordsOf } from "./words.ts";

export const MUTATIONS = [
  "drop",
  "duplicate",
  "late",
  "stall",
  "swap",
  "retarget",
  "silence",
  "cpu-lost",
  "cut",
] as const;
export type Mutation = (typeof MUTATIONS)[number];

export interface Mutant {
  readonly source: Healthy;
  readonly mutation: Mutation;
  /** Index of the event in the healthy evidence. */
  readonly at: number;
  readonly event: MhiEvent;
  /** Of a swap: the other one. Of a retarget: what it became. */
  readonly other?: MhiEvent;
  /** Of a retarget. */
  readonly field?: string;
  make(): Evidence;
}

/** Longer than the driver's longest wait and the scenarios' longest limit, shorter than the quiet at the end. */
const LATE_NS = 200e9;

/** `retarget CE state code`: what survivors are counted by. */
export function kindOfMutant({ mutation, event, other, field }: Mutant): string {
  if (mutation === "swap" && other) return `swap ${kindOf(event)} / ${kindOf(other)}`;
  return field === undefined ? `${mutation} ${kindOf(event)}` : `${mutation} ${kindOf(event)} ${field}`;
}

export function wordsOfMutant({ source, mutation, at, event, other, field }: Mutant): string {
  const changed = other ? ` ${mutation === "swap" ? "/" : "->"} ${wordsOf(other)}` : "";
  return `${source.name}: ${mutation}${field === undefined ? "" : ` ${field}`} at event ${at}: ${wordsOf(event)}${changed}`;
}

/** All that there are; of a field's other values one, by chance. */
export function* mutantsOf(source: Healthy, random: Random): Generator<Mutant> {
  const { evidence } = source;
  const { events } = evidence;
  for (const [at, event] of events.entries()) {
    if (!isMhiEvent(event) || event.tNs < evidence.fromNs) continue;
    const base = { source, at, event };
    yield { ...base, mutation: "drop", make: () => ({ ...evidence, events: events.filter((_, own) => own !== at) }) };
    yield { ...base, mutation: "duplicate", make: () => ({ ...evidence, events: twice(events, at) }) };
    yield { ...base, mutation: "late", make: () => ({ ...evidence, events: late(events, at) }) };
    yield { ...base, mutation: "stall", make: () => stalled(evidence, at) };
    const next = events[at + 1];
    if (next && isMhiEvent(next) && next.controller === event.controller && wordsOf(next) !== wordsOf(event)) {
      yield { ...base, mutation: "swap", other: next, make: () => ({ ...evidence, events: swapped(events, at) }) };
    }
    for (const { name, others } of fieldsOf(event, random)) {
      const other = random.pick(others);
      if (!other) continue;
      const make = (): Evidence => ({ ...evidence, events: events.with(at, other) });
      yield { ...base, mutation: "retarget", field: name, other, make };
    }
    yield { ...base, mutation: "silence", make: () => silence(evidence, at) };
    yield { ...base, mutation: "cpu-lost", make: () => cpuLost(evidence, at) };
    yield { ...base, mutation: "cut", make: () => cut(evidence, at) };
  }
}

const twice = (events: readonly TraceEvent[], at: number): TraceEvent[] => {
  const event = events[at];
  return event ? events.toSpliced(at + 1, 0, event) : [...events];
};

function late(events: readonly TraceEvent[], at: number): TraceEvent[] {
  const event = events[at];
  if (!event) return [...events];
  const tNs = event.tNs + LATE_NS;
  const rest = events.toSpliced(at, 1);
  const before = rest.findIndex((own) => own.tNs > tNs);
  return rest.toSpliced(before < 0 ? rest.length : before, 0, { ...event, tNs });
}

const later = <T extends TraceEvent | LogLine>(entry: T): T => ({ ...entry, tNs: entry.tNs + LATE_NS });

function stalled(evidence: Evidence, at: number): Evidence {
  const fromNs = evidence.events[at]?.tNs ?? 0;
  return {
    ...evidence,
    events: evidence.events.map((event, own) => (own < at ? event : later(event))),
    dmesg: evidence.dmesg.map((line) => (line.tNs < fromNs ? line : later(line))),
    toNs: evidence.toNs + LATE_NS,
  };
}

/** They keep the times of their places. */
function swapped(events: readonly TraceEvent[], at: number): TraceEvent[] {
  const [one, other] = [events[at], events[at + 1]];
  if (!one || !other) return [...events];
  return events.toSpliced(at, 2, { ...other, tNs: one.tNs }, { ...one, tNs: other.tNs });
}

function endedAt(evidence: Evidence, at: number): Evidence {
  const lastNs = evidence.events[at]?.tNs ?? 0;
  return {
    ...evidence,
    events: evidence.events.slice(0, at + 1),
    dmesg: evidence.dmesg.filter(({ tNs }) => tNs <= lastNs),
    toNs: lastNs,
  };
}

function silence(evidence: Evidence, at: number): Evidence {
  const ended = endedAt(evidence, at);
  return { ...ended, toNs: ended.toNs + QUIET_NS };
}

function cut(evidence: Evidence, at: number): Evidence {
  const ended = endedAt(evidence, at);
  const gap = { fromNs: ended.toNs, toNs: ended.toNs, reason: "cut" as const };
  return { ...ended, gaps: [...ended.gaps, gap] };
}

function cpuLost(evidence: Evidence, at: number): Evidence {
  const cpu = evidence.events[at]?.cpu;
  return { ...evidence, events: evidence.events.filter((event, own) => own < at || event.cpu !== cpu) };
}
