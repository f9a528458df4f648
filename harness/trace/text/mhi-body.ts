/**
 * The text after a line's head -> columns of a row, for the eight mhi_host events in both generations of their wording.
 * Source of the wordings: TP_printk of drivers/bus/mhi/host/trace.h (6.9 and later) and of the v2 patch.
 *
 *   event   merged                                                     v2
 *   pm      PM state: S                                                the same
 *   worker  Handling state transition: S                               the same
 *   intvec  Local EE: E State: S Device EE: E Dev State: S             local ee: E state: S device ee: E state: S
 *   ctrl    TRE: 0xP TRE buf: 0xA DWORD0: 0xD DWORD1: 0xD State: S     RP:0xP Processing Event:0xA 0xD 0xD state:S
 *   data    as ctrl                                                    Processing Event:0xA 0xD 0xD
 *   tre     Chan: N TRE: 0xP TRE buf: 0xA DWORD0: 0xD DWORD1: 0xD      Chan: N WP: 0xP TRE: 0xA 0xD 0xD
 *   chan    chanN: REASON state to: S                                  chN: REASON state to: S
 *
 * The State of ctrl and data is not read: the driver prints the top byte of dword0 with the MHI state table, whatever
 * the element's type is. REASON is a kernel pointer that some tools print raw: the event's name says the same.
 */
import type { BatchNames, EventBatch } from "../batch.ts";
import { Kind } from "../batch.ts";
import { type ByteReader, endOfLine, LF, SPACE } from "./byte-reader.ts";
import { ascii, four, type Literal, matches, word } from "./literal.ts";
import { NAME_GENERATION, NAME_KIND, NAME_LENGTH_SHIFT, NAME_V2, nameCode } from "./mhi-name.ts";
import { COMMAND_WORDS, EXEC_ENV_WORDS, PM_WORDS, WORKER_WORDS } from "./word-table.ts";

/** The value may be the beginning of a longer one: a mail client may have wrapped the line after it. */
export const DOUBT_WRAP = 1;
/** The value may be the beginning of a longer one, if the line is not whole. */
export const DOUBT_CUT = 2;

const PM_STATE = ascii("PM state: ");
const WORKER_STATE = ascii("Handling state transition: ");
const LOCAL_EE = ascii("Local EE: ");
const STATE = ascii(" State: ");
const DEVICE_EE = ascii(" Device EE: ");
const DEV_STATE = ascii(" Dev State: ");
const V2_LOCAL_EE = ascii("local ee: ");
const V2_STATE = ascii(" state: ");
const V2_DEVICE_EE = ascii(" device ee: ");
const TRE = ascii("TRE: 0x");
/** ` TRE buf: 0x`, and ` DWORD?: 0x` around its number. */
const TRE_BUF = [word(" TRE"), word(" buf"), word(": 0x")] as const;
const DWORD = [word(" DWO"), word("WORD"), word(": 0x")] as const;
const V2_RP = ascii("RP:0x");
const V2_EVENT = ascii("Processing Event:0x");
const HEX = ascii(" 0x");
const V2_RING_STATE = ascii(" state:");
const CHAN = ascii("Chan: ");
const V2_WP = ascii("WP: 0x");
const V2_TRE = ascii(" TRE: 0x");
const STATE_TO = ascii(" state to: ");

const COLON = 58;
const LETTER_A = 97;
const LETTER_C = 99;
const LETTER_H = 104;
const LETTER_N = 110;
/** More are rubbish, and a row has 16 bits for the number. */
const MAX_CONTROLLERS = 4096;
/** So many are compared as bytes before a string is made. */
const MAX_QUICK_CONTROLLERS = 8;
const MAX_STATE_BYTES = 64;
const MAX_REASON_BYTES = 64;
/** Words that are the beginning of another word of their table. */
const PM_M3 = 5;
const WORKER_DISABLE = 6;
const STATE_M3 = 5;

