/** C's operators on integers, and what little the kernel does with pointers. */
import { type CType, commonType, INT, promoted, ULONG } from "./ctype.ts";
import {
  type BigInteger,
  boolInt,
  converted,
  folded,
  type IntValue,
  NoValue,
  type RecordFields,
  type SmallInt,
  truthOf,
  wrapped,
  wrappedBig,
} from "./value.ts";

type SmallStep = (a: number, b: number) => number;
type BigStep = (a: bigint, b: bigint) => bigint;

const byZero = (): never => {
  throw new NoValue("division by zero");
};

/** Results are wrapped to the type afterwards. */
const SMALL: Readonly<Record<string, SmallStep>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": Math.imul,
  "/": (a, b) => (b === 0 ? byZero() : Math.trunc(a / b)),
  "%": (a, b) => (b === 0 ? byZero() : a % b),
  "&": (a, b) => a & b,
  "|": (a, b) => a | b,
  "^": (a, b) => a ^ b,
};
const BIG: Readonly<Record<string, BigStep>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => (b === 0n ? byZero() : a / b),
  "%": (a, b) => (b === 0n ? byZero() : a % b),
  "&": (a, b) => a & b,
  "|": (a, b) => a | b,
  "^": (a, b) => a ^ b,
};
const COMPARE: Readonly<Record<string, (a: number | bigint, b: number | bigint) => boolean>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  ">": (a, b) => a > b,
  "<=": (a, b) => a <= b,
  ">=": (a, b) => a >= b,
};

const logic = (operator: string, left: IntValue, right: IntValue, constant: boolean): IntValue => {
  const a = truthOf(left);
  const b = truthOf(right);
  return boolInt(operator === "&&" ? (record) => a(record) && b(record) : (record) => a(record) || b(record), constant);
};

function shift(operator: string, left: IntValue, right: IntValue, constant: boolean): IntValue {
  const type = promoted(left.type);
  const by = (converted(right, INT) as SmallInt).get;
  if (type.bytes === 8) {
    const { get } = converted(left, type) as BigInteger;
    const step: BigStep = operator === "<<" ? (a, b) => a << b : (a, b) => a >> b;
    const got = (record: RecordFields): bigint => wrappedBig(step(get(record), BigInt(by(record) & 63)), type);
    return { kind: "big", type, get: got, constant };
  }
  const { get } = converted(left, type) as SmallInt;
  const step: SmallStep = operator === "<<" ? (a, b) => a << b : type.signed ? (a, b) => a >> b : (a, b) => a >>> b;
  return { kind: "small", type, get: (record) => wrapped(step(get(record), by(record)), type), constant };
}

function reckoned(operator: string, left: IntValue, right: IntValue, type: CType, constant: boolean): IntValue {
  if (type.bytes === 8) {
    const a = (converted(left, type) as BigInteger).get;
    const b = (converted(right, type) as BigInteger).get;
    const compare = COMPARE[operator];
    if (compare) return boolInt((record) => compare(a(record), b(record)), constant);
    const step = BIG[operator] as BigStep;
    return { kind: "big", type, get: (record) => wrappedBig(step(a(record), b(record)), type), constant };
  }
  const a = (converted(left, type) as SmallInt).get;
  const b = (converted(right, type) as SmallInt).get;
  const compare = COMPARE[operator];
  if (compare) return boolInt((record) => compare(a(record), b(record)), constant);
  const step = SMALL[operator] as SmallStep;
  return { kind: "small", type, get: (record) => wrapped(step(a(record), b(record)), type), constant };
}

export function binaryInt(operator: string, left: IntValue, right: IntValue): IntValue {
  const constant = left.constant && right.constant;
  if (operator === "&&" || operator === "||") return folded(logic(operator, left, right, constant));
  if (operator === "<<" || operator === ">>") return folded(shift(operator, left, right, constant));
  return folded(reckoned(operator, left, right, commonType(left.type, right.type), constant));
}

export function unaryInt(operator: string, operand: IntValue): IntValue {
  const { constant } = operand;
  if (operator === "!") {
    const truth = truthOf(operand);
    return folded(boolInt((record) => !truth(record), constant));
  }
  const type = promoted(operand.type);
  const value = converted(operand, type);
  if (operator === "+") return value;
  if (value.kind === "big") {
    const { get } = value;
    const step = operator === "-" ? (a: bigint) => -a : (a: bigint) => ~a;
    return folded({ kind: "big", type, get: (record) => wrappedBig(step(get(record)), type), constant });
  }
  const { get } = value;
  const step = operator === "-" ? (a: number) => -a : (a: number) => ~a;
  return folded({ kind: "small", type, get: (record) => wrapped(step(get(record)), type), constant });
}

/** Type of an integer literal: the first of C's list that holds it. */
export function literalType(value: bigint, suffix: string, hex: boolean, longBytes: 4 | 8): CType {
  const unsignedOnly = suffix.includes("u");
  const wide = suffix.includes("ll") ? 8 : suffix.includes("l") ? longBytes : 4;
  for (const bytes of [4, 8] as const) {
    if (bytes < wide) continue;
    const bits = BigInt(bytes * 8);
    if (!unsignedOnly && value < 1n << (bits - 1n)) return { bytes, signed: true };
    if ((unsignedOnly || hex) && value < 1n << bits) return { bytes, signed: false };
  }
  return ULONG;
}
