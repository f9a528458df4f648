/** An event in a few words: its kind, for counting, and what it says, for reading. */
import { channelCommandName } from "../../harness/mhi/channel.ts";
import { execEnvName } from "../../harness/mhi/exec-env.ts";
import { mhiStateName } from "../../harness/mhi/mhi-state.ts";
import { pmStateName } from "../../harness/mhi/pm-state.ts";
import { completionCodeName, ElementType } from "../../harness/mhi/ring-element.ts";
import { workerItemName } from "../../harness/mhi/worker-item.ts";
import type { MhiEvent, RingEvent } from "../../harness/trace/mhi-events.ts";

/** Abbreviations of mhi-facts 6: PM, ST (worker item), IV (interrupt), CE and DE (ring elements), TRE, CS and CX (commands). */
export function kindOf(event: MhiEvent): string {
  switch (event.kind) {
    case "pm":
      return "PM";
    case "worker":
      return "ST";
    case "intvec":
      return "IV";
    case "tre":
      return "TRE";
    case "chan":
      return event.phase === "start" ? "CS" : "CX";
    case "ring":
      return elementKind(event);
  }
}

function elementKind({ type }: RingEvent): string {
  if (type === ElementType.STATE_CHANGE_EVENT) return "CE state";
  if (type === ElementType.EE_EVENT) return "CE EE";
  if (type === ElementType.CMD_COMPLETION_EVENT) return "CE command";
  return type === ElementType.TX_EVENT ? "transfer" : "CE other";
}

export function wordsOf(event: MhiEvent): string {
  switch (event.kind) {
    case "pm":
      return `PM ${pmStateName(event.pmState)}`;
    case "worker":
      return `ST ${workerItemName(event.item)}`;
    case "intvec":
      return `IV ${execEnvName(event.localEe)}/${mhiStateName(event.localState)} ${execEnvName(event.deviceEe)}/${mhiStateName(event.deviceState)}`;
    case "tre":
      return `TRE ${event.channel} ${event.length} B ${event.slot ?? ""}`;
    case "chan":
      return `${kindOf(event)} ${event.channel} ${channelCommandName(event.command)}`;
    case "ring":
      return elementWords(event);
  }
}

function elementWords(event: RingEvent): string {
  const kind = kindOf(event);
  if (kind === "CE state") return `${kind} ${mhiStateName(event.code)}`;
  if (kind === "CE EE") return `${kind} ${execEnvName(event.code)}`;
  if (kind === "CE command") return `${kind} ${completionCodeName(event.code)} ${event.ptr}`;
  if (kind === "CE other") return `${kind} type 0x${event.type.toString(16)} code ${event.code}`;
  return `${kind} ${event.channel} ${completionCodeName(event.code)} ${event.length} B ${event.ptr}`;
}
