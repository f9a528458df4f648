/** Names of the mhi_host events of both generations, told apart by bytes. */
import { Kind } from "../batch.ts";
import { ascii, four, type Literal, matches, word } from "./literal.ts";

/** Parts of a name's code: the kind of the event, its generation where the name tells it, the length with the colon. */
export const NAME_KIND = 0x0f;
export const NAME_MERGED = 0x10;
export const NAME_V2 = 0x20;
export const NAME_GENERATION = NAME_MERGED | NAME_V2;
export const NAME_LENGTH_SHIFT = 6;

const code = (kind: Kind, generation: number, name: string): number =>
  kind | generation | ((name.length + 1) << NAME_LENGTH_SHIFT);

const MHI = word("mhi_");
/** The most frequent names, four bytes at a time without a loop; where the length is odd, groups overlap. */
const CTRL = word("ctrl");
const DATA = word("data");
const EVENT = word("_eve");
const EVENT_END = word("ent:");
const GEN_ = word("gen_");
const TRE_END = word("tre:");
const INTV = word("intv");
const EC_S = word("ec_s");
const CHAN_ = word("chan");
const NEL_ = word("nel_");
const COMM = word("comm");
const AND_ = word("and_");
const STAR = word("star");
const ART_END = word("art:");
const END_END = word("end:");
const TATE = word("tate");
const TES_END = word("tes:");
const CTRL_EVENT = code(Kind.CTRL, NAME_MERGED, "mhi_ctrl_event");
const DATA_EVENT = code(Kind.DATA, NAME_MERGED, "mhi_data_event");
const GEN_TRE = code(Kind.TRE, 0, "mhi_gen_tre");
const INTVEC_STATES = code(Kind.INTVEC, NAME_MERGED, "mhi_intvec_states");
const COMMAND_START = code(Kind.CHAN_START, NAME_MERGED, "mhi_channel_command_start");
const COMMAND_END = code(Kind.CHAN_END, NAME_MERGED, "mhi_channel_command_end");

const OTHERS: readonly { readonly text: Literal; readonly code: number }[] = (
  [
    ["mhi_tryset_pm_state", Kind.PM, 0],
    ["mhi_pm_st_transition", Kind.WORKER, 0],
    ["mhi_intvec_threaded_handler", Kind.INTVEC, NAME_V2],
    ["mhi_process_ctrl_ev_ring", Kind.CTRL, NAME_V2],
    ["mhi_process_data_event_ring", Kind.DATA, NAME_V2],
    ["mhi_update_channel_state_start", Kind.CHAN_START, NAME_V2],
    ["mhi_update_channel_state_end", Kind.CHAN_END, NAME_V2],
  ] as const
).map(([name, kind, generation]) => ({ text: ascii(`${name}:`), code: code(kind, generation, name) }));

/** Code of the name that begins at `at`; 0: another event's. */
export function nameCode(bytes: Uint8Array, at: number): number {
  if (four(bytes, at) !== MHI) return 0;
  const first = four(bytes, at + 4);
  if (first === CTRL || first === DATA) {
    if (four(bytes, at + 8) === EVENT && four(bytes, at + 11) === EVENT_END) {
      return first === CTRL ? CTRL_EVENT : DATA_EVENT;
    }
  } else if (first === GEN_) {
    if (four(bytes, at + 8) === TRE_END) return GEN_TRE;
  } else if (first === CHAN_) {
    return commandCode(bytes, at);
  } else if (first === INTV && four(bytes, at + 8) === EC_S && four(bytes, at + 12) === TATE) {
    if (four(bytes, at + 14) === TES_END) return INTVEC_STATES;
  }
  return otherCode(bytes, at);
}

function commandCode(bytes: Uint8Array, at: number): number {
  if (four(bytes, at + 8) !== NEL_ || four(bytes, at + 12) !== COMM || four(bytes, at + 16) !== AND_) return 0;
  if (four(bytes, at + 20) === END_END) return COMMAND_END;
  return four(bytes, at + 20) === STAR && four(bytes, at + 22) === ART_END ? COMMAND_START : 0;
}

function otherCode(bytes: Uint8Array, at: number): number {
  for (let i = 0; i < OTHERS.length; i++) {
    const other = OTHERS[i];
    if (other !== undefined && matches(other.text, bytes, at)) return other.code;
  }
  return 0;
}
