/** `REC->field`, and where `__data_loc` and `__rel_loc` fields keep their bytes. */
import type { EventFormat, FormatField } from "../format.ts";
import { type CType, integerType } from "./ctype.ts";
import { fieldInt, need, recordEnd, u32At } from "./memory.ts";
import { type MemValue, NoValue, type RecordFields, type Span, unknownInt, type Value } from "./value.ts";

export const isLocated = (field: FormatField): boolean => /^__(?:data|rel)_loc\b/.test(field.type);

/** Words of a field's type without arrays, stars and `__data_loc`. */
const typeWords = (field: FormatField): string[] =>
  field.type
    .replace(/^__(?:data|rel)_loc\b/, "")
    .replace(/\[[^\]]*\]|\*/g, " ")
    .split(/\s+/)
    .filter((word) => word !== "");

const SIZES: ReadonlySet<number> = new Set([1, 2, 4, 8]);

/**
 * Size of the kernel's `long`, told by any field that is one or a pointer; 8 where none is. The format file has no
 * other word of it.
 */
export function longBytesOf(format: EventFormat): 4 | 8 {
  for (const { type, size } of format.fields.values()) {
    const long = type.endsWith("*") || /^(?:unsigned )?long$/.test(type);
    if (long && (size === 4 || size === 8)) return size;
  }
  return 8;
}

/** Type of an array field's elements: by its words, else by its size over its count. */
function elementOf(field: FormatField, longBytes: 4 | 8): CType | undefined {
  if (field.type.includes("*")) return { bytes: longBytes, signed: false };
  const known = integerType(typeWords(field), longBytes);
  if (known) return known;
  const count = Number(/\[(\d+)\]$/.exec(field.type)?.[1] ?? 0);
  const bytes = count > 0 ? field.size / count : 0;
  return SIZES.has(bytes) ? { bytes: bytes as CType["bytes"], signed: field.signed } : undefined;
}

/** The bytes of a field that stand in the record itself; size 0 reaches to the record's end (`char buf[]`). */
export function fieldMemory(field: FormatField, longBytes: 4 | 8): MemValue {
  const { name, offset, size } = field;
  // A stack is recorded with as many addresses as it has, whatever its format declares (`unsigned long caller[8]`).
  const open = /^unsigned long\s*\[/.test(field.type);
  const span = (record: RecordFields): Span => {
    const from = record.at + offset;
    need(record, from, open ? 0 : size, name);
    const end = recordEnd(record);
    return { from, to: size === 0 ? end : open ? Math.min(end, from + size) : from + size };
  };
  return { kind: "mem", span, element: elementOf(field, longBytes) };
}

/** `REC->name` as a value. */
export function fieldValue(format: EventFormat, name: string, longBytes: 4 | 8): Value {
  const field = format.fields.get(name);
  if (!field) return unknownInt(`the event has no field ${name}`);
  const array = field.type.endsWith("]") && !isLocated(field);
  if (array || !SIZES.has(field.size)) return fieldMemory(field, longBytes);
  return fieldInt(name, field.offset, { bytes: field.size as CType["bytes"], signed: field.signed });
}

/** The bytes that a `__data_loc` (offset from the record's start) or `__rel_loc` (from the field's end) word points to. */
export function locatedMemory(field: FormatField, longBytes: 4 | 8): MemValue {
  const { name, offset, type } = field;
  const base = type.startsWith("__rel_loc") ? offset + 4 : 0;
  const span = (record: RecordFields): Span => {
    need(record, record.at + offset, 4, name);
    const word = u32At(record.bytes, record.at + offset);
    const from = record.at + base + (word & 0xffff);
    const to = from + (word >>> 16);
    if (to > recordEnd(record)) throw new NoValue(`${name} points outside the record of ${record.length} bytes`);
    return { from, to };
  };
  return { kind: "mem", span, element: integerType(typeWords(field), longBytes) };
}
