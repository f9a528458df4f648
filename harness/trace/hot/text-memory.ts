/**
 * The memory in which the hot loop of trace text works, and what it is told of the recording.
 *
 *   state    64 bytes: see `Cell`
 *   batch    columns of 8192 rows: see batch.ts
 *   names    8 of 16 bytes: `mhi0: ` in eight bytes, zeros after it | u32 its bytes, 3 to 8 | u32 the controller's number
 *   lanes    u16[1024]: CPU -> 1 + lane of its records without a buffer's name; 0: not known yet
 *   times    f64[64]: of each lane's last record, ns
 *   words    5 tables (PM, worker, EE, MHI state, command) of 32 of 64 bytes, longest first: three groups of eight bytes |
 *            their masks | u32 length | i32 value; length 0 ends a table
 *   tasks    a bit a pid: its name is known
 *   window   the text, and 64 bytes that may be looked at behind it
 *
 * Source of the loop: text.as.ts, which `npm run hot` compiles.
 */

import { MhiState } from "../../mhi/mhi-state.ts";
import { type BatchNames, EventBatch } from "../batch.ts";
import {
  CHANNEL_COMMAND_BY_TEXT,
  EXEC_ENV_BY_TEXT,
  MHI_STATE_BY_TEXT,
  PM_STATE_BY_TEXT,
  WORKER_ITEM_BY_TEXT,
} from "../mhi-names.ts";
import { BATCH_AT, BEHIND_BATCH, HOT_ROWS } from "./columns.ts";
import { TEXT_WASM } from "./text-wasm.ts";
import { HotCode } from "./wasm.ts";

/** Cells of the state, as 32-bit words; the doubles of [0] are the origin in seconds. */
export const Cell = {
  ROW_LIMIT: 2,
  ROW: 3,
  LINES: 4,
  WHOLE_TIMES: 5,
  NAME_COUNT: 6,
  M0: 7,
  WORKER_DISABLE: 8,
} as const;

const NAMES_AT = BEHIND_BATCH;
const MAX_NAMES = 8;
const NAME_BYTES = 16;
const LANES_AT = NAMES_AT + MAX_NAMES * NAME_BYTES;
const CPUS = 1024;
/** Longer words are left to TypeScript: the loop does not take a line that holds one. */
const MAX_WORD_BYTES = 24;
/** The loop takes CPUs of three digits. */
const MAX_CPU = 999;
const LAST_NS_AT = LANES_AT + 2 * CPUS;
const LANES = 64;
const WORDS_AT = LAST_NS_AT + 8 * LANES;
const WORD_BYTES = 64;
const TABLE_WORDS = 32;
const TABLES = [
  PM_STATE_BY_TEXT,
  WORKER_ITEM_BY_TEXT,
  EXEC_ENV_BY_TEXT,
  MHI_STATE_BY_TEXT,
  CHANNEL_COMMAND_BY_TEXT,
] as const;
const COMM_KNOWN_AT = WORDS_AT + TABLES.length * TABLE_WORDS * WORD_BYTES;
/** PID_MAX_LIMIT is the last one. */
const TASKS_BYTES = (4_194_304 >>> 3) + 64;
const WINDOW_AT = COMM_KNOWN_AT + TASKS_BYTES;
const WINDOW_BYTES = 256 << 10;
const SLACK_BYTES = 64;

interface TextLoop {
  lines(from: number, end: number): number;
}

const code = new HotCode<TextLoop>(TEXT_WASM);

export class TextMemory {
  readonly batch: EventBatch;
  readonly commKnown: Uint8Array;
  readonly lastNs: Float64Array;
  readonly state: Int32Array;
  readonly #origin: Float64Array;
  readonly #loop: TextLoop;
  readonly #view: DataView;
  readonly #lanes: Uint16Array;
  readonly #window: Uint8Array;
  /** What the window holds, and from where to where. */
  #held: Uint8Array | undefined;
  #heldFrom = 0;
  #heldEnd = 0;

