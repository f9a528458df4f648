/**
 * The hot loop of trace text, in AssemblyScript: lines of mhi_host events as 6.9 and later print them, in the kernel's columns
 * or trace-cmd's, -> columns of rows. What stands where in memory is told in text-memory.ts. The loop stops in front of any
 * line that it does not take whole; TypeScript reads that one, and knows every other form (harness/trace/text).
 *
 *       kworker/u9:0-74      [001] dNs2.     0.007591: mhi_tryset_pm_state: mhi0: PM state: M0
 *       kworker/u9:0-74    [001]  5893322535: mhi_tryset_pm_state:  mhi0: PM state: M0
 */
import {
  A,
  B,
  BEHIND_BATCH,
  C,
  CONTROLLER,
  D,
  FLAGS,
  KIND,
  LANE,
  PID,
  PTR_HIGH,
  PTR_LOW,
  SLOT_HIGH,
  SLOT_LOW,
  T_NS,
} from "./columns.as";
import { decimal, digits, HEX_MARK, hex, sixteen, value, wide, word } from "./text-words.as";

// State.
const ORIGIN_SECONDS: usize = 0;
const ROW_LIMIT: usize = 8;
const ROW: usize = 12;
const LINES: usize = 16;
const WHOLE_TIMES: usize = 20;
const NAME_COUNT: usize = 24;
const M0: usize = 28;
const WORKER_DISABLE: usize = 32;

const NAMES: usize = BEHIND_BATCH;
const NAME_BYTES: usize = 16;
const LANES: usize = NAMES + 8 * NAME_BYTES;
const LAST_NS: usize = LANES + 2 * 1024;
const WORDS: usize = LAST_NS + 8 * 64;
const WORD_BYTES: usize = 64;
const TABLE_BYTES: usize = 32 * WORD_BYTES;
const PM: usize = WORDS;
const WORKER: usize = WORDS + TABLE_BYTES;
const EE: usize = WORDS + 2 * TABLE_BYTES;
const STATE: usize = WORDS + 3 * TABLE_BYTES;
const COMMAND: usize = WORDS + 4 * TABLE_BYTES;
const COMM_KNOWN: usize = WORDS + 5 * TABLE_BYTES;
const MAX_PID: u32 = 4194304;

const KIND_PM: u32 = 1;
const KIND_WORKER: u32 = 2;
const KIND_INTVEC: u32 = 3;
const KIND_CTRL: u32 = 4;
const KIND_DATA: u32 = 5;
const KIND_TRE: u32 = 6;
const KIND_CHAN_START: u32 = 7;
const KIND_CHAN_END: u32 = 8;

const LF: u32 = 10;
const SPACE: u32 = 32;
const COLON: u32 = 58;
const COLON_SPACE: u32 = 0x203a;

// Text as the processor loads it: the first character in the lowest byte.
const MHI_GEN: u64 = 0x5f6e65675f69686d; // mhi_gen_
const MHI_CTRL: u64 = 0x6c7274635f69686d; // mhi_ctrl
const MHI_DATA: u64 = 0x617461645f69686d; // mhi_data
const MHI_INTV: u64 = 0x76746e695f69686d; // mhi_intv
const MHI_TRYS: u64 = 0x737972745f69686d; // mhi_trys
const MHI_PM_S: u64 = 0x735f6d705f69686d; // mhi_pm_s
const MHI_CHAN: u64 = 0x6e6168635f69686d; // mhi_chan
const TRE_COLON: u32 = 0x3a657274; // tre:
const EVENT: u64 = 0x3a746e6576655f; // _event:
const EC_STATE: u64 = 0x65746174735f6365; // ec_state
const S_COLON: u32 = 0x3a73; // s:
const ET_PM_ST: u64 = 0x74735f6d705f7465; // et_pm_st
const ATE_COLON: u32 = 0x3a657461; // ate:
const T_TRANSI: u64 = 0x69736e6172745f74; // t_transi
const TION: u32 = 0x6e6f6974; // tion
const NEL_COMM: u64 = 0x6d6d6f635f6c656e; // nel_comm
const AND_STAR: u64 = 0x726174735f646e61; // and_star
const T_COLON: u32 = 0x3a74; // t:
const AND_END: u64 = 0x3a646e655f646e61; // and_end:
const TRE_HEX: u64 = 0x7830203a455254; // TRE: 0x
const TRE_BUF: u64 = 0x3a66756220455254; // TRE buf:
const SPACE_HEX: u32 = 0x783020; //  0x
const DWORD0: u64 = 0x3a3044524f574420; //  DWORD0:
const DWORD1: u64 = 0x3a3144524f574420; //  DWORD1:
const STATE_TEXT: u64 = 0x203a657461745320; //  State:
const CHAN: u64 = 0x203a6e616843; // Chan:
const PM_STATE: u64 = 0x6574617473204d50; // PM state
const HANDLING: u64 = 0x676e696c646e6148; // Handling
const STATE_TR: u64 = 0x7274206574617473; // state tr
const ANSITION: u64 = 0x6e6f697469736e61; // ansition
const LOCAL_EE: u64 = 0x4545206c61636f4c; // Local EE
const DEVICE: u64 = 0x2065636976654420; //  Device
const EE_COLON: u32 = 0x203a4545; // EE:
const DEV_STAT: u64 = 0x7461745320766544; // Dev Stat
const CHAN_LOW: u32 = 0x6e616863; // chan
const STATE_TO: u64 = 0x6f74206574617473; // state to
const BYTES_3: u32 = 0x00ffffff;
const BYTES_6: u64 = 0x0000ffffffffffff;
const BYTES_7: u64 = 0x00ffffffffffffff;

