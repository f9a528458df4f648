/** Records that the hot loop leaves: of an event with another plan than the usual one of its kind, of no plan, or damaged. */
import type { Nanoseconds } from "../../base/clock.ts";
import { type EventBatch, Kind } from "../batch.ts";
import { otherFields, type RecordBytes, textAt, unknownFields } from "../record.ts";
import { IDENTITY, mapped, NO_VALUE } from "./enum-map.ts";
import type { FormatSet } from "./format-set.ts";
import type { Lane } from "./lane.ts";
import type { RecordPlan } from "./plan.ts";

const HEAD_BYTES = 8;

/** A record whose event has another plan than the usual one of its kind, or none. */
export function rareRow(batch: EventBatch, row: number, lane: Lane, i: number, formats: FormatSet): void {
  const at = lane.ats[i] as number;
  const length = lane.lengths[i] as number;
  const { ints } = lane;
  const plan = formats.plans[(formats.planOf[(ints[at] as number) & 0xffff] as number) - 1];
  if (!plan || length < plan.minBytes) {
    oddRow(batch, row, lane, i, formats);
    return;
  }
  const word = (offset: number): number => (offset < 0 ? 0 : (ints[at + offset] as number));
  const where = word(plan.nameAt);
  const record = recordOf(lane, at, length);
  const name = textAt(record, (where & 0xffff) + plan.nameBase, where >>> 16);
  let whole = name !== undefined;
  for (const [column, map, offset] of columnsOf(batch, plan)) {
    const value = mapped(map, word(offset));
    if (value === NO_VALUE && map !== IDENTITY) whole = false;
    column[row] = value;
  }
  if (!whole) {
    oddRow(batch, row, lane, i, formats);
    return;
  }
  batch.kind[row] = plan.kind;
  batch.controller[row] = batch.names.controller(name ?? "");
  batch.ptrLow[row] = word(plan.ptr);
  batch.ptrHigh[row] = plan.ptr < 0 ? 0 : word(plan.ptr + 1);
  batch.slotLow[row] = word(plan.slot);
  batch.slotHigh[row] = plan.wideSlot ? word(plan.slot + 1) : 0;
  if (plan.extra.length > 0) batch.extras.set(row, otherFields(record, plan.extra, formats.strings));
}

const columnsOf = (batch: EventBatch, plan: RecordPlan): readonly (readonly [Int32Array, Int32Array, number])[] => [
  [batch.a, plan.mapA, plan.a],
  [batch.b, plan.mapB, plan.b],
  [batch.c, plan.mapC, plan.c],
  [batch.d, plan.mapD, plan.d],
];

/** Whatever has no columns: markers, other events, and records of ours that cannot be read, which are gaps too. */
export function oddRow(batch: EventBatch, row: number, lane: Lane, i: number, formats: FormatSet): void {
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

export const recordOf = (lane: Lane, at: number, length: number): RecordBytes => ({
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
  lane.losses.unreadable(detail, now);
}
