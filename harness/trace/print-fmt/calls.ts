/**
 * The functions that a `print fmt` may call: the trace headers' `__get_*` and `__print_*`, byte swaps, and a few of
 * the compiler's. What others would return only the kernel knows.
 *
 * Source of what they print: include/trace/stages/stage3_trace_output.h and kernel/trace/trace_output.c, and for
 * trace-cmd's ways the output of trace-cmd 3.1.6.
 */
import type { Node } from "./ast.ts";
import { type CType, INT, UINT, ULONG } from "./ctype.ts";
import { evaluate, intOf, type Scope, textOf, unknown } from "./evaluate.ts";
import { isLocated, locatedMemory } from "./fields.ts";
import { bitListText, bitmapText, hexDumpText, hexText } from "./hex-text.ts";
import { elementInt, memoryBytes } from "./memory.ts";
import { binaryInt } from "./operators.ts";
import { socketAddress } from "./pointer.ts";
import {
  asNumber,
  constantInt,
  constantOf,
  converted,
  type IntValue,
  isInt,
  type MemValue,
  NoValue,
  type RecordFields,
  type TextValue,
  type Value,
} from "./value.ts";
import { flagsText, symbolText } from "./words.ts";

type Call = (args: readonly Node[], scope: Scope) => Value;

const text = (get: (record: RecordFields) => string): TextValue => ({ kind: "text", get });

const argument = (args: readonly Node[], index: number, scope: Scope): Value => {
  const node = args[index];
  return node ? evaluate(node, scope) : unknown(scope, "a call lacks an argument");
};

/** The bytes of the field that a `__get_*` names. */
function located(args: readonly Node[], scope: Scope): MemValue | undefined {
  const [node] = args;
  const field = node?.kind === "name" || node?.kind === "field" ? scope.format.fields.get(node.name) : undefined;
  return field && isLocated(field) ? locatedMemory(field, scope.longBytes) : undefined;
}

const noField = (args: readonly Node[], scope: Scope): IntValue => {
  const [node] = args;
  const name = node?.kind === "name" || node?.kind === "field" ? node.name : "?";
  return unknown(scope, `the event has no dynamic field ${name}`);
};

const dynamic: Call = (args, scope) => located(args, scope) ?? noField(args, scope);

const dynamicLength: Call = (args, scope) => {
  const memory = located(args, scope);
  if (!memory) return noField(args, scope);
  const get = (record: RecordFields): number => {
    const { from, to } = memory.span(record);
    return to - from;
  };
  return { kind: "small", type: UINT, get, constant: false };
};

const dynamicText =
  (show: (bytes: Uint8Array, scope: Scope) => string): Call =>
  (args, scope) => {
    const memory = located(args, scope);
    return memory ? text((record) => show(memoryBytes(memory, record), scope)) : noField(args, scope);
  };

/** The kernel prints a bit map, libtraceevent the numbers of the CPUs. */
const cpumaskText = (bytes: Uint8Array, { style }: Scope): string =>
  (style === "kernel" ? bitmapText : bitListText)(bytes, bytes.length * 8);

/** The bytes that a pointer argument stands for; undefined when it points out of the record. */
const memoryOf = (value: Value): MemValue | undefined => (value.kind === "mem" ? value : undefined);
const elsewhere = (scope: Scope): IntValue => unknown(scope, "memory that the record does not hold");

/** `length` bytes, all in the record. */
function bytesOf(memory: MemValue, record: RecordFields, length: number): Uint8Array {
  const bytes = memoryBytes(memory, record, length);
  if (bytes.length < length) throw new NoValue(`${length} bytes asked for, ${bytes.length} are there`);
  return bytes;
}

const printHex =
  (separator: string): Call =>
  (args, scope) => {
    const memory = memoryOf(argument(args, 0, scope));
    const length = asNumber(converted(intOf(argument(args, 1, scope), scope), INT));
    if (!memory) return elsewhere(scope);
    return text((record) => hexText(bytesOf(memory, record, length(record)), separator));
  };

const printHexDump: Call = (args, scope) => {
  const prefix = textOf(argument(args, 0, scope), scope);
  const memory = memoryOf(argument(args, 4, scope));
  const number = (index: number) => asNumber(intOf(argument(args, index, scope), scope));
  const [kind, row, group, length, ascii] = [number(1), number(2), number(3), number(5), number(6)];
  if (!memory) return elsewhere(scope);
  return text((record) =>
    hexDumpText(bytesOf(memory, record, length(record)), {
      prefix: prefix.get(record),
      offsets: kind(record) === 2,
      rowBytes: row(record),
      groupBytes: group(record),
      ascii: ascii(record) !== 0,
    }),
  );
};

const ELEMENTS: Readonly<Record<number, CType>> = {
  1: { bytes: 1, signed: false },
  2: { bytes: 2, signed: false },
  4: { bytes: 4, signed: false },
  8: ULONG,
};

function arrayText(memory: MemValue, count: (record: RecordFields) => number, size: number): TextValue | undefined {
  const type = ELEMENTS[size];
  if (!type) return undefined;
  const at = { index: 0 };
  const element = elementInt(memory, type, () => at.index);
  return text((record) => {
    const parts: string[] = [];
    const total = count(record);
    for (at.index = 0; at.index < total; at.index++) parts.push(`0x${element.get(record).toString(16)}`);
    return `{${parts.join(",")}}`;
  });
}

