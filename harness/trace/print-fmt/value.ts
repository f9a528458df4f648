/**
 * What an expression of a `print fmt` becomes: functions from a record to a value, made once per format. Integers of up
 * to 4 bytes are reckoned in numbers, wider ones in bigints; the C types are known before the first record.
 */
import { type CType, INT, LONG, ULONG } from "./ctype.ts";

/** A record of the event, in the page or block that holds it. */
export interface RecordFields {
  readonly bytes: Uint8Array;
  /** First byte of the record (common_type). */
  readonly at: number;
  readonly length: number;
}

/**
 * Thrown inside the evaluator where a record or recording does not tell a value; the printer catches it and prints
 * `<reason>`. No Error: it may be thrown for every record, and nobody reads its stack.
 */
export class NoValue {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

export interface SmallInt {
  readonly kind: "small";
  readonly type: CType;
  readonly get: (record: RecordFields) => number;
  readonly constant: boolean;
}

export interface BigInteger {
  readonly kind: "big";
  readonly type: CType;
  readonly get: (record: RecordFields) => bigint;
  readonly constant: boolean;
  /** The value is these 8 bytes of the record as they stand: a printer may read the halves itself. */
  readonly fieldOffset?: number;
}

export type IntValue = SmallInt | BigInteger;

/** From its first byte's index in `record.bytes` to that of the first which is no longer its own. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Bytes within the record: an array, a string, what a dynamic array points to. */
export interface MemValue {
  readonly kind: "mem";
  readonly span: (record: RecordFields) => Span;
  /** Undefined where the type is no integer. */
  readonly element: CType | undefined;
}

export interface TextValue {
  readonly kind: "text";
  readonly get: (record: RecordFields) => string;
}

export type Value = IntValue | MemValue | TextValue;

/** Wraps a number (below 2^53) to a type of up to 4 bytes, as C's conversion does. */
export function wrapped(value: number, { bytes, signed }: CType): number {
  if (bytes === 4) return signed ? value | 0 : value >>> 0;
  if (bytes === 2) return signed ? (value << 16) >> 16 : value & 0xffff;
  return signed ? (value << 24) >> 24 : value & 0xff;
}

export const wrappedBig = (value: bigint, { signed }: CType): bigint =>
  signed ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value);

export function constantInt(value: bigint, type: CType): IntValue {
  if (type.bytes === 8) {
    const big = wrappedBig(value, type);
    return { kind: "big", type, get: () => big, constant: true };
  }
  const small = wrapped(Number(BigInt.asIntN(32, value)), type);
  return { kind: "small", type, get: () => small, constant: true };
}

/** An integer whose value nothing tells. */
export function unknownInt(reason: string): IntValue {
  const thrown = new NoValue(reason);
  return {
    kind: "big",
    type: LONG,
    get: () => {
      throw thrown;
    },
    constant: false,
  };
}

/** C's conversion of an integer to another type. */
export function converted(value: IntValue, type: CType): IntValue {
  const { constant } = value;
  if (type.bytes === 8) {
    if (value.kind === "big") {
      if (value.type.signed === type.signed) return value;
      const { get, fieldOffset } = value;
      const got = (record: RecordFields): bigint => wrappedBig(get(record), type);
      return { kind: "big", type, get: got, constant, ...(fieldOffset === undefined ? {} : { fieldOffset }) };
    }
    const { get } = value;
    return { kind: "big", type, get: (record) => wrappedBig(BigInt(get(record)), type), constant };
  }
  if (value.kind === "small") {
    const { get } = value;
    if (value.type.bytes === type.bytes && value.type.signed === type.signed) return value;
    return { kind: "small", type, get: (record) => wrapped(get(record), type), constant };
  }
  const { get } = value;
  return { kind: "small", type, get: (record) => wrapped(Number(BigInt.asIntN(32, get(record))), type), constant };
}

/** The value as an unsigned 64-bit number, sign-extended as C does. */
export function asUlong(value: IntValue): (record: RecordFields) => bigint {
  const { get } = converted(value, ULONG) as BigInteger;
  return get;
}

/** The value as a JavaScript number: an exact one below 2^53. */
export function asNumber(value: IntValue): (record: RecordFields) => number {
  if (value.kind === "small") return value.get;
  const { get } = value;
  return (record) => Number(get(record));
}

const NOWHERE: RecordFields = { bytes: new Uint8Array(0), at: 0, length: 0 };

/** A constant's value is worked out once. */
export function folded(value: IntValue): IntValue {
  if (!value.constant) return value;
  try {
    return constantInt(BigInt(value.get(NOWHERE)), value.type);
  } catch (error) {
    if (!(error instanceof NoValue)) throw error;
    return { ...value, constant: false };
  }
}

/** Value of a constant; undefined for what depends on the record. */
export const constantOf = (value: Value): bigint | undefined =>
  (value.kind === "small" || value.kind === "big") && value.constant ? BigInt(value.get(NOWHERE)) : undefined;

export const isInt = (value: Value): value is IntValue => value.kind === "small" || value.kind === "big";

/** C's truth of a value; memory and text are not null. */
export function truthOf(value: Value): (record: RecordFields) => boolean {
  if (value.kind === "small") {
    const { get } = value;
    return (record) => get(record) !== 0;
  }
  if (value.kind === "big") {
    const { get } = value;
    return (record) => get(record) !== 0n;
  }
  return () => true;
}

export const boolInt = (test: (record: RecordFields) => boolean, constant: boolean): IntValue => ({
  kind: "small",
  type: INT,
  get: (record) => (test(record) ? 1 : 0),
  constant,
});