export class MhiBody {
  readonly #reader: ByteReader;
  readonly #names: BatchNames;
  readonly #onController: (name: string, id: number) => void;
  readonly #controllers: (Literal | undefined)[] = [];
  /** `mhi0: ` of the last record. */
  #controllerText: Literal | undefined;
  #controllerId = 0;
  /** Where the body of the event named last begins. */
  bodyAt = 0;
  /** DOUBT_ flags of the body read last. */
  doubt = 0;
  generation: "merged" | "v2" | undefined;

  /** @param onController - is told of each name that is not known yet, and again of those beyond the first few. */
  constructor(reader: ByteReader, names: BatchNames, onController: (name: string, id: number) => void) {
    this.#reader = reader;
    this.#names = names;
    this.#onController = onController;
  }

  /** Kind by the event's name that begins at `at`, the body's place into `bodyAt`; 0: another event. */
  kind(bytes: Uint8Array, at: number): Kind | 0 {
    const code = nameCode(bytes, at);
    if (code === 0) return 0;
    if ((code & NAME_GENERATION) !== 0) this.generation = (code & NAME_V2) !== 0 ? "v2" : "merged";
    let body = at + (code >> NAME_LENGTH_SHIFT);
    while (bytes[body] === SPACE) body++;
    this.bodyAt = body;
    return (code & NAME_KIND) as Kind;
  }

  /**
   * Fills row `row` from `bodyAt` to the line's end.
   * @returns where the next line begins; -1: worded as no known kernel does, or cut.
   */
  read(kind: Kind, batch: EventBatch, row: number, bytes: Uint8Array): number {
    this.doubt = 0;
    const at = this.#controller(batch, row, bytes, this.bodyAt);
    if (at < 0) return -1;
    batch.kind[row] = kind;
    switch (kind) {
      case Kind.CTRL:
      case Kind.DATA:
        return this.#ring(batch, row, bytes, at);
      case Kind.TRE:
        return this.#tre(batch, row, bytes, at);
      case Kind.INTVEC:
        return this.#intvec(batch, row, bytes, at);
      case Kind.PM:
        return this.#pm(batch, row, bytes, at);
      case Kind.WORKER:
        return this.#worker(batch, row, bytes, at);
      default:
        return this.#channelCommand(batch, row, bytes, at);
    }
  }

