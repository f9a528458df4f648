/** Mutants of a good recording: each is what a broken device, driver or collector would have left behind. */

import type { Evidence } from "../../harness/judge/evidence.ts";
import { PmState, pmStateName } from "../../harness/mhi/pm-state.ts";
import { judgeHop } from "../../harness/mhi/transitions.ts";
import { isMhiEvent, type MhiEvent, type TraceEvent } from "../../harness/trace/mhi-events.ts";

export interface Mutant {
  readonly kind: "drop" | "duplicate" | "swap" | "retarget" | "gap" | "cut";
  /** What was done to which event, for the list of survivors. */
  readonly what: string;
  readonly evidence: Evidence;
}

export function eventWords(event: TraceEvent): string {
  switch (event.kind) {
    case "pm":
      return `PM ${pmStateName(event.pmState)}`;
    case "worker":
      return `ST ${event.item}`;
    case "intvec":
      return "IV";
    case "ring":
      return `${event.ring} 0x${event.type.toString(16)} ${event.code}`;
    case "tre":
      return "TRE";
    case "chan":
      return `${event.phase === "start" ? "CS" : "CX"} ${event.command}`;
    default:
      return event.kind;
  }
}

const withEvents = (evidence: Evidence, events: readonly TraceEvent[]): Evidence => ({ ...evidence, events });

/** IV may come and go at any time (facts 1.5 item 9), so it is left alone. */
const mutable = (event: TraceEvent): event is MhiEvent => isMhiEvent(event) && event.kind !== "intvec";

export function* drops(evidence: Evidence): Generator<Mutant> {
  for (const [at, event] of evidence.events.entries()) {
    if (!mutable(event)) continue;
    const events = evidence.events.filter((_, index) => index !== at);
    yield { kind: "drop", what: eventWords(event), evidence: withEvents(evidence, events) };
  }
}

export function* duplicates(evidence: Evidence): Generator<Mutant> {
  for (const [at, event] of evidence.events.entries()) {
    if (!mutable(event)) continue;
    const events = [...evidence.events.slice(0, at + 1), event, ...evidence.events.slice(at + 1)];
    yield { kind: "duplicate", what: eventWords(event), evidence: withEvents(evidence, events) };
  }
}

/** Two neighbours change places and keep their times. */
export function* swaps(evidence: Evidence): Generator<Mutant> {
  for (let at = 0; at + 1 < evidence.events.length; at++) {
    const a = evidence.events[at];
    const b = evidence.events[at + 1];
    if (!a || !b || !mutable(a) || !mutable(b) || eventWords(a) === eventWords(b)) continue;
    const events = [...evidence.events];
    events[at] = { ...b, tNs: a.tNs };
    events[at + 1] = { ...a, tNs: b.tNs };
    yield { kind: "swap", what: `${eventWords(a)} / ${eventWords(b)}`, evidence: withEvents(evidence, events) };
  }
}

function* changed(event: MhiEvent, lastPm: PmState | undefined): Generator<MhiEvent> {
  if (event.kind === "pm" && lastPm !== undefined) {
    for (const pmState of Object.values(PmState)) {
      if (!judgeHop(lastPm, pmState, undefined, { missionUnproven: true }).legal) yield { ...event, pmState };
    }
  } else if (event.kind === "worker") {
    for (const item of [0, 1, 2, 3, 5, 7]) if (item !== event.item) yield { ...event, item };
  } else if (event.kind === "chan") {
    yield { ...event, channel: event.channel ^ 2 };
    yield { ...event, command: event.command === 2 ? 0 : 2 };
  } else if (event.kind === "ring" && event.type === 0x20) {
    for (const code of [1, 2, 4, 5, 0xff]) if (code !== event.code) yield { ...event, code };
  } else if (event.kind === "ring" && event.type === 0x21) {
    yield { ...event, code: 0x10 };
    yield { ...event, ptr: `0x${(Number(event.ptr) + 0x20).toString(16)}` };
  } else if (event.kind === "ring" && event.type === 0x40) {
    for (const code of [1, 7]) if (code !== event.code) yield { ...event, code };
  } else if (event.kind === "ring" && event.type === 0x22) yield { ...event, channel: event.channel ^ 0x40 };
  else if (event.kind === "tre") yield { ...event, channel: event.channel ^ 0x40 };
}

export function* retargets(evidence: Evidence): Generator<Mutant> {
  let lastPm: PmState | undefined;
  for (const [at, event] of evidence.events.entries()) {
    if (!mutable(event)) continue;
    for (const other of changed(event, lastPm)) {
      const events = [...evidence.events];
      events[at] = other;
      yield {
        kind: "retarget",
        what: `${eventWords(event)} -> ${eventWords(other)}`,
        evidence: withEvents(evidence, events),
      };
    }
    if (event.kind === "pm") lastPm = event.pmState as PmState;
  }
}

/** A stretch of the trace was lost, and the collector says so. */
export function* gaps(evidence: Evidence, length = 4): Generator<Mutant> {
  for (let at = 1; at + length + 1 < evidence.events.length; at += 2) {
    const first = evidence.events[at];
    const after = evidence.events[at + length];
    if (!first || !after) continue;
    const events = [...evidence.events.slice(0, at), ...evidence.events.slice(at + length)];
    const gap = { fromNs: first.tNs, toNs: after.tNs - 1, reason: "overrun" as const, lost: length };
    yield {
      kind: "gap",
      what: `from ${eventWords(first)}`,
      evidence: { ...withEvents(evidence, events), gaps: [gap] },
    };
  }
}

/** Everything stops after an event, and a minute goes by. */
export function* cuts(evidence: Evidence): Generator<Mutant> {
  for (const [at, event] of evidence.events.entries()) {
    if (!mutable(event)) continue;
    const events = evidence.events.slice(0, at + 1);
    const toNs = event.tNs + 300e9;
    yield {
      kind: "cut",
      what: `after ${eventWords(event)}`,
      evidence: { ...withEvents(evidence, events), toNs, dmesg: [] },
    };
  }
}