function mhiState(at: usize): usize {
  const text = load<u32>(at);
  const digit = ((text >>> 8) & 255) - 48;
  const next = (text >>> 16) & 255;
  if ((text & 255) == 77 && digit < 4 && next != 95 && (next != SPACE || text >>> 24 != 70)) {
    value = load<i32>(M0) + <i32>digit;
    return at + 2;
  }
  return word(STATE, at);
}

/** From behind `TRE: 0x` to behind DWORD1. */
function element(from: usize, row4: usize): usize {
  let at = from;
  if (<u32>load<u16>(at) == HEX_MARK) at += 2;
  if (load<u8>(at) == 40) {
    // (____ptrval____)
    if (load<u64>(at) != 0x7274705f5f5f5f28 || load<u64>(at, 8) != 0x295f5f5f5f6c6176) return 0;
    store<u32>(row4, 0, SLOT_LOW);
    store<u32>(row4, 0, SLOT_HIGH);
    at += 16;
  } else {
    at = hex(at);
    if (at == 0) return 0;
    store<u32>(row4, <u32>wide, SLOT_LOW);
    store<u32>(row4, <u32>(wide >>> 32), SLOT_HIGH);
  }
  if (<u32>load<u8>(at) != SPACE || load<u64>(at, 1) != TRE_BUF || (load<u32>(at, 9) & BYTES_3) != SPACE_HEX) return 0;
  at = hex(at + 12);
  if (at == 0) return 0;
  store<u32>(row4, <u32>wide, PTR_LOW);
  store<u32>(row4, <u32>(wide >>> 32), PTR_HIGH);
  if (load<u64>(at) != DWORD0 || (load<u32>(at, 8) & BYTES_3) != SPACE_HEX) return 0;
  if (load<u64>(at, 19) != DWORD1 || (load<u32>(at, 27) & BYTES_3) != SPACE_HEX) return 0;
  const both = sixteen(i64x2.replace_lane(v128.load64_zero(at + 11), 1, load<i64>(at, 30)));
  if (digits != 0xffff) return 0;
  store<u32>(row4, <u32>(both >>> 32), A);
  store<u32>(row4, <u32>both, B);
  return at + 38;
}

/** Something up to the line's end, 64 bytes at most. @returns where the next line begins; 0. */
function someWord(at: usize): usize {
  for (let i: usize = 0; i < 64; i += 16) {
    const feeds = i8x16.bitmask(i8x16.eq(v128.load(at + i), i8x16.splat(10)));
    if (feeds == 0) continue;
    const length = i + <usize>ctz(feeds);
    return length == 0 ? 0 : at + length + 1;
  }
  return 0;
}

function intvec(from: usize, row4: usize): usize {
  if (load<u64>(from) != LOCAL_EE || <u32>load<u16>(from, 8) != COLON_SPACE) return 0;
  let at = word(EE, from + 10);
  if (at == 0 || load<u64>(at) != STATE_TEXT) return 0;
  store<i32>(row4, value, A);
  at = mhiState(at + 8);
  if (at == 0 || load<u64>(at) != DEVICE || load<u32>(at, 8) != EE_COLON) return 0;
  store<i32>(row4, value, B);
  at = word(EE, at + 12);
  if (at == 0 || <u32>load<u8>(at) != SPACE || load<u64>(at, 1) != DEV_STAT || (load<u32>(at, 9) & BYTES_3) != 0x203a65)
    return 0;
  store<i32>(row4, value, C);
  at = mhiState(at + 12);
  store<i32>(row4, value, D);
  return at;
}

