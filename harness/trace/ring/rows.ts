/**
 * Indexed records of lanes -> rows of a batch, in time order: the hot loop of the engine. The lane whose next record is
 * the earliest gives rows until the second one's is earlier; equal times: the lane that was given first.
 */
import { type BatchNames, type EventBatch, Kind } from "../batch.ts";
import { HOT_ROWS } from "../hot/columns.ts";
import { type HotMemory, MAP_CELLS, MAPS_AT, MAX_NAMES, NAME_WORDS, PLAN_WORDS, State } from "../hot/hot-memory.ts";
import type { FormatSet } from "./format-set.ts";
import type { Lane } from "./lane.ts";
import { rareRow } from "./rare-rows.ts";

/** Lanes that are merged, and the time of each one's next record: infinite when it has none. */
export interface LaneQueue {
  readonly lanes: readonly Lane[];
  readonly headNs: Float64Array;
}

/** Goes to the first record of each lane. Equal times: the lane that was given first, always. */
export function queueOf(lanes: readonly Lane[]): LaneQueue {
  const headNs = new Float64Array(lanes.length);
  for (const [i, lane] of lanes.entries()) headNs[i] = lane.more() ? lane.headNs : Number.POSITIVE_INFINITY;
  return { lanes, headNs };
}

/**
 * Fills the batch. First each record is given its row, then each lane writes all of its own: two short loops are faster
 * than one that changes lanes at every other record.
 *
 * @param writer - its batch has as many rows as the memory gives it.
 * @returns false when nothing was left.
 */
export function fillRows({ lanes, headNs }: LaneQueue, { batch, memory, write }: RowWriter): boolean {
  const { capacity } = batch;
  let row = batch.length;
  while (row < capacity) {
    // the two lanes whose next records are the earliest, and when the third one's comes
    let first = -1;
    let second = -1;
    let firstNs = Number.POSITIVE_INFINITY;
    let secondNs = Number.POSITIVE_INFINITY;
    let limitNs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < headNs.length; i++) {
      const ns = headNs[i] as number;
      if (ns < firstNs) {
        limitNs = secondNs;
        second = first;
        secondNs = firstNs;
        first = i;
        firstNs = ns;
      } else if (ns < secondNs) {
        limitNs = secondNs;
        second = i;
        secondNs = ns;
      } else if (ns < limitNs) limitNs = ns;
    }
    const lane = lanes[first];
    if (lane === undefined) break;
    const other = lanes[second];
    if (other === undefined) row = takeRun(lane, row, capacity, limitNs);
    else if (firstNs === limitNs) lane.rows[lane.next++] = row++;
    else if (first < second) row = merge(memory, lane, other, row, limitNs);
    else row = merge(memory, other, lane, row, limitNs);
    headNs[first] = nextNs(lane, write);
    if (other) headNs[second] = nextNs(other, write);
  }
  for (const lane of lanes) write(lane);
  batch.length = row;
  return row > 0;
}

/** Time of the lane's next record; its index is filled again when all of it has rows. */
function nextNs(lane: Lane, write: (lane: Lane) => void): number {
  if (lane.next < lane.count) return lane.headNs;
  write(lane);
  lane.more();
  return lane.headNs;
}

/** Rows for what a lane has before `limitNs`. @returns the row after them. */
function takeRun(lane: Lane, from: number, capacity: number, limitNs: number): number {
  const { times, rows, count } = lane;
  let next = lane.next;
  let row = from;
  while (next < count && row < capacity && (times[next] as number) < limitNs) rows[next++] = row++;
  lane.next = next;
  return row;
}

/**
 * Rows for what two lanes have before `limitNs`, until one of them has no more in its index.
 *
 * @param one - comes first where times are equal.
 * @returns the row after them.
 */
function merge({ loops, state }: HotMemory, one: Lane, other: Lane, from: number, limitNs: number): number {
  state[State.NEXT_ONE] = one.next;
  state[State.NEXT_OTHER] = other.next;
  const row = loops.merge(one.base, other.base, one.count, other.count, from, HOT_ROWS, limitNs);
  one.next = state[State.NEXT_ONE] as number;
  other.next = state[State.NEXT_OTHER] as number;
  return row;
}

/** Writes the columns of those of a lane's records that have been given rows. */
export class RowWriter {
  readonly batch: EventBatch;
  readonly memory: HotMemory;
  readonly #formats: FormatSet;
  readonly #nameWord: number;

  constructor(names: BatchNames, formats: FormatSet, memory: HotMemory) {
    this.batch = memory.batch(names);
    this.memory = memory;
    this.#formats = formats;
    this.#nameWord = formats.plans[0]?.nameAt ?? 0;
    memory.kinds.set(formats.kindOf);
    memory.state[State.NAME_COUNT] = 0;
    this.#layPlans();
  }

  readonly write = (lane: Lane): void => {
    const { loops } = this.memory;
    const to = lane.next;
    let i = lane.unwritten;
    for (;;) {
      i = loops.write(lane.base, i, to, lane.lane, this.#nameWord);
      if (i >= to) break;
      const row = lane.rows[i] as number;
      rareRow(this.batch, row, lane, i, this.#formats);
      this.#learnName(lane, i, row);
      i++;
    }
    lane.unwritten = to;
  };

  #layPlans(): void {
    const { plans, maps } = this.memory;
    let map = 0;
    for (const kind of KINDS) {
      const plan = this.#formats.usual(kind);
      if (!plan) continue;
      // what a kind does not have is read from the record's beginning, and holds rubbish
      const bytes = [plan.a, plan.b, plan.c, plan.d, plan.ptr, plan.slot].map((word) => Math.max(word, 0) * 4);
      const own = kind === Kind.INTVEC ? [plan.mapA, plan.mapB, plan.mapC, plan.mapD] : [plan.mapA];
      plans.set([plan.minBytes, ...bytes, MAPS_AT + map * MAP_CELLS * 4], kind * PLAN_WORDS);
      for (const cells of own) maps.set(cells, map++ * MAP_CELLS);
    }
  }

  /** A controller's name of 5 to 8 bytes with its NUL, as `mhi0` is, is known to the loop from now on. */
  #learnName(lane: Lane, i: number, row: number): void {
    const { names, state } = this.memory;
    const count = state[State.NAME_COUNT] as number;
    const at = lane.ats[i] as number;
    const kind = this.#formats.kindOf[(lane.ints[at] as number) & 0xffff];
    if (kind === 0 || kind !== this.batch.kind[row] || count === MAX_NAMES) return;
    const where = lane.ints[at + this.#nameWord] as number;
    const offset = where & 0xffff;
    const bytes = where >>> 16;
    if (bytes < 5 || bytes > 8 || offset % 4 !== 0) return;
    const first = at + offset / 4;
    const mask = bytes === 8 ? -1 : (1 << ((bytes - 4) * 8)) - 1;
    const second = (lane.ints[first + 1] as number) & mask;
    names.set([lane.ints[first] as number, second, bytes, this.batch.controller[row] as number], count * NAME_WORDS);
    state[State.NAME_COUNT] = count + 1;
  }
}

const KINDS = Array.from({ length: Kind.OTHER }, (_, kind) => kind as Kind);
