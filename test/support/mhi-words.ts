/** A typed event as the driver's own format prints it: what its fields say, in the kernel's words. */
import { PM_STATE_TEXT } from "../../harness/mhi/pm-state.ts";
import { WORKER_ITEM_TEXT } from "../../harness/mhi/worker-item.ts";
import type { MhiEvent } from "../../harness/trace/mhi-events.ts";
import { CHANNEL_COMMAND_BY_TEXT, EXEC_ENV_BY_TEXT, MHI_STATE_BY_TEXT } from "../../harness/trace/mhi-names.ts";

export interface EventWords {
  /** The event's name since 6.9. */
  readonly name: string;
  /** What stands after `event: `, with `*` for the channel commands' reason, a pointer that says nothing. */
  readonly text: string;
}

const word = (table: ReadonlyMap<string, number>, value: number): string => {
  for (const [text, number] of table) if (number === value) return text;
  return `0x${BigInt.asUintN(64, BigInt(value)).toString(16)}`;
};
const state = (value: number): string => word(MHI_STATE_BY_TEXT, value);
const execEnv = (value: number): string => word(EXEC_ENV_BY_TEXT, value);
const hex32 = (value: number): string => `0x${value.toString(16).padStart(8, "0")}`;

/** @param pointer - how `%p` is printed there: `0x` and the address, or trace-cmd's form with one more `0x`. */
export function wordsOfEvent(event: MhiEvent, pointer: (address: string) => string): EventWords {
  const { controller } = event;
  switch (event.kind) {
    case "pm":
      return { name: "mhi_tryset_pm_state", text: `${controller}: PM state: ${PM_STATE_TEXT[event.pmState]}` };
    case "worker":
      return {
        name: "mhi_pm_st_transition",
        text: `${controller}: Handling state transition: ${WORKER_ITEM_TEXT[event.item]}`,
      };
    case "intvec": {
      const local = `Local EE: ${execEnv(event.localEe)} State: ${state(event.localState)}`;
      const device = `Device EE: ${execEnv(event.deviceEe)} Dev State: ${state(event.deviceState)}`;
      return { name: "mhi_intvec_states", text: `${controller}: ${local} ${device}` };
    }
    case "chan": {
      const command = word(CHANNEL_COMMAND_BY_TEXT, event.command);
      return {
        name: `mhi_channel_command_${event.phase}`,
        text: `${controller}: chan${event.channel}: * state to: ${command}`,
      };
    }
    default: {
      const dwords = `DWORD0: ${hex32(event.dword0)} DWORD1: ${hex32(event.dword1)}`;
      const place = `TRE: ${pointer(event.slot ?? "0x0")} TRE buf: ${event.ptr} ${dwords}`;
      if (event.kind === "tre") return { name: "mhi_gen_tre", text: `${controller}: Chan: ${event.channel} ${place}` };
      // The driver prints bits 31:24 of the first dword as a state, whatever they are.
      return { name: `mhi_${event.ring}_event`, text: `${controller}: ${place} State: ${state(event.dword0 >>> 24)}` };
    }
  }
}

/** The pointer that stands for the reason, or the word itself. */
export const withoutReason = (text: string): string => text.replace(/(: chan\d+: ).*( state to: )/, "$1*$2");
