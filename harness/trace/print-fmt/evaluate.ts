/** Tree -> value of an expression (value.ts). Nothing here throws on odd input: what has no value is an unknown. */
import type { EventFormat } from "../format.ts";
import type { Node, TypeName } from "./ast.ts";
import { callValue } from "./calls.ts";
import { type CType, commonType, INT, integerType, ULONG } from "./ctype.ts";
import { fieldMemory, fieldValue } from "./fields.ts";
import { elementInt, memoryText } from "./memory.ts";
import { binaryInt, literalType, unaryInt } from "./operators.ts";
import {
  asNumber,
  boolInt,
  constantInt,
  constantOf,
  converted,
  folded,
  type IntValue,
  isInt,
  type MemValue,
  NoValue,
  type RecordFields,
  type Span,
  type TextValue,
  truthOf,
  unknownInt,
  type Value,
} from "./value.ts";

/** How text comes out: as the kernel prints it, or as libtraceevent (trace-cmd, perf) does. */
export type PrintStyle = "kernel" | "trace-cmd";

export interface Scope {
  readonly format: EventFormat;
  /** Constant strings of the kernel by address, `0x` and lower-case hex without leading zeros. */
  readonly strings: ReadonlyMap<string, string>;
  readonly style: PrintStyle;
  readonly longBytes: 4 | 8;
  readonly locals: ReadonlyMap<string, Value>;
  /** What this format's text cannot show, one reason each. */
  readonly problems: Set<string>;
  /** How deep the tree is at the moment: its functions nest as deep. */
  readonly nesting: { depth: number };
}

/** A chain of operators is a tree as deep as it is long; the longest of a 6.18 kernel has 25. */
const MAX_DEPTH = 500;

export function unknown(scope: Scope, reason: string): IntValue {
  scope.problems.add(reason);
  return unknownInt(reason);
}

export function evaluate(node: Node, scope: Scope): Value {
  if (scope.nesting.depth >= MAX_DEPTH) return unknown(scope, `nested deeper than ${MAX_DEPTH}`);
  scope.nesting.depth++;
  try {
    return nodeValue(node, scope);
  } finally {
    scope.nesting.depth--;
  }
}

function nodeValue(node: Node, scope: Scope): Value {
  switch (node.kind) {
    case "number":
      return constantInt(node.value, literalType(node.value, node.suffix, node.hex, scope.longBytes));
    case "string": {
      const { text } = node;
      return { kind: "text", get: () => text };
    }
    case "field": {
      if (!scope.format.fields.has(node.name)) return unknown(scope, `the event has no field ${node.name}`);
      return fieldValue(scope.format, node.name, scope.longBytes);
    }
    case "name":
      return scope.locals.get(node.name) ?? unknown(scope, `the format does not tell the value of ${node.name}`);
    case "unary":
      return unaryValue(node.operator, node.operand, scope);
    case "binary":
      return binaryValue(node.operator, evaluate(node.left, scope), evaluate(node.right, scope), scope);
    case "choice":
      return node.yes
        ? choiceValue(evaluate(node.test, scope), evaluate(node.yes, scope), evaluate(node.no, scope), scope)
        : elseValue(evaluate(node.test, scope), evaluate(node.no, scope), scope);
    case "cast":
      return castValue(node.type, evaluate(node.operand, scope), scope);
    case "sizeof":
      return sizeofValue(node.type, scope);
    case "index":
      return indexValue(evaluate(node.base, scope), evaluate(node.index, scope), scope);
    case "call":
      return callValue(node.name, node.args, scope);
    case "block":
      return blockValue(node, scope);
    case "pair":
      return unknown(scope, "a list in braces is no value");
    case "unparsed":
      return unknown(scope, node.reason);
  }
}

/** A value where an integer is needed. */
export const intOf = (value: Value, scope: Scope): IntValue =>
  isInt(value) ? value : unknown(scope, "an address in the record has no number");

/** A value where text is needed; a number is the address of one of the kernel's strings. */
export function textOf(value: Value, scope: Scope): TextValue {
  if (value.kind === "text") return value;
  if (value.kind === "mem") return { kind: "text", get: (record) => memoryText(value, record) };
  const address = value.kind === "big" ? value.get : (record: RecordFields) => BigInt(value.get(record));
  return { kind: "text", get: (record) => stringAt(BigInt.asUintN(64, address(record)), scope) };
}

function stringAt(address: bigint, { strings, style }: Scope): string {
  if (address === 0n) return "(null)";
  const hex = address.toString(16);
  return strings.get(`0x${hex}`) ?? (style === "trace-cmd" ? hex : `<string at 0x${hex}>`);
}

const moved = (memory: MemValue, by: (record: RecordFields) => number): MemValue => {
  const span = (record: RecordFields): Span => {
    const { from, to } = memory.span(record);
    const at = from + by(record) * (memory.element?.bytes ?? 1);
    if (!(at >= from && at <= to)) throw new NoValue("a pointer leaves its array");
    return { from: at, to };
  };
  return { ...memory, span };
};

function binaryValue(operator: string, left: Value, right: Value, scope: Scope): Value {
  if (isInt(left) && isInt(right)) return binaryInt(operator, left, right);
  if (left.kind === "mem" && isInt(right) && operator === "+") return moved(left, asNumber(right));
  if (right.kind === "mem" && isInt(left) && operator === "+") return moved(right, asNumber(left));
  if (operator === "&&" || operator === "||") {
    return binaryInt(operator, boolInt(truthOf(left), false), boolInt(truthOf(right), false));
  }
  return unknown(scope, `"${operator}" on addresses`);
}

