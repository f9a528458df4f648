/** Two neighbours that changed places: does anything in the driver put them in order? */
import { PmState } from "../../harness/mhi/pm-state.ts";
import { WorkerItem } from "../../harness/mhi/worker-item.ts";
import type { IntvecEvent, MhiEvent } from "../../harness/trace/mhi-events.ts";
import { channelOf, hasPlace, isInRecovery, pmBefore, registersReadable } from "./context.ts";
import type { Mutant } from "./mutants.ts";
import { kindOf } from "./words.ts";

const ON_RING = ["CE state", "CE EE", "CE command", "CE other", "transfer"];
const IN_TASK = ["TRE", "CS", "CX"];

/** The host's own view changes with these: what an IV shows of it says on which side it stands. */
const changesView = (event: MhiEvent): boolean => ["CE state", "ST", "PM"].includes(kindOf(event));

export function interruptMayMove({ source, at, event, other }: Mutant): boolean {
  if (!other) return false;
  const { events } = source.evidence;
  if (event.kind === "intvec" && other.kind === "intvec") return true;
  // an IV that comes later stands behind the other one, which may have taken the registers away
  if (event.kind === "intvec") return other.kind !== "pm" || registersReadable(other.pmState);
  if (other.kind !== "intvec") return false;
  if (event.kind === "pm" && !registersReadable(pmBefore(events, at))) return false;
  return !changesView(event) || !showsChange(other, event);
}

function showsChange(view: IntvecEvent, event: MhiEvent): boolean {
  if (event.kind === "ring") return view.localState === event.code;
  if (event.kind === "worker") return view.localEe === 2 || view.localEe === 1;
  return false;
}

export function buffersMayChange({ event, other }: Mutant): boolean {
  if (event.kind !== "tre" || other?.kind !== "tre") return false;
  return event.channel !== other.channel || !hasPlace(event);
}

/** A buffer and something else: only what its own task does to its own channel comes in order. */
export function bufferMayMove({ event, other }: Mutant): boolean {
  if (!other || (event.kind === "tre") === (other.kind === "tre")) return false;
  const [buffer, rest] = event.kind === "tre" ? [event, other] : [other, event];
  if (rest.kind === "intvec" || channelOf(rest) !== channelOf(buffer)) return true;
  return kindOf(rest) === "transfer" || rest.pid !== buffer.pid;
}

/** Elements of one ring have their order told by their places only. */
export function elementsMayChange({ event, other }: Mutant): boolean {
  if (!other || !ON_RING.includes(kindOf(event)) || !ON_RING.includes(kindOf(other))) return false;
  if (event.kind !== "ring" || other.kind !== "ring" || event.ring !== other.ring) return true;
  const free = kindOf(event) === "transfer" && kindOf(other) === "transfer" && event.channel !== other.channel;
  return !hasPlace(event) && (free || kindOf(event) !== kindOf(other));
}

/** A task and a tasklet, or two tasks: side by side, unless one waits for the other. */
export function tasksMayMove(mutant: Mutant): boolean {
  const { event, other } = mutant;
  if (!other) return false;
  const kinds = [kindOf(event), kindOf(other)];
  if (kinds.includes("transfer") && kinds.some((kind) => kind === "CS" || kind === "CX" || kind === "PM")) return true;
  if (IN_TASK.includes(kindOf(event)) && IN_TASK.includes(kindOf(other))) return event.pid !== other.pid;
  if (kinds.includes("CS") && kinds.some((kind) => kind === "PM" || kind === "CE EE" || kind === "CE state"))
    return true;
  // recorded by its task after the completion came, whatever another task does by then
  if (kinds.includes("CX") && kinds.includes("PM")) return event.pid !== other.pid;
  if (kinds.includes("CE command") && kinds.some((kind) => IN_TASK.includes(kind))) return othersWait(mutant);
  return false;
}

/** A command of another channel is under way, to which the completion may belong. */
function othersWait({ source, at, event, other }: Mutant): boolean {
  const own = [event, other].find((entry) => entry?.kind === "chan");
  const waiting = new Set<number>();
  for (const before of source.evidence.events.slice(0, at)) {
    if (before.kind !== "chan") continue;
    if (before.phase === "start") waiting.add(before.channel);
    else waiting.delete(before.channel);
  }
  return [...waiting].some((channel) => own?.kind !== "chan" || channel !== own.channel);
}

/** mhi_pm_mission_mode_transition begins, then waits for M0. */
export const missionModeMayBegin = ({ event, other }: Mutant): boolean =>
  [event, other].some((own) => own?.kind === "pm" && own.pmState === PmState.M0) &&
  [event, other].some((own) => own?.kind === "worker" && own.item === WorkerItem.MISSION_MODE);

export const handledTwice = (mutant: Mutant): boolean =>
  isInRecovery(mutant) &&
  [mutant.event, mutant.other].every((own) => own !== undefined && ["ST", "PM", "CE state"].includes(kindOf(own)));
