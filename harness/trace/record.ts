/** One record's payload -> values, by the format of its event. What an event means is told by the plans of ring/. */
import { hex64 } from "./batch.ts";
import type { FormatField } from "./format.ts";

/** A record in the page that is being walked. */
export interface RecordBytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** First byte of the payload (common_type) and how many there are. */
  readonly at: number;
  readonly length: number;
}

const decoder = new TextDecoder();

/** Text up to its NUL; undefined when it lies outside the record. */
export function textAt(record: RecordBytes, offset: number, size: number): string | undefined {
  if (offset + size > record.length) return undefined;
  const from = record.at + offset;
  const nul = record.bytes.indexOf(0, from);
  const to = nul < 0 || nul > from + size ? from + size : nul;
  return decoder.decode(record.bytes.subarray(from, to));
}

/** `__data_loc`: low half = offset in the record, high half = bytes. `__rel_loc`: the offset counts from the field's end. */
export function locatedText(record: RecordBytes, field: FormatField): string | undefined {
  const place = placeOf(record, field);
  return place && textAt(record, place.offset, place.size);
}

function placeOf(record: RecordBytes, field: FormatField): { offset: number; size: number } | undefined {
  if (field.offset + 4 > record.length) return undefined;
  const word = record.view.getUint32(record.at + field.offset, true);
  const base = field.type.startsWith("__rel_loc") ? field.offset + field.size : 0;
  return { offset: base + (word & 0xffff), size: word >>> 16 };
}

/** Bytes of the record as hex text, as many as there are. */
const bytesAt = (record: RecordBytes, offset: number, size: number): string =>
  Buffer.from(record.bytes.subarray(record.at + offset, record.at + Math.min(record.length, offset + size))).toString(
    "hex",
  );

function hex64At(record: RecordBytes, offset: number): string {
  return hex64(record.view.getUint32(record.at + offset, true), record.view.getUint32(record.at + offset + 4, true));
}

/** An integer of 1, 2 or 4 bytes. */
export function intAt(record: RecordBytes, field: FormatField): number {
  const at = record.at + field.offset;
  if (field.size === 4) return field.signed ? record.view.getInt32(at, true) : record.view.getUint32(at, true);
  if (field.size === 2) return field.signed ? record.view.getInt16(at, true) : record.view.getUint16(at, true);
  return field.signed ? record.view.getInt8(at) : record.view.getUint8(at);
}

const isText = (field: FormatField): boolean => /^(?:const )?(?:unsigned )?char\s*\[/.test(field.type);

function fieldValue(record: RecordBytes, field: FormatField, strings: ReadonlyMap<string, string>): string | number {
  if (/^__(?:data|rel)_loc char\[\]/.test(field.type)) return locatedText(record, field) ?? "(outside the record)";
  if (/^__(?:data|rel)_loc\b/.test(field.type)) {
    const place = placeOf(record, field);
    const inside = place && place.offset + place.size <= record.length;
    return inside ? bytesAt(record, place.offset, place.size) : "(outside the record)";
  }
  if (isText(field)) return textAt(record, field.offset, field.size || record.length - field.offset) ?? "(cut)";
  // A stack holds as many addresses as it has, whatever its format declares.
  const stack = /^unsigned long\s*\[/.test(field.type);
  const array = field.type.includes("[");
  if (field.offset + (stack ? 0 : field.size) > record.length) return "(cut)";
  if (array) return bytesAt(record, field.offset, field.size || record.length);
  if (field.size === 8) {
    const value = hex64At(record, field.offset);
    return field.type === "const char *" ? (strings.get(value) ?? value) : value;
  }
  if (field.size === 1 || field.size === 2 || field.size === 4) return intAt(record, field);
  return bytesAt(record, field.offset, field.size);
}

/** Fields kept whole: 64-bit values and pointers as hex text, constant kernel strings resolved where they are listed. */
export function otherFields(
  record: RecordBytes,
  wanted: readonly FormatField[],
  strings: ReadonlyMap<string, string>,
): Record<string, string | number> {
  const fields: Record<string, string | number> = {};
  for (const field of wanted) {
    if (!field.name.startsWith("common_")) fields[field.name] = fieldValue(record, field, strings);
  }
  return fields;
}

/** A record of an event whose format is not known: its bytes. */
export const unknownFields = (record: RecordBytes): Record<string, string> => ({
  bytes: bytesAt(record, 0, record.length),
});
