/**
 * The text of a record, by the `print fmt` of its event: what the kernel prints after `event: `, or what trace-cmd does.
 *
 *   lex -> parse -> evaluate (value, operators, fields, memory, calls, words) -> conversion (pointer, hex-text) -> print
 *
 * Known to differ from the kernel's own text: `%p` is the true address, where the kernel prints a hash; `%pS` and its
 * like are addresses, the kernel's symbols are not asked.
 */
import type { EventFormat } from "../format.ts";
import type { Node, PrintAst } from "./ast.ts";
import { type Conversion, shownBy } from "./conversion.ts";
import { evaluate, type PrintStyle, type Scope } from "./evaluate.ts";
import { longBytesOf } from "./fields.ts";
import { PrintSyntax } from "./lex.ts";
import { parsePrint } from "./parse.ts";
import { NoValue, type RecordFields, type Value } from "./value.ts";

export type { PrintStyle } from "./evaluate.ts";
export type { RecordFields } from "./value.ts";

/** Text of one record. Never throws: what has no value is `<reason>`. A line feed at the format's end is kept. */
export type Printer = (record: RecordFields) => string;

export interface PrintOptions {
  /** `printk_formats`: `0x` and address in lower-case hex -> the kernel's constant string there. */
  readonly strings?: ReadonlyMap<string, string>;
  readonly style: PrintStyle;
}

export interface CompiledPrint {
  readonly print: Printer;
  /** What the text of this event will lack, and why; absent when all of it can be shown. */
  readonly problem?: string;
}

const CONVERSION = /%([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+)?)?(hh|h|ll|l|L|q|j|z|Z|t)?([diouxXcsp%])/y;
const FORM = /[A-Za-z0-9]*/y;

type Piece = (record: RecordFields) => string;

/**
 * Once per format. Never throws on odd input: an expression that cannot be evaluated prints as `<...>` with the reason,
 * a format that cannot be parsed at all as one such piece.
 */
export function compilePrint(format: EventFormat, options: PrintOptions): CompiledPrint {
  const problems = new Set<string>();
  const scope: Scope = {
    format,
    strings: options.strings ?? new Map(),
    style: options.style,
    longBytes: longBytesOf(format),
    locals: new Map(),
    problems,
    nesting: { depth: 0 },
  };
  const print = joined(pieces(astOf(format.printSource), scope), options.style);
  return problems.size > 0 ? { print, problem: [...problems].join("; ") } : { print };
}

function astOf(source: string): PrintAst {
  try {
    return parsePrint(source);
  } catch (error) {
    if (!(error instanceof PrintSyntax)) throw error;
    return { format: "%s", args: [{ kind: "unparsed", reason: error.message }] };
  }
}

/** libtraceevent's users print one line a record: trace-cmd takes a line feed at the end away. */
function joined(all: readonly Piece[], style: PrintStyle): Printer {
  const print: Printer = (record) => {
    let text = "";
    for (const piece of all) text += piece(record);
    return text;
  };
  return style === "kernel" ? print : (record) => print(record).replace(/\n$/, "");
}

const PAST = "the format string asks for more values than it is given";

function pieces({ format, args }: PrintAst, scope: Scope): Piece[] {
  const found: Piece[] = [];
  let next = 0;
  const take = (): Value => evaluate(args[next++] ?? ({ kind: "unparsed", reason: PAST } satisfies Node), scope);
  let plain = "";
  const flush = (): void => {
    const text = plain;
    if (text !== "") found.push(() => text);
    plain = "";
  };
  for (let at = 0; at < format.length; ) {
    const percent = format.indexOf("%", at);
    plain += format.slice(at, percent < 0 ? undefined : percent);
    if (percent < 0) break;
    const parsed = conversionAt(format, percent);
    at = parsed?.end ?? percent + 1;
    if (!parsed) {
      scope.problems.add(`the format string holds "${format.slice(percent, percent + 4)}", which is no conversion`);
      plain += "%";
    } else if (parsed.conversion.letter === "%") plain += "%";
    else {
      flush();
      found.push(piece(parsed.conversion, take, scope));
    }
  }
  flush();
  return found;
}

function conversionAt(format: string, percent: number): { conversion: Conversion; end: number } | undefined {
  CONVERSION.lastIndex = percent;
  const match = CONVERSION.exec(format);
  if (!match) return undefined;
  const [whole, flags = "", width, precision, length = "", letter = ""] = match;
  let end = CONVERSION.lastIndex;
  let form = "";
  if (letter === "p") {
    FORM.lastIndex = end;
    form = FORM.exec(format)?.[0] ?? "";
    end += form.length;
  }
  const number = (text: string | undefined): number | "*" | undefined =>
    text === undefined || text === "*" ? text : Number(text);
  const dot = whole.includes(".");
  const conversion: Conversion = {
    flags,
    width: number(width),
    precision: dot ? number(precision ?? "0") : undefined,
    length,
    letter,
    form,
  };
  return { conversion, end };
}

function piece(conversion: Conversion, take: () => Value, scope: Scope): Piece {
  const stars: Value[] = [];
  if (conversion.width === "*") stars.push(take());
  if (conversion.precision === "*") stars.push(take());
  const show = shownBy(conversion, take(), stars, scope);
  return (record) => {
    try {
      return show(record);
    } catch (error) {
      if (error instanceof NoValue) return `<${error.reason}>`;
      throw error;
    }
  };
}
