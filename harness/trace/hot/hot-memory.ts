/**
 * The memory in which the hot loops work, and the loops: WebAssembly, because its memory takes words of any size at any
 * place without a check at each of them. One for each recording that is open.
 *
 *   state    64 bytes: what a loop is given and gives back beside its result
 *   batch    columns of 8192 rows: see batch.ts
 *   kinds    65536 bytes: record id -> kind; 0: left to TypeScript
 *   plans    16 of 64 bytes, by kind, u32: least bytes of a record | bytes where a, b, c, d, ptr, slot stand | maps of a..d
 *   names    8 of 16 bytes: a controller's name in eight bytes, zeros after it | u32 its bytes with the NUL, 5 to 8 | u32 its number
 *   maps     16 of 1032 bytes: see enum-map.ts
 *   lanes    each: times f64[1024], ats, lengths, rows i32[1024] of its index, then its block of pages
 *
 * Source of the loops: ring.as.ts, which `npm run hot` compiles.
 */
import { type BatchNames, EventBatch } from "../batch.ts";
import { BATCH_AT, BEHIND_BATCH, HOT_ROWS } from "./columns.ts";
import { RING_WASM } from "./ring-wasm.ts";
import { HotCode } from "./wasm.ts";

export const INDEX_ROWS = 1024;
/** Of a lane's index, before its block. */
const INDEX_BYTES = 20 * INDEX_ROWS;
const KINDS_AT = BEHIND_BATCH;
const KINDS = 0x10000;
const PLANS_AT = KINDS_AT + KINDS;
export const PLAN_WORDS = 16;
const PLANS = 16;
const NAMES_AT = PLANS_AT + PLANS * PLAN_WORDS * 4;
export const NAME_WORDS = 4;
export const MAX_NAMES = 8;
export const MAPS_AT = NAMES_AT + MAX_NAMES * NAME_WORDS * 4;
export const MAP_CELLS = 258;
const MAPS = 16;
const LANES_AT = MAPS_AT + ((MAPS * MAP_CELLS * 4 + 63) & ~63);
/** A loop may look at words behind the end of what it was given, never at what they hold. */
const SLACK_BYTES = 64;

/** Cells of the state: doubles by their own count. */
export const State = {
  /** Ticks where the walk of pages stands, and at the beginning of its page. */
  CLOCK: 0,
  PAGE_CLOCK: 4,
  /** Words of the block: where it stands, and where its page ends. */
  AT: 2,
  END: 6,
  /** Byte of the block where its page begins. */
  PAGE: 7,
  /** Records that a merge goes on with. */
  NEXT_ONE: 3,
  NEXT_OTHER: 4,
  NAME_COUNT: 5,
} as const;

interface RingLoops {
  index(lane: number, count: number, loadedBytes: number, pageBytes: number, dataOffset: number): number;
  merge(
    one: number,
    other: number,
    oneCount: number,
    otherCount: number,
    row: number,
    capacity: number,
    limitNs: number,
  ): number;
  write(lane: number, from: number, to: number, laneId: number, nameWord: number): number;
}

const code = new HotCode<RingLoops>(RING_WASM);

export class HotMemory {
  readonly buffer: ArrayBuffer;
  readonly loops: RingLoops;
  /** Cells: see `State`. */
  readonly state: Int32Array;
  /** The same as doubles. */
  readonly clocks: Float64Array;
  readonly kinds: Uint8Array;
  readonly plans: Int32Array;
  readonly names: Int32Array;
  readonly maps: Int32Array;
  #next = LANES_AT;

  /** @param blockBytes - of each lane that it will hold. */
  constructor(blockBytes: readonly number[]) {
    const bytes = blockBytes.reduce((sum, own) => sum + laneBytes(own), LANES_AT) + SLACK_BYTES;
    const { loops, buffer } = code.start(bytes);
    this.loops = loops;
    this.buffer = buffer;
    this.state = new Int32Array(buffer, 0, 16);
    this.clocks = new Float64Array(buffer, 0, 8);
    this.kinds = new Uint8Array(buffer, KINDS_AT, KINDS);
    this.plans = new Int32Array(buffer, PLANS_AT, PLANS * PLAN_WORDS);
    this.names = new Int32Array(buffer, NAMES_AT, MAX_NAMES * NAME_WORDS);
    this.maps = new Int32Array(buffer, MAPS_AT, MAPS * MAP_CELLS);
  }

  /** @returns where a lane's index begins; its block stands `INDEX_BYTES` further. */
  lane(blockBytes: number): LaneMemory {
    const at = this.#next;
    this.#next += laneBytes(blockBytes);
    const { buffer } = this;
    const block = at + INDEX_BYTES;
    return {
      at,
      times: new Float64Array(buffer, at, INDEX_ROWS),
      ats: new Int32Array(buffer, at + 8 * INDEX_ROWS, INDEX_ROWS),
      lengths: new Int32Array(buffer, at + 12 * INDEX_ROWS, INDEX_ROWS),
      rows: new Int32Array(buffer, at + 16 * INDEX_ROWS, INDEX_ROWS),
      bytes: new Uint8Array(buffer, block, blockBytes),
      words: new Uint32Array(buffer, block, blockBytes >>> 2),
      ints: new Int32Array(buffer, block, blockBytes >>> 2),
      view: new DataView(buffer, block, blockBytes),
    };
  }

  batch(names: BatchNames): EventBatch {
    return new EventBatch(names, HOT_ROWS, this.buffer, BATCH_AT);
  }
}

export interface LaneMemory {
  readonly at: number;
  readonly times: Float64Array;
  readonly ats: Int32Array;
  readonly lengths: Int32Array;
  readonly rows: Int32Array;
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly ints: Int32Array;
  readonly view: DataView;
}

const laneBytes = (blockBytes: number): number => (INDEX_BYTES + blockBytes + 63) & ~63;
