/**
 * Indexed records of lanes -> rows of a batch, in time order: the hot loop of the engine. The lane whose next record is
 * the earliest gives rows until the second one's is earlier; equal times: the lane that was given first.
 */
import { type EventBatch, Kind } from "../batch.ts";
import { textAt } from "../record.ts";
import { IDENTITY, mapped, NO_VALUE } from "./enum-map.ts";
import type { FormatSet } from "./format-set.ts";
import type { Lane } from "./lane.ts";
import type { RecordPlan } from "./plan.ts";
import { oddRow, rareRow, recordOf } from "./rare-rows.ts";

type ElementPlan = Pick<RecordPlan, "a" | "b" | "c" | "ptr" | "slot">;

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
 * @param write - of that batch.
 * @returns false when nothing was left.
 */
export function fillRows({ lanes, headNs }: LaneQueue, batch: EventBatch, write: (lane: Lane) => void): boolean {
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
    else row = first < second ? merge(lane, other, row, capacity, limitNs) : merge(other, lane, row, capacity, limitNs);
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
 * Rows for what two lanes have before `limitNs`, until one of them has no more in its index. Which one comes next is as
 * good as random, so nothing jumps for it: the row is given to both, and one of them goes on.
 *
 * @param one - comes first where times are equal.
 * @returns the row after them.
 */
function merge(one: Lane, other: Lane, from: number, capacity: number, limitNs: number): number {
  const { times: oneNs, rows: oneRows, count: oneCount } = one;
  const { times: otherNs, rows: otherRows, count: otherCount } = other;
  let i = one.next;
  let j = other.next;
  let row = from;
  // as many as there are for certain: neither lane can come to its end within them
  let sure = Math.min(oneCount - i, otherCount - j, capacity - row);
  while (sure > 0) {
    const a = oneNs[i] as number;
    const b = otherNs[j] as number;
    if (a >= limitNs && b >= limitNs) break;
    const later = Number(b < a);
    oneRows[i] = row;
    otherRows[j] = row++;
    i += 1 - later;
    j += later;
    if (--sure === 0) sure = Math.min(oneCount - i, otherCount - j, capacity - row);
  }
  one.next = i;
  other.next = j;
  return row;
}

/**
 * Makes the loop that writes the columns of those of a lane's records that have been given rows. A closure over arrays and
 * offsets, and no class: the compiler takes what a closure holds as constants, which makes it half as fast again.
 */
export function rowWriter(batch: EventBatch, formats: FormatSet): (lane: Lane) => void {
  const { kind, lane: lanes, tNs, pid, flags, controller, a, b, c, d, names } = batch;
  const { ptrLow, ptrHigh, slotLow, slotHigh } = batch;
  const { kindOf } = formats;
  const nameAt = formats.plans[0]?.nameAt ?? 0;
  const pm = formats.usual(Kind.PM) ?? NO_PLAN;
  const worker = formats.usual(Kind.WORKER) ?? NO_PLAN;
  const intvec = formats.usual(Kind.INTVEC) ?? NO_PLAN;
  const ctrl = formats.usual(Kind.CTRL) ?? NO_PLAN;
  const data = formats.usual(Kind.DATA) ?? NO_PLAN;
  const tre = formats.usual(Kind.TRE) ?? NO_PLAN;
  const chanStart = formats.usual(Kind.CHAN_START) ?? NO_PLAN;
  const chanEnd = formats.usual(Kind.CHAN_END) ?? NO_PLAN;
  const minBytes = Int32Array.from(KINDS, (own) => formats.usual(own)?.minBytes ?? 0);
  // The controller's name that was seen last, as it stands in records: bytes, first word, rest of the second.
  let nameBytes = 0;
  let nameFirst = 0;
  let nameSecond = 0;
  let nameMask = 0;
  let nameId = 0;

  /** Names of 5 to 8 bytes with their NUL, as `mhi0` is, are compared as two words from now on. */
  function newName(lane: Lane, at: number, offset: number, bytes: number): number {
    const id = names.controller(textAt(recordOf(lane, at, offset + bytes), offset, bytes) ?? "");
    if (bytes < 5 || bytes > 8 || (offset & 3) !== 0) return id;
    const first = at + (offset >>> 2);
    nameBytes = bytes;
    nameMask = bytes === 8 ? -1 : (1 << ((bytes - 4) * 8)) - 1;
    nameFirst = lane.ints[first] as number;
    nameSecond = (lane.ints[first + 1] as number) & nameMask;
    nameId = id;
    return id;
  }

  function element(ints: Int32Array, at: number, row: number, plan: ElementPlan): void {
    a[row] = ints[at + plan.a] as number;
    b[row] = ints[at + plan.b] as number;
    ptrLow[row] = ints[at + plan.ptr] as number;
    ptrHigh[row] = ints[at + plan.ptr + 1] as number;
    slotLow[row] = ints[at + plan.slot] as number;
    slotHigh[row] = ints[at + plan.slot + 1] as number;
  }

  return function write(lane: Lane): void {
    const { ints, times, ats, lengths, rows, next, lane: laneId } = lane;
    for (let i = lane.unwritten; i < next; i++) {
      const row = rows[i] as number;
      const at = ats[i] as number;
      const length = lengths[i] as number;
      const first = ints[at] as number;
      const own = kindOf[first & 0xffff] as Kind;
      const where = ints[at + nameAt] as number;
      const offset = where & 0xffff;
      const bytes = where >>> 16;
      lanes[row] = laneId;
      tNs[row] = times[i] as number;
      pid[row] = ints[at + 1] as number;
      flags[row] = first >>> 16;
      kind[row] = own;
      if (length < (minBytes[own] as number) || offset + bytes > length) {
        rareRow(batch, row, lane, i, formats);
        continue;
      }
      const nameWord = at + (offset >>> 2);
      const known =
        bytes === nameBytes &&
        (offset & 3) === 0 &&
        ints[nameWord] === nameFirst &&
        ((ints[nameWord + 1] as number) & nameMask) === nameSecond;
      switch (own) {
        case Kind.CTRL:
          element(ints, at, row, ctrl);
          break;
        case Kind.DATA:
          element(ints, at, row, data);
          break;
        case Kind.TRE:
          element(ints, at, row, tre);
          c[row] = ints[at + tre.c] as number;
          break;
        case Kind.INTVEC:
          a[row] = mapped(intvec.mapA, ints[at + intvec.a] as number);
          b[row] = mapped(intvec.mapB, ints[at + intvec.b] as number);
          c[row] = mapped(intvec.mapC, ints[at + intvec.c] as number);
          d[row] = mapped(intvec.mapD, ints[at + intvec.d] as number);
          if (a[row] === NO_VALUE || b[row] === NO_VALUE || c[row] === NO_VALUE || d[row] === NO_VALUE)
            oddRow(batch, row, lane, i, formats);
          break;
        case Kind.CHAN_START:
          a[row] = mapped(chanStart.mapA, ints[at + chanStart.a] as number);
          c[row] = ints[at + chanStart.c] as number;
          if (a[row] === NO_VALUE) oddRow(batch, row, lane, i, formats);
          break;
        case Kind.CHAN_END:
          a[row] = mapped(chanEnd.mapA, ints[at + chanEnd.a] as number);
          c[row] = ints[at + chanEnd.c] as number;
          if (a[row] === NO_VALUE) oddRow(batch, row, lane, i, formats);
          break;
        case Kind.PM:
          a[row] = mapped(pm.mapA, ints[at + pm.a] as number);
          if (a[row] === NO_VALUE) oddRow(batch, row, lane, i, formats);
          break;
        case Kind.WORKER:
          a[row] = mapped(worker.mapA, ints[at + worker.a] as number);
          if (a[row] === NO_VALUE) oddRow(batch, row, lane, i, formats);
          break;
        default:
          rareRow(batch, row, lane, i, formats);
          continue;
      }
      controller[row] = known ? nameId : newName(lane, at, offset, bytes);
    }
    lane.unwritten = next;
  };
}

const KINDS = Array.from({ length: Kind.OTHER + 1 }, (_, kind) => kind as Kind);
/** Of a kind that the recording has no format for: no record is read by it. */
const NO_PLAN = {
  ...{ a: 0, b: 0, c: 0, d: 0, ptr: 0, slot: 0 },
  ...{ mapA: IDENTITY, mapB: IDENTITY, mapC: IDENTITY, mapD: IDENTITY },
};