  constructor(names: BatchNames) {
    const { loops, buffer } = code.start(WINDOW_AT + WINDOW_BYTES + SLACK_BYTES);
    this.#loop = loops;
    this.#view = new DataView(buffer);
    this.state = new Int32Array(buffer, 0, 16);
    this.#origin = new Float64Array(buffer, 0, 1);
    this.#lanes = new Uint16Array(buffer, LANES_AT, CPUS);
    this.lastNs = new Float64Array(buffer, LAST_NS_AT, LANES);
    this.commKnown = new Uint8Array(buffer, COMM_KNOWN_AT, TASKS_BYTES);
    this.batch = new EventBatch(names, HOT_ROWS, buffer, BATCH_AT);
    this.#window = new Uint8Array(buffer, WINDOW_AT, WINDOW_BYTES);
    this.state[Cell.M0] = MhiState.M0;
    this.state[Cell.WORKER_DISABLE] = WORKER_ITEM_BY_TEXT.get("DISABLE") ?? -1;
    for (const [i, table] of TABLES.entries()) this.#layWords(WORDS_AT + i * TABLE_WORDS * WORD_BYTES, table);
  }

  set originSeconds(seconds: number) {
    this.#origin[0] = seconds;
  }

  /** Records of a CPU that name no buffer are those of this lane. */
  knowLane(cpu: number, lane: number): void {
    if (cpu <= MAX_CPU && lane < LANES) this.#lanes[cpu] = lane + 1;
  }

  knowController(name: string, id: number): void {
    const count = this.state[Cell.NAME_COUNT] as number;
    const text = Buffer.from(`${name}: `, "latin1");
    if (count === MAX_NAMES || text.length > 8) return;
    const at = NAMES_AT + count * NAME_BYTES;
    this.#view.setBigUint64(at, bits(text), true);
    this.#view.setUint32(at + 8, text.length, true);
    this.#view.setUint32(at + 12, id, true);
    this.state[Cell.NAME_COUNT] = count + 1;
  }

  /** The bytes that were read may hold something else by now. */
  forget(): void {
    this.#held = undefined;
  }

  /** Takes whole lines of `bytes`, as far as it knows them. @returns where the first line begins that it does not. */
  take(bytes: Uint8Array, from: number, end: number): number {
    if (this.#held !== bytes || from < this.#heldFrom || from >= this.#heldEnd) this.#hold(bytes, from, end);
    const base = WINDOW_AT - this.#heldFrom;
    return this.#loop.lines(base + from, base + Math.min(end, this.#heldEnd)) - base;
  }

  /** Whole lines only; none, where one is longer than the window. */
  #hold(bytes: Uint8Array, from: number, end: number): void {
    const most = Math.min(end, from + WINDOW_BYTES);
    const whole = most === end ? end : bytes.lastIndexOf(10, most - 1) + 1;
    this.#held = bytes;
    this.#heldFrom = from;
    this.#heldEnd = Math.max(from, whole);
    this.#window.set(bytes.subarray(from, this.#heldEnd));
  }

  #layWords(table: number, words: ReadonlyMap<string, number>): void {
    const longestFirst = [...words]
      .filter(([word]) => word.length <= MAX_WORD_BYTES)
      .sort(([one], [other]) => other.length - one.length);
    if (longestFirst.length >= TABLE_WORDS) throw new RangeError(`no room for ${longestFirst.length} words`);
    for (const [i, [word, value]] of longestFirst.entries()) {
      const text = Buffer.from(word, "latin1");
      const at = table + i * WORD_BYTES;
      for (let group = 0; group < 3; group++) {
        const part = text.subarray(group * 8, group * 8 + 8);
        this.#view.setBigUint64(at + group * 8, bits(part), true);
        this.#view.setBigUint64(at + 24 + group * 8, bits(Buffer.alloc(part.length, 0xff)), true);
      }
      this.#view.setUint32(at + 48, text.length, true);
      this.#view.setInt32(at + 52, value, true);
    }
  }
}

/** Up to eight bytes as the processor loads them. */
const bits = (bytes: Buffer): bigint => Buffer.concat([bytes, Buffer.alloc(8 - bytes.length)]).readBigUInt64LE();
