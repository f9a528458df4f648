/**
 * Indexed records of lanes -> rows of a batch, in time order: the hot loop of the engine. The lane whose next record is
 * the earliest gives rows until the second one's is earlier; equal times: the lane that was given first.
 */
import type { Nanoseconds } from "../../base/clock.ts";
import { type EventBatch, Kind } from "../batch.ts";
import { otherFields, type RecordBytes, textAt, unknownFields } from "../record.ts";
import { ENUM_RAWS, KEEP, NO_VALUE } from "./enum-map.ts";
import { type FormatSet, PLAN_SHIFT, PlanCell, Shape } from "./format-set.ts";
import type { Lane } from "./lane.ts";

const HEAD_BYTES = 8;
/** Times are whole nanoseconds below 2^53, so half of one less is the last time before. */
const JUST_BEFORE = 0.5;

const { SHAPE, MIN_BYTES, NAME, NAME_BASE, A, B, C, D, PTR, SLOT, ENUM_A, EXTRA } = PlanCell;

/** Lanes that stand on a record, earliest first. */
export function queueOf(lanes: readonly Lane[]): Lane[] {
  return lanes.filter((lane) => lane.more()).sort((a, b) => a.headNs - b.headNs || a.lane - b.lane);
}

/** The first lane's head moved on: puts it where it belongs. */
function sink(queue: Lane[], first: Lane): void {
  const ns = first.headNs;
  let at = 0;
  for (let next = queue[1]; next; next = queue[at + 1]) {
    const nextNs = next.headNs;
    if (ns < nextNs || (ns === nextNs && first.lane < next.lane)) break;
    queue[at++] = next;
  }
  queue[at] = first;
}

/**
 * Fills the batch; lanes that have ended leave the queue. First each record is given its row, then each lane writes all
 * of its own: two short loops are faster than one that changes lanes at every other record.
 *
 * @param write - of that batch.
 * @returns false when nothing was left.
 */
export function fillRows(queue: Lane[], batch: EventBatch, write: (lane: Lane) => void): boolean {
  const { capacity } = batch;
  let row = batch.length;
  for (let lane = queue[0]; lane && row < capacity; lane = queue[0]) {
    const second = queue[1];
    const limitNs = second ? second.headNs - (lane.lane > second.lane ? JUST_BEFORE : 0) : Number.MAX_VALUE;
    const { times, rows, count } = lane;
    let next = lane.next;
    const end = Math.min(count, next + capacity - row);
    while (next < end && (times[next] as number) <= limitNs) rows[next++] = row++;
    lane.next = next;
    if (next < count) sink(queue, lane);
    else {
      write(lane);
      if (lane.more()) sink(queue, lane);
      else queue.shift();
    }
  }
  for (const lane of queue) write(lane);
  batch.length = row;
  return row > 0;
}

/**
 * Makes the loop that writes the columns of those of a lane's records that have been given rows. A closure over its
 * arrays and no class: the compiler takes what a closure holds as constants, which makes it half as fast again.
 */
