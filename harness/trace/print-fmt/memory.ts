/** Bytes of a record -> integers and text. Little-endian, as all hosts of this project are. */
import type { CType } from "./ctype.ts";
import { type IntValue, type MemValue, NoValue, type RecordFields, wrapped } from "./value.ts";

const TWO_32 = 4294967296n;

/** First byte after the record that may be read. */
export const recordEnd = (record: RecordFields): number => Math.min(record.at + record.length, record.bytes.length);

export function u32At(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0
  );
}

const smallAt = (bytes: Uint8Array, at: number, type: CType): number =>
  wrapped(
    type.bytes === 4
      ? u32At(bytes, at)
      : type.bytes === 2
        ? (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
        : (bytes[at] ?? 0),
    type,
  );

function bigAt(bytes: Uint8Array, at: number, type: CType): bigint {
  const high = u32At(bytes, at + 4);
  const low = BigInt(u32At(bytes, at));
  if (high === 0) return low;
  return BigInt(type.signed ? high | 0 : high) * TWO_32 + low;
}

/** @throws NoValue when `size` bytes at `at` are not all in the record. */
export function need(record: RecordFields, at: number, size: number, what: string): void {
  if (at < record.at || at + size > recordEnd(record))
    throw new NoValue(`${what} is outside the record of ${record.length} bytes`);
}

/** An integer field at a fixed offset of the record. */
export function fieldInt(name: string, offset: number, type: CType): IntValue {
  const size = type.bytes;
  if (size === 8) {
    const get = (record: RecordFields): bigint => {
      need(record, record.at + offset, 8, name);
      return bigAt(record.bytes, record.at + offset, type);
    };
    return { kind: "big", type, get, constant: false, fieldOffset: offset };
  }
  const get = (record: RecordFields): number => {
    need(record, record.at + offset, size, name);
    return smallAt(record.bytes, record.at + offset, type);
  };
  return { kind: "small", type, get, constant: false };
}

/** Element of an array in the record, by its number. */
export function elementInt(memory: MemValue, type: CType, index: (record: RecordFields) => number): IntValue {
  const at = (record: RecordFields): number => {
    const { from, to } = memory.span(record);
    const number = index(record);
    const start = from + number * type.bytes;
    if (!(start >= from && start + type.bytes <= to)) throw new NoValue(`element ${number} is outside its array`);
    return start;
  };
  return type.bytes === 8
    ? { kind: "big", type, get: (record) => bigAt(record.bytes, at(record), type), constant: false }
    : { kind: "small", type, get: (record) => smallAt(record.bytes, at(record), type), constant: false };
}

const decoder = new TextDecoder();
const SHORT = 40;

/** Text of `bytes[from..to)` up to its NUL. */
export function textIn(bytes: Uint8Array, from: number, to: number): string {
  let end = from;
  let plain = true;
  for (; end < to; end++) {
    const byte = bytes[end] ?? 0;
    if (byte === 0) break;
    if (byte > 0x7f) plain = false;
  }
  if (!plain || end - from > SHORT) return decoder.decode(bytes.subarray(from, end));
  let text = "";
  for (let i = from; i < end; i++) text += String.fromCharCode(bytes[i] ?? 0);
  return text;
}

export function memoryText(memory: MemValue, record: RecordFields): string {
  const { from, to } = memory.span(record);
  return textIn(record.bytes, from, to);
}

/** The bytes themselves, at most `length` of them. */
export const memoryBytes = (memory: MemValue, record: RecordFields, length = Number.MAX_SAFE_INTEGER): Uint8Array => {
  const { from, to } = memory.span(record);
  return record.bytes.subarray(from, Math.min(to, from + Math.max(0, length)));
};