function command(from: usize, row4: usize): usize {
  if (load<u32>(from) != CHAN_LOW) return 0;
  let at = decimal(from + 4);
  if (at == 0 || <u32>load<u16>(at) != COLON_SPACE) return 0;
  store<i32>(row4, value, C);
  at += 2;
  const limit = at + 64;
  while (<u32>load<u8>(at) > SPACE && at < limit) at++;
  if (<u32>load<u8>(at) != SPACE || load<u64>(at, 1) != STATE_TO || <u32>load<u16>(at, 9) != COLON_SPACE) return 0;
  at = word(COMMAND, at + 11);
  store<i32>(row4, value, A);
  return at;
}

/** @returns where the line's last word ends, or (elements with a state) 1 more than the line feed's place, as `end`. */
function body(kind: u32, at: usize, row4: usize): usize {
  switch (kind) {
    case KIND_CTRL:
    case KIND_DATA: {
      if ((load<u64>(at) & BYTES_7) != TRE_HEX) return 0;
      const end = element(at + 7, row4);
      if (end == 0 || load<u64>(end) != STATE_TEXT) return 0;
      const next = someWord(end + 8);
      return next == 0 ? 0 : next - 1;
    }
    case KIND_TRE: {
      if ((load<u64>(at) & BYTES_6) != CHAN) return 0;
      const end = decimal(at + 6);
      if (end == 0 || <u32>load<u8>(end) != SPACE || (load<u64>(end, 1) & BYTES_7) != TRE_HEX) return 0;
      store<i32>(row4, value, C);
      return element(end + 8, row4);
    }
    case KIND_INTVEC:
      return intvec(at, row4);
    case KIND_PM: {
      if (load<u64>(at) != PM_STATE || <u32>load<u16>(at, 8) != COLON_SPACE) return 0;
      const end = word(PM, at + 10);
      store<i32>(row4, value, A);
      return end;
    }
    case KIND_WORKER: {
      if (load<u64>(at) != HANDLING || <u32>load<u8>(at, 8) != SPACE || load<u64>(at, 9) != STATE_TR) return 0;
      if (load<u64>(at, 17) != ANSITION || <u32>load<u16>(at, 25) != COLON_SPACE) return 0;
      const end = word(WORKER, at + 27);
      store<i32>(row4, value, A);
      // it may go on in the next line of a wrapped mail
      return value == load<i32>(WORKER_DISABLE) ? 0 : end;
    }
    default:
      return command(at, row4);
  }
}

/** Kind by the event's name; where its colon has been passed into `named`. */
let named: usize = 0;
function kindOf(at: usize): u32 {
  const first = load<u64>(at);
  if (first == MHI_GEN) {
    named = at + 12;
    return load<u32>(at, 8) == TRE_COLON ? KIND_TRE : 0;
  }
  if (first == MHI_CTRL || first == MHI_DATA) {
    named = at + 15;
    if ((load<u64>(at, 8) & BYTES_7) != EVENT) return 0;
    return first == MHI_CTRL ? KIND_CTRL : KIND_DATA;
  }
  if (first == MHI_INTV) {
    named = at + 18;
    return load<u64>(at, 8) == EC_STATE && <u32>load<u16>(at, 16) == S_COLON ? KIND_INTVEC : 0;
  }
  if (first == MHI_TRYS) {
    named = at + 20;
    return load<u64>(at, 8) == ET_PM_ST && load<u32>(at, 16) == ATE_COLON ? KIND_PM : 0;
  }
  if (first == MHI_PM_S) {
    named = at + 21;
    return load<u64>(at, 8) == T_TRANSI && load<u32>(at, 16) == TION && <u32>load<u8>(at, 20) == COLON
      ? KIND_WORKER
      : 0;
  }
  if (first != MHI_CHAN || load<u64>(at, 8) != NEL_COMM) return 0;
  if (load<u64>(at, 16) == AND_END) {
    named = at + 24;
    return KIND_CHAN_END;
  }
  named = at + 26;
  return load<u64>(at, 16) == AND_STAR && <u32>load<u16>(at, 24) == T_COLON ? KIND_CHAN_START : 0;
}

/** Number of the controller whose name and `: ` stand here, where they end into `named`; -1. */
function controllerAt(at: usize): i32 {
  const text = load<u64>(at);
  const end = <usize>load<u32>(NAME_COUNT) * NAME_BYTES;
  for (let known: usize = 0; known < end; known += NAME_BYTES) {
    const bytes = load<u32>(known, NAMES + 8);
    if ((text & (<u64>-1 >>> (64 - ((<u64>bytes) << 3)))) != load<u64>(known, NAMES)) continue;
    named = at + <usize>bytes;
    return load<i32>(known, NAMES + 12);
  }
  return -1;
}