export function rowWriter(batch: EventBatch, formats: FormatSet): (lane: Lane) => void {
  const { kind, lane: lanes, tNs, pid, flags, controller, a, b, c, d, names } = batch;
  const { ptrLow, ptrHigh, slotLow, slotHigh } = batch;
  const { planOf, cells, enums } = formats;
  // The controller's name that was seen last, as it stands in records: bytes, first word, rest of the second.
  let nameBytes = 0;
  let nameFirst = 0;
  let nameSecond = 0;
  let nameMask = 0;
  let nameId = 0;

  /** Names of 5 to 8 bytes with their NUL, as `mhi0` is, are compared as two words from now on. */
  function newName(lane: Lane, from: number, bytes: number): number {
    const { ints } = lane;
    const text = textAt(recordOf(lane, from >>> 2, (from & 3) + bytes), from & 3, bytes) ?? "";
    const id = names.controller(text);
    if (bytes < 5 || bytes > 8 || (from & 3) !== 0) return id;
    nameBytes = bytes;
    nameMask = bytes === 8 ? -1 : (1 << ((bytes - 4) * 8)) - 1;
    nameFirst = ints[from >>> 2] as number;
    nameSecond = (ints[(from >>> 2) + 1] as number) & nameMask;
    nameId = id;
    return id;
  }

  return function write(lane: Lane): void {
    const { ints, times, ats, lengths, rows, next, lane: laneId } = lane;
    for (let i = lane.unwritten; i < next; i++) {
      const row = rows[i] as number;
      const at = ats[i] as number;
      const length = lengths[i] as number;
      const first = ints[at] as number;
      const plan = (planOf[first & 0xffff] as number) << PLAN_SHIFT;
      lanes[row] = laneId;
      tNs[row] = times[i] as number;
      pid[row] = ints[at + 1] as number;
      flags[row] = first >>> 16;
      if (plan === 0 || length < (cells[plan + MIN_BYTES] as number)) {
        odd(batch, row, lane, i, formats);
        continue;
      }
      kind[row] = cells[plan] as number;
      const where = ints[at + (cells[plan + NAME] as number)] as number;
      const offset = (where & 0xffff) + (cells[plan + NAME_BASE] as number);
      const bytes = where >>> 16;
      const nameAt = at + (offset >>> 2);
      if (offset + bytes > length) {
        odd(batch, row, lane, i, formats);
        continue;
      }
      const known =
        bytes === nameBytes &&
        (offset & 3) === 0 &&
        ints[nameAt] === nameFirst &&
        ((ints[nameAt + 1] as number) & nameMask) === nameSecond;
      controller[row] = known ? nameId : newName(lane, at * 4 + offset, bytes);
      const shape = cells[plan + SHAPE] as number;
      const wordA = ints[at + (cells[plan + A] as number)] as number;
      if (shape >= Shape.ELEMENT) {
        a[row] = wordA;
        b[row] = ints[at + (cells[plan + B] as number)] as number;
        const ptr = at + (cells[plan + PTR] as number);
        ptrLow[row] = ints[ptr] as number;
        ptrHigh[row] = ints[ptr + 1] as number;
        const slot = at + (cells[plan + SLOT] as number);
        const narrow = shape === Shape.NARROW;
        slotLow[row] = slot < at ? 0 : (ints[slot] as number);
        slotHigh[row] = narrow ? 0 : (ints[slot + 1] as number);
        const numberC = cells[plan + C] as number;
        if (numberC >= 0) c[row] = ints[at + numberC] as number;
      } else {
        const valueA = mapped(enums, cells[plan + ENUM_A] as number, wordA);
        a[row] = valueA;
        let whole = valueA !== NO_VALUE;
        if (shape === Shape.FOUR) {
          const valueB = mapped(
            enums,
            cells[plan + ENUM_A + 1] as number,
            ints[at + (cells[plan + B] as number)] as number,
          );
          const valueC = mapped(
            enums,
            cells[plan + ENUM_A + 2] as number,
            ints[at + (cells[plan + C] as number)] as number,
          );
          const valueD = mapped(
            enums,
            cells[plan + ENUM_A + 3] as number,
            ints[at + (cells[plan + D] as number)] as number,
          );
          if (valueB === NO_VALUE || valueC === NO_VALUE || valueD === NO_VALUE) whole = false;
          b[row] = valueB;
          c[row] = valueC;
          d[row] = valueD;
        } else if (shape === Shape.CHANNEL) c[row] = ints[at + (cells[plan + C] as number)] as number;
        if (!whole) {
          odd(batch, row, lane, i, formats);
          continue;
        }
      }
      if ((cells[plan + EXTRA] as number) > 0) extra(batch, row, lane, i, formats);
    }
    lane.unwritten = next;
  };
}

function extra(batch: EventBatch, row: number, lane: Lane, i: number, formats: FormatSet): void {
  const at = lane.ats[i] as number;
  const plan = formats.plans[(formats.planOf[(lane.words[at] as number) & 0xffff] as number) - 1];
  if (!plan) return;
  batch.extras.set(row, otherFields(recordOf(lane, at, lane.lengths[i] as number), plan.extra, formats.strings));
}

/** Whatever has no columns: markers, other events, and records of ours that cannot be read, which are gaps too. */
function odd(batch: EventBatch, row: number, lane: Lane, i: number, formats: FormatSet): void {
  const at = lane.ats[i] as number;
  const length = lane.lengths[i] as number;
  const now = lane.times[i] as number;
  batch.kind[row] = Kind.OTHER;
  if (length < HEAD_BYTES) {
    unreadable(lane, "a record", `has ${length} bytes, expected ${HEAD_BYTES} or more`, at, now);
    batch.pid[row] = 0;
    batch.a[row] = batch.others.push({ system: "", name: "(cut record)", fields: {} }) - 1;
    return;
  }
  const id = (lane.words[at] as number) & 0xffff;
  const record = recordOf(lane, at, length);
  const format = formats.format(id);
  if (format && formats.planOf[id] !== 0) {
    const name = `${format.system}/${format.name}`;
    unreadable(lane, name, "is cut or holds a value that no table names", at, now);
  }
  const marker = id === formats.markerId && format ? textOfMarker(record, format.fields.get("buf")?.offset) : undefined;
  if (marker !== undefined) {
    batch.kind[row] = Kind.MARKER;
    batch.a[row] = batch.texts.push(marker) - 1;
    return;
  }
  if (!format) lane.unknown++;
  const fields = format ? otherFields(record, [...format.fields.values()], formats.strings) : unknownFields(record);
  const other = { system: format?.system ?? "", name: format?.name ?? `event ${id}`, fields };
  batch.a[row] = batch.others.push(other) - 1;
}

const mapped = (enums: Int32Array, map: number, raw: number): number =>
  raw >= 0 && raw < ENUM_RAWS ? (enums[map + raw] as number) : enums[map + ENUM_RAWS] === KEEP ? raw : NO_VALUE;

const recordOf = (lane: Lane, at: number, length: number): RecordBytes => ({
  bytes: lane.bytes,
  view: lane.view,
  at: at * 4,
  length,
});

/** trace_marker: text to the record's end, with the line feed that the kernel adds. */
const textOfMarker = (record: RecordBytes, from = 16): string | undefined =>
  textAt(record, from, record.length - from)?.replace(/\n$/, "");

function unreadable(lane: Lane, name: string, what: string, at: number, now: Nanoseconds): void {
  const detail = `${lane.label}, byte ${lane.streamByte(at)}: ${name} ${what}`;
  lane.losses.gap("damaged", detail, now, now, 1);
}