  /** `mhi0: ` */
  #controller(batch: EventBatch, row: number, bytes: Uint8Array, from: number): number {
    const known = this.#controllerText;
    if (known !== undefined && matches(known, bytes, from)) {
      batch.controller[row] = this.#controllerId;
      return from + known.length;
    }
    for (let id = 0; id < this.#controllers.length; id++) {
      const other = this.#controllers[id];
      if (other !== undefined && matches(other, bytes, from)) {
        this.#controllerText = other;
        this.#controllerId = id;
        batch.controller[row] = id;
        return from + other.length;
      }
    }
    return this.#newController(batch, row, bytes, from);
  }

  #newController(batch: EventBatch, row: number, bytes: Uint8Array, from: number): number {
    let at = from;
    while (bytes[at] !== SPACE && bytes[at] !== LF) at++;
    if (bytes[at] !== SPACE || bytes[at - 1] !== COLON || at - from < 2 || at - from > 64) return -1;
    if (this.#names.controllers.length >= MAX_CONTROLLERS) return -1;
    const name = Buffer.from(bytes.slice(from, at - 1)).toString("latin1");
    this.#controllerText = ascii(`${name}: `);
    this.#controllerId = this.#names.controller(name);
    this.#onController(name, this.#controllerId);
    if (this.#controllerId < MAX_QUICK_CONTROLLERS) this.#controllers[this.#controllerId] = this.#controllerText;
    batch.controller[row] = this.#controllerId;
    return at + 1;
  }

  #pm(batch: EventBatch, row: number, bytes: Uint8Array, from: number): number {
    if (!matches(PM_STATE, bytes, from)) return -1;
    const at = this.#reader.word(PM_WORDS, bytes, from + PM_STATE.length);
    if (at < 0) return -1;
    batch.a[row] = this.#reader.value;
    if (this.#reader.wasHex || this.#reader.value === PM_M3) this.doubt = DOUBT_CUT;
    return endOfLine(bytes, at);
  }

  #worker(batch: EventBatch, row: number, bytes: Uint8Array, from: number): number {
    if (!matches(WORKER_STATE, bytes, from)) return -1;
    const at = this.#reader.word(WORKER_WORDS, bytes, from + WORKER_STATE.length);
    if (at < 0) return -1;
    batch.a[row] = this.#reader.value;
    if (this.#reader.wasHex) this.doubt = DOUBT_CUT;
    else if (this.#reader.value === WORKER_DISABLE) this.doubt = DOUBT_CUT | DOUBT_WRAP;
    return endOfLine(bytes, at);
  }

  #intvec(batch: EventBatch, row: number, bytes: Uint8Array, from: number): number {
    const reader = this.#reader;
    const merged = matches(LOCAL_EE, bytes, from);
    if (!merged && !matches(V2_LOCAL_EE, bytes, from)) return -1;
    let at = reader.word(EXEC_ENV_WORDS, bytes, from + LOCAL_EE.length);
    if (at < 0 || !matches(merged ? STATE : V2_STATE, bytes, at)) return -1;
    batch.a[row] = reader.value;
    at = reader.state(bytes, at + STATE.length);
    if (at < 0 || !matches(merged ? DEVICE_EE : V2_DEVICE_EE, bytes, at)) return -1;
    batch.b[row] = reader.value;
    at = reader.word(EXEC_ENV_WORDS, bytes, at + DEVICE_EE.length);
    const before = merged ? DEV_STATE : V2_STATE;
    if (at < 0 || !matches(before, bytes, at)) return -1;
    batch.c[row] = reader.value;
    at = reader.state(bytes, at + before.length);
    if (at < 0) return -1;
    batch.d[row] = reader.value;
    if (reader.wasHex) this.doubt = DOUBT_CUT;
    else if (reader.value === STATE_M3) this.doubt = merged ? DOUBT_CUT : DOUBT_CUT | DOUBT_WRAP;
    return endOfLine(bytes, at);
  }

  #ring(batch: EventBatch, row: number, bytes: Uint8Array, from: number): number {
    if (!matches(TRE, bytes, from)) return this.#ringV2(batch, row, bytes, from);
    const at = this.#mergedElement(batch, row, bytes, from + TRE.length);
    return at > 0 && matches(STATE, bytes, at) ? anyState(bytes, at + STATE.length) : -1;
  }

  #ringV2(batch: EventBatch, row: number, bytes: Uint8Array, from: number): number {
    let at = from;
    const hasSlot = matches(V2_RP, bytes, from);
    batch.slotLow[row] = 0;
    batch.slotHigh[row] = 0;
    if (hasSlot) {
      at = this.#slot(batch, row, bytes, from + V2_RP.length);
      if (at < 0 || bytes[at++] !== SPACE) return -1;
    }
    if (!matches(V2_EVENT, bytes, at)) return -1;
    at = this.#v2Element(batch, row, bytes, at + V2_EVENT.length);
    if (at < 0 || !hasSlot) return at < 0 ? -1 : endOfLine(bytes, at);
    return matches(V2_RING_STATE, bytes, at) ? anyState(bytes, at + V2_RING_STATE.length) : -1;
  }

  #tre(batch: EventBatch, row: number, bytes: Uint8Array, from: number): number {
    if (!matches(CHAN, bytes, from)) return -1;
    let at = this.#reader.decimal(bytes, from + CHAN.length);
    if (at < 0 || bytes[at] !== SPACE) return -1;
    batch.c[row] = this.#reader.value;
    at++;
    if (matches(TRE, bytes, at)) {
      this.generation ??= "merged";
      at = this.#mergedElement(batch, row, bytes, at + TRE.length);
      return at < 0 ? -1 : endOfLine(bytes, at);
    }
    if (!matches(V2_WP, bytes, at)) return -1;
    at = this.#slot(batch, row, bytes, at + V2_WP.length);
    if (at < 0 || !matches(V2_TRE, bytes, at)) return -1;
    this.generation ??= "v2";
    at = this.#v2Element(batch, row, bytes, at + V2_TRE.length);
    return at < 0 ? -1 : endOfLine(bytes, at);
  }

  #slot(batch: EventBatch, row: number, bytes: Uint8Array, from: number): number {
    const reader = this.#reader;
    const at = reader.pointer(bytes, from);
    batch.slotLow[row] = reader.low;
    batch.slotHigh[row] = reader.high;
    return at;
  }

  /** From behind `TRE: 0x`. */
  #mergedElement(batch: EventBatch, row: number, bytes: Uint8Array, from: number): number {
    const reader = this.#reader;
    let at = reader.pointer(bytes, from);
    batch.slotLow[row] = reader.low;
    batch.slotHigh[row] = reader.high;
    if (at < 0 || four(bytes, at) !== TRE_BUF[0] || four(bytes, at + 4) !== TRE_BUF[1]) return -1;
    if (four(bytes, at + 8) !== TRE_BUF[2]) return -1;
    at = reader.hex(bytes, at + 12);
    batch.ptrLow[row] = reader.low;
    batch.ptrHigh[row] = reader.high;
    if (at < 0 || four(bytes, at) !== DWORD[0] || bytes[at + 6] !== 48) return -1;
    if (four(bytes, at + 2) !== DWORD[1] || four(bytes, at + 7) !== DWORD[2]) return -1;
    at = reader.dword(bytes, at + 11);
    batch.a[row] = reader.value;
    if (at < 0 || four(bytes, at) !== DWORD[0] || bytes[at + 6] !== 49) return -1;
    if (four(bytes, at + 2) !== DWORD[1] || four(bytes, at + 7) !== DWORD[2]) return -1;
    at = reader.dword(bytes, at + 11);
    batch.b[row] = reader.value;
    return at;
  }

  #v2Element(batch: EventBatch, row: number, bytes: Uint8Array, from: number): number {
    const reader = this.#reader;
    let at = reader.hex(bytes, from);
    if (at < 0 || !matches(HEX, bytes, at)) return -1;
    batch.ptrLow[row] = reader.low;
    batch.ptrHigh[row] = reader.high;
    at = reader.dword(bytes, at + HEX.length);
    if (at < 0 || !matches(HEX, bytes, at)) return -1;
    batch.a[row] = reader.value;
    at = reader.dword(bytes, at + HEX.length);
    batch.b[row] = reader.value;
    return at;
  }

  #channelCommand(batch: EventBatch, row: number, bytes: Uint8Array, from: number): number {
    const reader = this.#reader;
    if (bytes[from] !== LETTER_C || bytes[from + 1] !== LETTER_H) return -1;
    let at = reader.decimal(bytes, bytes[from + 2] === LETTER_A && bytes[from + 3] === LETTER_N ? from + 4 : from + 2);
    if (at < 0 || bytes[at] !== COLON || bytes[at + 1] !== SPACE) return -1;
    batch.c[row] = reader.value;
    at += 2;
    const limit = at + MAX_REASON_BYTES;
    while (bytes[at] !== SPACE && bytes[at] !== LF && at < limit) at++;
    if (!matches(STATE_TO, bytes, at)) return -1;
    at = reader.word(COMMAND_WORDS, bytes, at + STATE_TO.length);
    if (at < 0) return -1;
    batch.a[row] = reader.value;
    if (reader.wasHex) this.doubt = DOUBT_CUT;
    return endOfLine(bytes, at);
  }
}

/** Some word up to the line's end: it is not read, but it must be there. */
function anyState(bytes: Uint8Array, from: number): number {
  const limit = from + MAX_STATE_BYTES;
  let at = from;
  while (bytes[at] !== LF && at < limit) at++;
  return at === from || bytes[at] !== LF ? -1 : at + 1;
}