/** Time of the line on the axis; NaN: of another form. Where the event's name begins into `named`. */
let wholeTime: u32 = 0;
function timeAt(from: usize): f64 {
  let at = from;
  let sum: u64 = 0;
  for (let digit = <u32>load<u8>(at) - 48; digit < 10; digit = <u32>load<u8>(++at) - 48) sum = sum * 10 + <u64>digit;
  const length = at - from;
  if (length - 1 > 17) return NaN;
  let seconds = sum;
  let nanos: u32 = 0;
  if (<u32>load<u8>(at) == COLON) {
    seconds = sum / 1000000000;
    nanos = <u32>(sum - seconds * 1000000000);
    wholeTime = 1;
  } else {
    if (<u32>load<u8>(at) != 46 || length > 9) return NaN;
    for (let i: usize = 1; i < 7; i++) {
      const digit = <u32>load<u8>(at + i) - 48;
      if (digit > 9) return NaN;
      nanos = nanos * 10 + digit;
    }
    nanos *= 1000;
    at += 7;
    wholeTime = 0;
  }
  if (<u32>load<u16>(at) != COLON_SPACE) return NaN;
  named = at + 2;
  return (<f64>seconds - load<f64>(ORIGIN_SECONDS)) * 1e9 + <f64>nanos;
}

/**
 * Takes whole lines from `from` to `end`, as long as rows are left.
 * @returns where it stopped: `end`, or the beginning of a line for TypeScript or without a row. ROW, LINES, WHOLE_TIMES go on.
 */
export function lines(from: usize, end: usize): usize {
  const limit = load<u32>(ROW_LIMIT);
  let row = load<u32>(ROW);
  let count: u32 = 0;
  let whole: u32 = 0;
  let line = from;
  while (line < end) {
    if (<u32>load<u8>(line) == LF) {
      line++;
      count++;
      continue;
    }
    if (row >= limit) break;
    // sixteen columns of a task's name, its last one next to the dash; a bracket in it is for others to tell
    const name = v128.load(line);
    const odd = v128.or(i8x16.eq(name, i8x16.splat(10)), i8x16.eq(name, i8x16.splat(91)));
    if (v128.any_true(odd) || <u32>load<u8>(line, 16) != 45 || <u32>load<u8>(line, 15) == SPACE || load<u8>(line) == 62)
      break;
    let at = decimal(line + 17);
    if (at == 0 || <u32>value > MAX_PID) break;
    const pid = <u32>value;
    if (<u32>load<u8>(at) != SPACE) break;
    do at++;
    while (<u32>load<u8>(at) == SPACE);
    // [001]
    const bracket = load<u64>(at);
    const hundreds = (<u32>(bracket >>> 8) & 255) - 48;
    const tens = (<u32>(bracket >>> 16) & 255) - 48;
    const ones = (<u32>(bracket >>> 24) & 255) - 48;
    if ((bracket & 255) != 91 || ((bracket >>> 32) & 0xffff) != 0x205d) break;
    if (hundreds > 9 || tens > 9 || ones > 9) break;
    const lane = <u32>load<u16>((<usize>(hundreds * 100 + tens * 10 + ones)) << 1, LANES);
    if (lane == 0) break;
    at += 6;
    while (<u32>load<u8>(at) == SPACE) at++;
    if (<u32>load<u8>(at) - 48 > 9) {
      const flagsEnd = at + 5;
      while (at < flagsEnd && <u32>load<u8>(at) > SPACE) at++;
      if (at != flagsEnd || <u32>load<u8>(at) != SPACE) break;
      while (<u32>load<u8>(at) == SPACE) at++;
    }
    const tNs = timeAt(at);
    if (!(tNs >= load<f64>((<usize>(lane - 1)) << 3, LAST_NS))) break;
    const kind = kindOf(named);
    if (kind == 0 || ((<u32>load<u8>(<usize>pid >> 3, COMM_KNOWN) >>> (pid & 7)) & 1) == 0) break;
    while (<u32>load<u8>(named) == SPACE) named++;
    const controller = controllerAt(named);
    if (controller < 0) break;
    const row4 = (<usize>row) << 2;
    const row2 = (<usize>row) << 1;
    at = body(kind, named, row4);
    if (at == 0 || <u32>load<u8>(at) != LF) break;
    store<f64>((<usize>row) << 3, tNs, T_NS);
    store<f64>((<usize>(lane - 1)) << 3, tNs, LAST_NS);
    store<u32>(row4, pid, PID);
    store<u16>(row2, <u16>(lane - 1), LANE);
    store<u16>(row2, 0, FLAGS);
    store<u16>(row2, <u16>controller, CONTROLLER);
    store<u8>(<usize>row, <u8>kind, KIND);
    whole += wholeTime;
    row++;
    count++;
    line = at + 1;
  }
  store<u32>(ROW, row);
  store<u32>(LINES, load<u32>(LINES) + count);
  store<u32>(WHOLE_TIMES, load<u32>(WHOLE_TIMES) + whole);
  return line;
}