const printArray: Call = (args, scope) => {
  const memory = memoryOf(argument(args, 0, scope));
  const count = asNumber(converted(intOf(argument(args, 1, scope), scope), INT));
  const size = Number(constantOf(argument(args, 2, scope)) ?? 0);
  if (!memory) return elsewhere(scope);
  return arrayText(memory, count, size) ?? unknown(scope, `an array of elements of ${size} bytes`);
};

const printDynamicArray: Call = (args, scope) => {
  const memory = located(args, scope);
  const size = Number(constantOf(argument(args, 1, scope)) ?? 0);
  if (!memory) return noField(args, scope);
  const count = (record: RecordFields): number => {
    const { from, to } = memory.span(record);
    return Math.floor((to - from) / size);
  };
  return arrayText(memory, count, size) ?? unknown(scope, `an array of elements of ${size} bytes`);
};

const symbolic: Call = (args, scope) => {
  const value = intOf(argument(args, 0, scope), scope);
  return symbolText(value, args.slice(1), scope);
};

const flags: Call = (args, scope) => {
  const value = intOf(argument(args, 0, scope), scope);
  const separator = argument(args, 1, scope);
  return flagsText(value, separator.kind === "text" ? separator : text(() => ""), args.slice(2), scope);
};

const swapped =
  (bytes: CType["bytes"]): Call =>
  (args, scope) => {
    const type: CType = { bytes, signed: false };
    const value = converted(intOf(argument(args, 0, scope), scope), type);
    const turn = (number: bigint): bigint => {
      let out = 0n;
      for (let i = 0n; i < bytes; i++) out = (out << 8n) | ((number >> (8n * i)) & 0xffn);
      return out;
    };
    return value.kind === "big"
      ? { ...value, kind: "big", type, get: (record) => turn(value.get(record)), constant: false }
      : { kind: "small", type, get: (record) => Number(turn(BigInt(value.get(record)))), constant: false };
  };

/** On a little-endian machine le*_to_cpu change nothing. */
const same =
  (type: CType): Call =>
  (args, scope) =>
    converted(intOf(argument(args, 0, scope), scope), type);

const first: Call = (args, scope) => argument(args, 0, scope);

const overBillion =
  (operator: "/" | "%"): Call =>
  (args, scope) => {
    const ns = converted(intOf(argument(args, 0, scope), scope), ULONG);
    return binaryInt(operator, ns, constantInt(1_000_000_000n, ULONG));
  };

const CALLS: ReadonlyMap<string, Call> = new Map<string, Call>([
  ["__get_str", dynamic],
  ["__get_dynamic_array", dynamic],
  ["__get_dynamic_array_len", dynamicLength],
  ["__get_bitmask", dynamicText((bytes) => bitmapText(bytes, bytes.length * 8))],
  ["__get_cpumask", dynamicText(cpumaskText)],
  ["__get_sockaddr", dynamicText((bytes, { style }) => socketAddress(bytes, "pc", style))],
  ["__print_symbolic", symbolic],
  ["__print_symbolic_u64", symbolic],
  ["__print_flags", flags],
  ["__print_flags_u64", flags],
  ["__print_hex", printHex(" ")],
  ["__print_hex_str", printHex("")],
  ["__print_hex_dump", printHexDump],
  ["__print_array", printArray],
  ["__print_dynamic_array", printDynamicArray],
  ["__print_ns_to_secs", overBillion("/")],
  ["__print_ns_without_secs", overBillion("%")],
  ["__builtin_expect", first],
  ["__builtin_constant_p", () => constantInt(0n, INT)],
  ["ntohs", swapped(2)],
  ["htons", swapped(2)],
  ["ntohl", swapped(4)],
  ["htonl", swapped(4)],
]);

/** `__get_rel_str` is `__get_str`: the field's own type tells which. `be32_to_cpu` and its like by their pattern. */
function callOf(name: string): Call | undefined {
  const known = CALLS.get(name.replace(/^__get_rel_/, "__get_"));
  if (known) return known;
  const swap = /^(?:__)?(?:be(16|32|64)_to_cpup?|cpu_to_be(16|32|64)|(?:builtin_b|f)?swab?(16|32|64))$/.exec(name);
  if (swap) return swapped((Number(swap[1] ?? swap[2] ?? swap[3]) / 8) as CType["bytes"]);
  const plain = /^(?:__)?(?:le(16|32|64)_to_cpup?|cpu_to_le(16|32|64))$/.exec(name);
  return plain ? same({ bytes: (Number(plain[1] ?? plain[2]) / 8) as CType["bytes"], signed: false }) : undefined;
}

export function callValue(name: string, args: readonly Node[], scope: Scope): Value {
  const call = callOf(name);
  if (call) return call(args, scope);
  const [only] = args;
  const value = args.length === 1 && only ? evaluate(only, scope) : undefined;
  scope.problems.add(`only the kernel knows ${name}()`);
  if (!value || !isInt(value)) return unknown(scope, `only the kernel knows ${name}()`);
  // The argument is worth showing: a person may know what the function makes of it.
  const thrown = (record: RecordFields): never => {
    throw new NoValue(`${name}(${value.get(record)}), which only the kernel knows`);
  };
  return { kind: "big", type: ULONG, get: thrown, constant: false };
}
