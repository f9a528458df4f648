/**
 * The kernel's `%p` forms (Documentation/core-api/printk-formats.rst), as far as a recording can serve them: those that
 * format bytes of the record, and addresses. A form that follows a pointer into the kernel's memory cannot be served.
 */

import type { PrintStyle } from "./evaluate.ts";
import { bitListText, bitmapText, hexText } from "./hex-text.ts";
import { memoryBytes } from "./memory.ts";
import { asUlong, type IntValue, isInt, NoValue, type RecordFields, type Value } from "./value.ts";

export interface PointerSpec {
  /** Letters after the p: `S`, `I6c`, `hN`. */
  readonly form: string;
  /** Field width given, where the form takes a size from it. */
  readonly width: ((record: RecordFields) => number) | undefined;
  readonly style: PrintStyle;
  readonly longBytes: 4 | 8;
}

type BytesForm = (bytes: Uint8Array, form: string) => string;
interface Shape {
  readonly size: number;
  readonly show: BytesForm;
}

const ipv4 = (bytes: Uint8Array, form: string): string => {
  const parts = Array.from(bytes.subarray(0, 4), (byte) =>
    form[0] === "i" ? String(byte).padStart(3, "0") : String(byte),
  );
  return (/[hl]/.test(form.slice(2)) ? parts.reverse() : parts).join(".");
};

const groupsOf = (bytes: Uint8Array): number[] =>
  Array.from({ length: 8 }, (_, i) => (bytes[2 * i] ?? 0) * 256 + (bytes[2 * i + 1] ?? 0));

/** RFC 5952: the longest run of two or more zero groups is left out; a mapped IPv4 address keeps its dots. */
function ipv6Short(bytes: Uint8Array): string {
  const groups = groupsOf(bytes);
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  const shown = mapped ? groups.slice(0, 6) : groups;
  let best = { at: -1, length: 1 };
  for (let at = 0; at < shown.length; at++) {
    let length = 0;
    while (shown[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
  }
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
  const text = best.at < 0 ? hex(shown) : `${hex(shown.slice(0, best.at))}::${hex(shown.slice(best.at + best.length))}`;
  return mapped ? `${text}:${ipv4(bytes.subarray(12, 16), "I4")}` : text;
}

const ipv6 = (bytes: Uint8Array, form: string): string => {
  if (form.includes("c")) return ipv6Short(bytes);
  return groupsOf(bytes)
    .map((group) => group.toString(16).padStart(4, "0"))
    .join(form[0] === "i" ? "" : ":");
};

/** AF_INET and AF_INET6 of Linux; `flags` hold p (port) and c (short form). */
export function socketAddress(bytes: Uint8Array, flags: string, style: PrintStyle): string {
  const family = (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8);
  const port = flags.includes("p") ? `:${(bytes[2] ?? 0) * 256 + (bytes[3] ?? 0)}` : "";
  if (family === 2 && bytes.length >= 8) return ipv4(bytes.subarray(4, 8), "I4") + port;
  if (family === 10 && bytes.length >= 24) {
    const address = ipv6(bytes.subarray(8, 24), flags.includes("c") ? "I6c" : "I6");
    return port ? `[${address}]${port}` : address;
  }
  return style === "kernel" ? "(einval)" : "";
}

const uuid: BytesForm = (bytes, form) => {
  const little = /[lL]/.test(form);
  const order = little
    ? [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]
    : Array.from({ length: 16 }, (_, i) => i);
  const hex = order.map((i) => hexText(bytes.subarray(i, i + 1), "")).join("");
  const text = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  return /[BL]/.test(form) ? text.toUpperCase() : text;
};

const mac: BytesForm = (bytes, form) =>
  hexText(form.includes("R") ? bytes.slice().reverse() : bytes, form[0] === "m" ? "" : form.includes("F") ? "-" : ":");

const SHAPES: readonly (readonly [RegExp, Shape])[] = [
  [/^[Mm]/, { size: 6, show: mac }],
  [/^[Ii]4/, { size: 4, show: ipv4 }],
  [/^[Ii]6/, { size: 16, show: ipv6 }],
  [/^U/, { size: 16, show: uuid }],
  [/^a/, { size: 8, show: (bytes) => `0x${hexText(bytes.slice().reverse(), "")}` }],
];

const SEPARATORS: Readonly<Record<string, string>> = { C: ":", D: "-", N: "" };

/** `%pIS`, `%*ph`, `%*pb` take as many bytes as are there or as the width says. */
function sizedForm(bytes: Uint8Array, { form, width, style }: PointerSpec, record: RecordFields): string | undefined {
  if (/^[Ii]S/.test(form)) return socketAddress(bytes, form.slice(2), style);
  const size = width?.(record);
  if (form[0] === "h") return hexText(bytes.subarray(0, Math.min(64, size ?? 1)), SEPARATORS[form[1] ?? ""] ?? " ");
  if (form[0] !== "b") return undefined;
  const bits = Math.min(size ?? 0, bytes.length * 8);
  return form[1] === "l" ? bitListText(bytes, bits) : bitmapText(bytes, bits);
}

/** Address forms: a symbol's name is not in the recording, so its address is shown. */
const SYMBOL = /^[SsFfB]/;
/** Shown as numbers: plain, hashed by the kernel, unhashed, restricted. */
const NUMBER = /^(?:$|x|K)/;

function addressText(
  value: IntValue,
  { form, style, longBytes }: PointerSpec,
): ((record: RecordFields) => string) | undefined {
  const get = asUlong(value);
  const hex = (record: RecordFields): string => BigInt.asUintN(longBytes * 8, get(record)).toString(16);
  if (SYMBOL.test(form)) return (record) => `0x${hex(record)}`;
  if (!NUMBER.test(form)) return undefined;
  return style === "trace-cmd"
    ? (record) => (get(record) === 0n ? "(nil)" : `0x${hex(record)}`)
    : (record) => hex(record).padStart(longBytes * 2, "0");
}

/** @throws NoValue (from what it returns) where the record does not hold what the form wants. */
export function pointerText(value: Value, spec: PointerSpec): (record: RecordFields) => string {
  const { form } = spec;
  if (isInt(value)) {
    const known = addressText(value, spec);
    if (known) return known;
    const address = asUlong(value);
    return (record) => {
      throw new NoValue(`%p${form} of 0x${address(record).toString(16)}, which the record does not hold`);
    };
  }
  if (value.kind === "text") return value.get;
  const shape = SHAPES.find(([pattern]) => pattern.test(form))?.[1];
  return (record) => {
    const bytes = memoryBytes(value, record, shape?.size);
    if (shape && bytes.length < shape.size) throw new NoValue(`%p${form} of ${bytes.length} bytes`);
    const text = shape ? shape.show(bytes, form) : sizedForm(bytes, spec, record);
    if (text === undefined) throw new NoValue(`%p${form} of bytes of the record`);
    return text;
  };
}

/** Width of a `%p` form in characters, where it is none of those that take a size from it. */
export const widthIsSize = (form: string): boolean => /^[hb]/.test(form);
