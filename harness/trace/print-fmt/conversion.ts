/** One conversion of the format string (`%-16s`, `%#llx`, `%pI6c`) -> text of a value. Rules of lib/vsprintf.c. */
import { type CType, INT } from "./ctype.ts";
import { intOf, type Scope, textOf } from "./evaluate.ts";
import { u32At } from "./memory.ts";
import { pointerText, widthIsSize } from "./pointer.ts";
import { asNumber, converted, type IntValue, type RecordFields, type Value } from "./value.ts";

export interface Conversion {
  readonly flags: string;
  /** Undefined: none given; "*": the argument before it tells. */
  readonly width: number | "*" | undefined;
  readonly precision: number | "*" | undefined;
  /** `hh`, `ll`, `z`... */
  readonly length: string;
  /** `d`, `x`, `s`, `p`... */
  readonly letter: string;
  /** Letters after `%p`. */
  readonly form: string;
}

type Show = (record: RecordFields) => string;
type Size = ((record: RecordFields) => number) | undefined;

/** No field of a real trace is wider; a hostile width must not eat the memory. */
const MAX_WIDTH = 4096;
const bounded = (width: number): number => Math.max(-MAX_WIDTH, Math.min(MAX_WIDTH, width));

function sizeOf(given: number | "*" | undefined, star: Value | undefined, scope: Scope): Size {
  if (given === undefined) return undefined;
  if (given !== "*") return () => bounded(given);
  const get = asNumber(converted(intOf(star ?? { kind: "text", get: () => "" }, scope), INT));
  return (record) => bounded(get(record));
}

const padded = (text: string, width: number, left: boolean): string =>
  left || width < 0 ? text.padEnd(Math.abs(width)) : text.padStart(width);

/** Bytes of an argument by its length letters. */
function argumentBytes(length: string, longBytes: 4 | 8): CType["bytes"] {
  if (length === "hh") return 1;
  if (length === "h") return 2;
  if (length === "ll" || length === "L" || length === "q" || length === "j") return 8;
  return length === "" ? 4 : longBytes;
}

/** Hex of 8 bytes of the record as they stand, without a bigint. */
const rawHex = (offset: number): Show => {
  return ({ bytes, at }) => {
    const low = u32At(bytes, at + offset);
    const high = u32At(bytes, at + offset + 4);
    return high === 0 ? low.toString(16) : high.toString(16) + low.toString(16).padStart(8, "0");
  };
};

/** The digits without sign or prefix, and whether there is a minus. */
function digitsOf(value: IntValue, radix: number, upper: boolean): Show {
  const { get } = value;
  const plain: Show = (record) => get(record).toString(radix);
  return upper ? (record) => plain(record).toUpperCase() : plain;
}

function integer(conversion: Conversion, value: IntValue, width: Size, precision: Size, scope: Scope): Show {
  const { letter, flags } = conversion;
  const signed = letter === "d" || letter === "i";
  const bytes = argumentBytes(conversion.length, scope.longBytes);
  const radix = letter === "x" || letter === "X" ? 16 : letter === "o" ? 8 : 10;
  const argument = converted(value, { bytes, signed });
  const raw = value.kind === "big" && value.fieldOffset !== undefined && bytes === 8 && letter === "x";
  const digits = digitsOf(argument, radix, letter === "X");
  if (flags === "" && !width && !precision) {
    if (!raw || value.fieldOffset === undefined) return digits;
    const fast = rawHex(value.fieldOffset);
    const { get } = value;
    return (record) => (record.at + record.length <= record.bytes.length ? fast(record) : get(record).toString(16));
  }
  const left = flags.includes("-");
  const zeros = flags.includes("0") && !left;
  const plus = signed ? (flags.includes("+") ? "+" : flags.includes(" ") ? " " : "") : "";
  const mark = flags.includes("#") ? (radix === 16 ? `0${letter}` : radix === 8 ? "0" : "") : "";
  return (record) => {
    const got = digits(record);
    const minus = got.startsWith("-");
    // The kernel writes 0x0 where the C library writes 0.
    const bare = got === "0" && (radix === 8 || scope.style === "trace-cmd");
    const head = (minus ? "-" : plus) + (bare ? "" : mark);
    const body = (minus ? got.slice(1) : got).padStart(precision ? precision(record) : 0, "0");
    const wide = width ? width(record) : 0;
    if (zeros && wide > 0) return head + body.padStart(wide - head.length, "0");
    return padded(head + body, wide, left);
  };
}

function text(value: Value, width: Size, precision: Size, left: boolean, scope: Scope): Show {
  const { get } = textOf(value, scope);
  if (!width && !precision) return get;
  return (record) => {
    const whole = get(record);
    const most = precision ? precision(record) : -1;
    return padded(most >= 0 ? whole.slice(0, most) : whole, width ? width(record) : 0, left);
  };
}

/** @param stars - the values that `*` take, in order. */
export function shownBy(conversion: Conversion, value: Value, stars: readonly Value[], scope: Scope): Show {
  const { letter, form } = conversion;
  const left = conversion.flags.includes("-");
  const width = sizeOf(conversion.width, stars[0], scope);
  const precision = sizeOf(conversion.precision, stars[conversion.width === "*" ? 1 : 0], scope);
  if (letter === "s") return text(value, width, precision, left, scope);
  if (letter === "p") {
    const { style, longBytes } = scope;
    const show = pointerText(value, { form, width, style, longBytes });
    if (!width || widthIsSize(form)) return show;
    return (record) => padded(show(record), width(record), left);
  }
  if (letter === "c") {
    const code = asNumber(converted(intOf(value, scope), { bytes: 1, signed: false }));
    // A NUL would end the text for whoever reads it.
    const show: Show = (record) => (code(record) === 0 ? "" : String.fromCharCode(code(record)));
    return width ? (record) => padded(show(record), width(record), left) : show;
  }
  return integer(conversion, intOf(value, scope), width, precision, scope);
}
