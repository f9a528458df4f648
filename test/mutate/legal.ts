/**
 * Mutants that the driver could have left behind with a good device: which, and what in its source allows it. Chapters
 * are those of the facts that the judge's rules cite too. A kind of survivor that is not here counts against the judge.
 */
import type { RingEvent } from "../../harness/trace/mhi-events.ts";
import {
  completionOf,
  firstWithWeight,
  hasPlace,
  isFree,
  isInRecovery,
  isLastOfChannel,
  isMissedByNobody,
  isOwed,
  isRefused,
  isUnknownBefore,
  pmBefore,
  registersReadable,
} from "./context.ts";
import { kindOfMutant, type Mutant } from "./mutants.ts";
import {
  bufferMayMove,
  buffersMayChange,
  elementsMayChange,
  handledTwice,
  interruptMayMove,
  missionModeMayBegin,
  tasksMayMove,
} from "./swaps.ts";

export interface LegalKind {
  /** Of what `kindOfMutant` says. */
  readonly kind: RegExp;
  /** Of the mutants of that kind, those that are legal; default: all. */
  readonly when?: (mutant: Mutant) => boolean;
  readonly why: string;
  /** Function of drivers/bus/mhi/host, and chapter. */
  readonly source: string;
  /** Nothing may object to such a mutant: one that is not passed is a false alarm. */
  readonly always?: true;
}

const isSysErr = ({ event }: Mutant): boolean => event.kind === "intvec" && event.deviceState === 0xff;
const placed = ({ event }: Mutant): boolean => hasPlace(event);

function fitsBuffer({ source, event, other }: Mutant): boolean {
  const buffers = source.evidence.events.filter(
    (own) => own.kind === "tre" && event.kind === "ring" && own.channel === event.channel,
  );
  const longest = Math.max(0, ...buffers.map((own) => (own.kind === "tre" ? own.length : 0)));
  return other?.kind === "ring" && other.length <= longest;
}

/** The buffer stays with the device, or holds what is completed. */
function fitsCompletion(mutant: Mutant): boolean {
  const done = completionOf(mutant);
  return done?.kind !== "ring" || (mutant.other?.kind === "tre" && mutant.other.length >= done.length);
}

/** At the end of the window the host is still as the interrupt found it. */
function isStillSo({ source, event }: Mutant): boolean {
  const { events } = source.evidence;
  if (event.kind !== "intvec" || !registersReadable(pmBefore(events, events.length))) return false;
  const last = events.findLast((own): own is RingEvent => own.kind === "ring" && own.type === 0x20);
  return last !== undefined && last.code === event.localState && event.localEe === 2;
}

/** Codes of a transfer that parse_xfer_event knows. */
const KNOWN_CODES = [2, 3, 4, 5, 6];