function unaryValue(operator: string, node: Node, scope: Scope): Value {
  if (operator === "&") {
    const field = node.kind === "field" ? scope.format.fields.get(node.name) : undefined;
    return field ? fieldMemory(field, scope.longBytes) : evaluate(node, scope);
  }
  const operand = evaluate(node, scope);
  if (operator === "*") return indexValue(operand, constantInt(0n, INT), scope);
  if (isInt(operand)) return unaryInt(operator, operand);
  if (operator === "!") return constantInt(0n, INT);
  return unknown(scope, `"${operator}" on an address`);
}

function indexValue(base: Value, index: Value, scope: Scope): Value {
  const at = asNumber(intOf(index, scope));
  if (base.kind === "text") {
    const { get } = base;
    return { kind: "small", type: INT, get: (record) => get(record).charCodeAt(at(record)) || 0, constant: false };
  }
  if (base.kind === "mem") {
    return base.element ? elementInt(base, base.element, at) : unknown(scope, "elements of a type of unknown size");
  }
  return unknown(scope, "memory that the record does not hold");
}

function choiceValue(test: Value, yes: Value, no: Value, scope: Scope): Value {
  const truth = truthOf(test);
  const known = constantOf(test);
  if (known !== undefined) return known === 0n ? no : yes;
  if (isInt(yes) && isInt(no)) {
    const type = commonType(yes.type, no.type);
    const a = converted(yes, type);
    const b = converted(no, type);
    if (a.kind === "big" && b.kind === "big")
      return { kind: "big", type, get: (record) => (truth(record) ? a.get(record) : b.get(record)), constant: false };
    const first = asNumber(a);
    const second = asNumber(b);
    return { kind: "small", type, get: (record) => (truth(record) ? first(record) : second(record)), constant: false };
  }
  if (yes.kind === "mem" && no.kind === "mem") {
    return { kind: "mem", span: (record) => (truth(record) ? yes : no).span(record), element: yes.element };
  }
  const a = textOf(yes, scope);
  const b = textOf(no, scope);
  return { kind: "text", get: (record) => (truth(record) ? a.get(record) : b.get(record)) };
}

/** GNU C's `a ?: b`: `a` is worked out once. */
function elseValue(test: Value, no: Value, scope: Scope): Value {
  if (!isInt(test)) return test;
  if (!isInt(no)) return choiceValue(test, test, no, scope);
  const type = commonType(test.type, no.type);
  const a = converted(test, type);
  const b = converted(no, type);
  return a.kind === "big" && b.kind === "big"
    ? { kind: "big", type, get: (record) => a.get(record) || b.get(record), constant: false }
    : { kind: "small", type, get: (record) => Number(a.get(record)) || Number(b.get(record)), constant: false };
}

function castValue(type: TypeName, operand: Value, scope: Scope): Value {
  const target = type.stars > 1 ? ULONG : integerType(type.words, scope.longBytes);
  if (type.stars === 0) return target && isInt(operand) ? folded(converted(operand, target)) : operand;
  if (operand.kind === "mem") return { ...operand, element: target };
  const pointer: CType = { bytes: scope.longBytes, signed: false };
  return isInt(operand) ? folded(converted(operand, pointer)) : operand;
}

function sizeofValue(type: TypeName, scope: Scope): Value {
  const bytes = type.stars > 0 ? scope.longBytes : integerType(type.words, scope.longBytes)?.bytes;
  if (bytes === undefined) return unknown(scope, `the format does not tell the size of ${type.words.join(" ")}`);
  return constantInt(BigInt(bytes), { bytes: scope.longBytes, signed: false });
}

/** Locals are worked out once per record, so that a chain of them costs no more than its length. */
function blockValue(node: Node & { kind: "block" }, scope: Scope): Value {
  const locals = new Map(scope.locals);
  const inner = { ...scope, locals };
  const fills: ((record: RecordFields) => void)[] = [];
  for (const { name, type, value } of node.locals) {
    const init = castValue(type, evaluate(value, inner), scope);
    if (!isInt(init)) {
      locals.set(name, init);
      continue;
    }
    const slot: { small: number; big: bigint } = { small: 0, big: 0n };
    if (init.kind === "big") {
      fills.push((record) => {
        slot.big = init.get(record);
      });
      locals.set(name, { kind: "big", type: init.type, get: () => slot.big, constant: false });
    } else {
      fills.push((record) => {
        slot.small = init.get(record);
      });
      locals.set(name, { kind: "small", type: init.type, get: () => slot.small, constant: false });
    }
  }
  return filledFirst(fills, evaluate(node.result, inner));
}

function filledFirst(fills: readonly ((record: RecordFields) => void)[], result: Value): Value {
  const first =
    <T>(get: (record: RecordFields) => T) =>
    (record: RecordFields): T => {
      for (const fill of fills) fill(record);
      return get(record);
    };
  switch (result.kind) {
    case "small":
      return { ...result, get: first(result.get) };
    case "big":
      return { ...result, get: first(result.get) };
    case "text":
      return { ...result, get: first(result.get) };
    case "mem":
      return { ...result, span: first(result.span) };
  }
}
