/** What a survivor's legality hangs on: what lies around the changed event in the healthy evidence. */
import { PmState } from "../../harness/mhi/pm-state.ts";
import { WorkerItem } from "../../harness/mhi/worker-item.ts";
import { isMhiEvent, type MhiEvent, type TraceEvent } from "../../harness/trace/mhi-events.ts";
import type { Mutant } from "./mutants.ts";
import { kindOf } from "./words.ts";

/** The driver reads no register of the device in these, so no IV is recorded (mhi-facts 1.6, 2.3). */
const NO_REGISTERS: readonly (number | undefined)[] = [PmState.DISABLE, PmState.M3, PmState.LD_ERR_FATAL_DETECT];

const SETTLED: readonly (number | undefined)[] = [undefined, PmState.DISABLE, PmState.M0, PmState.M2, PmState.M3];

export const registersReadable = (pmState: number | undefined): boolean => !NO_REGISTERS.includes(pmState);

/** PM state before event `at`. */
export function pmBefore(events: readonly TraceEvent[], at: number): number | undefined {
  for (let own = at - 1; own >= 0; own--) {
    const event = events[own];
    if (event?.kind === "pm") return event.pmState;
  }
  return undefined;
}

export const channelOf = (event: MhiEvent): number | undefined => ("channel" in event ? event.channel : undefined);

/** Its place in the ring is an address, and no hash: then the order of elements is told. */
export const hasPlace = (event: MhiEvent): boolean =>
  (event.kind === "tre" || event.kind === "ring") && event.slot !== undefined && BigInt(event.slot) > 0xffffffffn;

const mhiAfter = ({ source, at }: Mutant): MhiEvent[] => source.evidence.events.slice(at + 1).filter(isMhiEvent);

const isClose = (event: MhiEvent): boolean => event.kind === "chan" && event.phase === "start" && event.command === 0;

/** No event of the same kind follows on its channel before that is closed or the evidence ends. */
export function isLastOfChannel(mutant: Mutant): boolean {
  const { event } = mutant;
  const own = mhiAfter(mutant).filter((next) => channelOf(next) === channelOf(event));
  const closed = own.findIndex(isClose);
  const open = closed < 0 ? own : own.slice(0, closed);
  return !open.some((next) => kindOf(next) === kindOf(event));
}

/** From SYS_ERR to mission mode: what may happen twice there, may happen once (mhi-facts 6.4). */
export function isInRecovery({ source, at }: Mutant): boolean {
  const before = source.evidence.events.slice(0, at + 1).filter(isMhiEvent);
  const failed = before.findLastIndex(
    (event) =>
      (event.kind === "pm" && event.pmState === PmState.SYS_ERR_DETECT) ||
      (event.kind === "ring" && kindOf(event) === "CE state" && event.code === 0xff),
  );
  const up = before.findLastIndex((event) => event.kind === "worker" && event.item === WorkerItem.MISSION_MODE);
  const isBegin = up === before.length - 1 && before[before.length - 2]?.kind === "pm";
  return failed >= 0 && (failed > up || isBegin);
}

/** Somebody waits for an answer when the evidence ends after event `at`. */
export function isOwed({ source, at }: Mutant): boolean {
  const events = source.evidence.events.slice(0, at + 1).filter(isMhiEvent);
  const pending = new Set<number>();
  let pmState: number | undefined;
  let asked = false;
  for (const event of events) {
    if (event.kind === "chan" && event.phase === "start") pending.add(event.channel);
    if (event.kind === "chan" && event.phase === "end") pending.delete(event.channel);
    if (event.kind === "pm") {
      pmState = event.pmState;
      if (pmState >= PmState.FW_DL_ERR || pmState === PmState.DISABLE) pending.clear();
    }
    const kind = kindOf(event);
    if (kind === "CE state" || kind === "CE EE") asked = true;
    if ((event.kind === "pm" || event.kind === "worker") && asked) asked = false;
  }
  return pending.size > 0 || asked || !SETTLED.includes(pmState);
}

/** Nobody waits for such an event: it is up to the client, the rig or the device when it comes. */
export function isFree(event: MhiEvent): boolean {
  if (event.kind === "pm") {
    return [PmState.M3_ENTER, PmState.M3_EXIT, PmState.SHUTDOWN_PROCESS, PmState.LD_ERR_FATAL_DETECT].some(
      (state) => state === event.pmState,
    );
  }
  const kind = kindOf(event);
  return kind === "TRE" || kind === "transfer" || kind === "CS";
}

/** The first that is no IV from the event on. */
export const firstWithWeight = (mutant: Mutant): MhiEvent | undefined =>
  [mutant.event, ...mhiAfter(mutant)].find((event) => event.kind !== "intvec");

/** What of an evidence was left behind the event, and not by an IV. */
const weightAfter = (events: readonly TraceEvent[], mutant: Mutant): MhiEvent[] =>
  events
    .slice(mutant.at)
    .filter(isMhiEvent)
    .filter((event) => event.kind !== "intvec");

/** What its CPU had recorded is missed by nobody: it was the end, or nothing that the rest hangs on. */
export function isMissedByNobody(mutant: Mutant): boolean {
  const kept = weightAfter(mutant.make().events, mutant);
  if (kept.length === 0) return !isOwed({ ...mutant, at: mutant.at - 1 });
  const lost = weightAfter(mutant.source.evidence.events, mutant).filter((event) => event.cpu === mutant.event.cpu);
  return lost.every((event) => {
    const isBuffer = event.kind === "tre" || kindOf(event) === "transfer";
    const shows = event.kind === "tre" ? hasPlace(event) : true;
    return (
      isBuffer && !(shows && kept.some((own) => kindOf(own) === kindOf(event) && channelOf(own) === channelOf(event)))
    );
  });
}

/** The completion of a buffer: completions go round the ring in the order of the buffers. */
export function completionOf({ source, at, event }: Mutant): MhiEvent | undefined {
  const own = source.evidence.events.filter(isMhiEvent).filter((other) => channelOf(other) === channelOf(event));
  const place = own.indexOf(source.evidence.events[at] as MhiEvent);
  const opened = own.findLastIndex((other, index) => index < place && isOpening(other));
  const before = own.slice(opened + 1, place).filter(({ kind }) => kind === "tre").length;
  const rest = own.slice(opened + 1);
  const closed = rest.findIndex(isClose);
  return (closed < 0 ? rest : rest.slice(0, closed)).filter((other) => kindOf(other) === "transfer")[before];
}

const isOpening = (event: MhiEvent): boolean => event.kind === "chan" && event.phase === "start" && event.command === 2;

/** A command that was refused: no end of it, but a change of the PM state, comes next. */
export const isRefused = (mutant: Mutant): boolean =>
  mhiAfter(mutant).find((next) => next.kind === "pm" || next.kind === "chan")?.kind === "pm";

/** Nothing before the event says what state the host was in. */
export const isUnknownBefore = ({ source, at }: Mutant): boolean => pmBefore(source.evidence.events, at) === undefined;