export const LEGAL: readonly LegalKind[] = [
  {
    kind: /^drop IV$/,
    why: "with one vector the handler's thread runs for any interrupt, and several interrupts may be one run of it",
    source: "mhi_intvec_handler, mhi_intvec_threaded_handler; 1.5 item 9",
    always: true,
  },
  {
    kind: /^duplicate IV$/,
    when: (mutant) => !isSysErr(mutant),
    why: "the same: the thread may run twice and find the same both times",
    source: "mhi_intvec_threaded_handler; 1.5 item 9",
    always: true,
  },
  {
    kind: /^late IV$/,
    when: isStillSo,
    why: "an interrupt may come at any time, and the host is as it was then",
    source: "mhi_intvec_threaded_handler; 1.5 item 9",
  },
  {
    kind: /^retarget IV device state$/,
    when: ({ event, other }) =>
      event.kind === "intvec" &&
      event.deviceState === 2 &&
      other?.kind === "intvec" &&
      [3, 4].includes(other.deviceState),
    why: "an idle device goes to M1 and M2 by itself, and shows it before it posts its event",
    source: "mhi_pm_m1_transition; 4.8",
  },
  {
    kind: /^stall /,
    when: (mutant) => {
      const first = firstWithWeight(mutant);
      return first === undefined || isFree(first);
    },
    why: "a client queues and asks, the power management suspends and a device sends when they like: no timer runs",
    source: "mhi_queue, mhi_pm_suspend, parse_xfer_event; 6.0 items 7 and 8",
  },
  {
    kind: /^silence /,
    when: (mutant) => !isOwed(mutant),
    why: "what was asked for has happened, nobody waits for an answer, and a device may be idle for ever",
    source: "mhi_pm_st_worker; 6.1, 6.3",
  },
  {
    kind: /^cpu-lost /,
    when: isMissedByNobody,
    why: "lost is the end, or only interrupts and the last buffers and completions of a channel: the rest is a whole story",
    source: "mhi_gen_tre, parse_xfer_event; 1.5 item 9, 6.0 item 8",
  },
  {
    kind: /^(?:drop|late) TRE$/,
    when: (mutant) => isLastOfChannel(mutant) || !placed(mutant),
    why: "a client queues as many buffers as it likes; that one is missing in between shows only where the address of its place is no hash",
    source: "mhi_queue, mhi_gen_tre; 1.5 item 6, 6.1",
  },
  {
    kind: /^duplicate TRE$/,
    when: ({ event }) => event.kind === "tre" && event.slot === undefined,
    why: "two buffers alike; the place that would tell them apart was not recorded",
    source: "mhi_gen_tre; 1.5 item 6",
  },
  {
    kind: /^retarget TRE pointer$/,
    why: "the buffer's bus address may be any",
    source: "mhi_map_single_no_bb; 4.6",
    always: true,
  },
  {
    kind: /^retarget TRE length$/,
    when: fitsCompletion,
    why: "a client chooses the length of its buffer; only a completion that is longer contradicts it",
    source: "mhi_queue_skb, mhi_gen_tre; 4.7",
  },
  {
    kind: /^retarget (?:TRE|CE .*|transfer) place$/,
    when: (mutant) => !placed(mutant),
    why: "the address of the place was recorded as a hash: another hash is another place, and nobody knows which",
    source: "ring element addresses printed with %p; 1.5 item 6",
  },
  {
    kind: /^retarget TRE channel$/,
    when: (mutant) => !placed(mutant),
    why: "a buffer of another open channel; that it stands in the wrong ring is hidden by the hash",
    source: "mhi_gen_tre; 1.5 item 6, 6.0 item 6",
  },
  {
    kind: /^(?:drop|late) transfer$/,
    when: isLastOfChannel,
    why: "the device may keep a buffer: the driver has no timer for it, and a close gives it back",
    source: "parse_xfer_event, mhi_reset_data_chan; 6.0 item 8, 6.8",
  },
  {
    kind: /^retarget transfer code$/,
    when: ({ other }) => other?.kind === "ring" && KNOWN_CODES.includes(other.code),
    why: "OVERFLOW, EOB and EOT are one to the driver; OOB and DB_MODE complete nothing, and a buffer may be kept",
    source: "parse_xfer_event; 4.6, 4.7",
  },
  {
    kind: /^retarget transfer length$/,
    when: fitsBuffer,
    why: "any length up to the buffer's",
    source: "parse_xfer_event; 4.7",
  },
  {
    kind: /^(?:drop|late|swap) CE state/,
    when: ({ event }) => event.kind === "ring" && event.code === 0xff,
    why: "SYS_ERR is also seen by the interrupt and by a run of the tasklet that finds no element",
    source: "mhi_process_ctrl_ev_ring, mhi_ctrl_ev_task; 2.2, 6.4",
  },
  {
    kind: /^(?:drop|duplicate|retarget) (?:ST|PM)/,
    when: isInRecovery,
    why: "SYS_ERR may be handled once or twice, and a second READY handshake may be refused: items and records of one more or less",
    source: "mhi_pm_sys_err_handler, mhi_ready_state_transition; 6.0 item 10, 6.4",
  },
  {
    kind: /^(?:duplicate ST|(?:drop|retarget) PM.*)$/,
    when: isUnknownBefore,
    why: "the recording begins with it, and nobody knows what was before: a SYS_ERR handled twice, or another PM state",
    source: "mhi_pm_sys_err_handler, mhi_tryset_pm_state; 6.4, 10.2",
  },
  {
    kind: /^drop CX$/,
    when: ({ event }) => event.kind === "chan" && event.command === 0,
    why: "a RESET that an error state overtakes never ends",
    source: "mhi_update_channel_state; 6.0 item 11",
  },
  {
    kind: /^(?:drop CS|retarget CS (?:channel|command))$/,
    when: isRefused,
    why: "a client that was refused while asleep need not have asked, and another one may have, for another thing",
    source: "qcom_mhi_qrtr_pm_resume_early, mhi_update_channel_state; 6.0 items 7 and 11, 6.3",
  },
  {
    kind: /^duplicate PM$/,
    when: ({ event }) => event.kind === "pm" && event.pmState === 12,
    why: "the table has Linkdown to Linkdown: two who give the device up",
    source: "dev_state_transitions, __mhi_power_down; 2.1",
  },
  {
    kind: /^swap .*IV/,
    when: interruptMayMove,
    why: "the handler's thread runs beside all else; only what it shows of the host and its registers must fit",
    source: "mhi_intvec_threaded_handler; 1.5 items 9 and 10",
  },
  {
    kind: /^swap TRE \/ TRE$/,
    when: buffersMayChange,
    why: "two channels have two locks; on one channel the hash hides which was first",
    source: "mhi_gen_tre; 1.5 items 6 and 10",
  },
  {
    kind: /^swap .*TRE/,
    when: bufferMayMove,
    why: "nothing orders a channel's buffers against what happens to other channels or in other tasks",
    source: "mhi_queue; 1.5 item 10",
  },
  {
    kind: /^swap (?:CE \w+|transfer) \/ (?:CE \w+|transfer)$/,
    when: elementsMayChange,
    why: "elements of two rings are handled by two tasklets; on one ring the hash hides the order of those that are no answer to each other",
    source: "mhi_ctrl_ev_task, mhi_ev_task; 1.5 items 6 and 10",
  },
  {
    kind: /^swap /,
    when: tasksMayMove,
    why: "two tasks, or a task and a tasklet, of which none waits for the other; a command is recorded before it is checked",
    source: "mhi_update_channel_state; 1.5 item 10, 6.0 item 7",
  },
  {
    kind: /^swap (?:PM \/ ST|ST \/ PM)$/,
    when: missionModeMayBegin,
    why: "the mission-mode item begins with the EE event and waits for M0 inside",
    source: "mhi_pm_mission_mode_transition; 3.5",
  },
  {
    kind: /^swap /,
    when: handledTwice,
    why: "two handlings of one SYS_ERR run into each other",
    source: "mhi_pm_sys_err_handler; 6.4",
  },
];

export const legalKind = (mutant: Mutant): LegalKind | undefined => {
  const kind = kindOfMutant(mutant);
  return LEGAL.find((entry) => entry.kind.test(kind) && (entry.when?.(mutant) ?? true));
};
