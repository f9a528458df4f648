/** What is asked of a `print fmt` as text: is it whole, what are its word tables, do two of them say the same. */
import type { Node } from "./ast.ts";
import type { Scope } from "./evaluate.ts";
import { PrintSyntax, tokensOf } from "./lex.ts";
import { parsePrint } from "./parse.ts";
import { wordsOf } from "./words.ts";

const OPENERS = "([{";
const CLOSERS = ")]}";
const STRING = /"(?:[^"\\]|\\[\s\S])*("|$)/y;

/** How a whole `print fmt` can be told from a cut one without parsing it: quotes, brackets, as many values as asked for. */
export function cutReason(source: string, fields: ReadonlyMap<string, unknown>): string | undefined {
  if (!source.startsWith('"')) return `print fmt begins with ${JSON.stringify(source.slice(0, 12))}, expected a string`;
  const scan = scanned(source);
  if (scan.problem !== undefined) return scan.problem;
  if (scan.values < scan.asked) return `print fmt asks for ${scan.asked} values and lists ${scan.values}`;
  if (/[-+*/%&|^~!<>=?:,.]$/.test(source)) return `print fmt ends in ${JSON.stringify(source.slice(-1))}`;
  // No kernel's last value is a bare name; that of a cut `__print_symbolic(...)` is.
  const name = /,\s*([A-Za-z_]\w*)$/.exec(source)?.[1];
  if (name !== undefined) return `print fmt ends in the name ${name.slice(0, 40)}`;
  const last = /REC->(\w*)$/.exec(source)?.[1];
  if (last !== undefined && !fields.has(last)) return `print fmt ends in REC->${last.slice(0, 40)}, which is no field`;
  return undefined;
}

interface Scan {
  readonly asked: number;
  readonly values: number;
  readonly problem?: string;
}

function scanned(source: string): Scan {
  const open: string[] = [];
  let asked = 0;
  let values = 0;
  for (let at = 0; at < source.length; at++) {
    const letter = source[at] ?? "";
    if (letter === '"') {
      STRING.lastIndex = at;
      const [text = "", closed] = STRING.exec(source) ?? [];
      if (closed !== '"') return { asked, values, problem: `print fmt's string at character ${at} has no end` };
      if (values === 0 && open.length === 0) asked += valuesAsked(text);
      at += text.length - 1;
    } else if (OPENERS.includes(letter)) open.push(letter);
    else if (CLOSERS.includes(letter)) {
      const partner = OPENERS[CLOSERS.indexOf(letter)];
      if (open.pop() !== partner)
        return { asked, values, problem: `print fmt's "${letter}" at character ${at} closes nothing` };
    } else if (letter === "," && open.length === 0) values++;
    else if (letter === "'" && source[at + 2] === "'") at += 2;
  }
  const left = open.at(-1);
  return left === undefined ? { asked, values } : { asked, values, problem: `print fmt ends within "${left}"` };
}

const valuesAsked = (format: string): number => {
  let asked = 0;
  for (const [whole, stars = "", letter = ""] of format.matchAll(/%([-+ #0-9.*]*)(?:[hljqLzZt]*)([a-zA-Z%])/g))
    if (letter !== "%" || whole.length > 2) asked += 1 + stars.split("*").length - 1;
  return asked;
};

/** Field -> number -> word of every `__print_symbolic` in it. The first table of a field counts, as the first word does. */
export function symbolTables(source: string): Map<string, Map<number, string>> {
  const tables = new Map<string, Map<number, string>>();
  let args: readonly Node[];
  try {
    args = parsePrint(source).args;
  } catch (error) {
    if (error instanceof PrintSyntax) return tables;
    throw error;
  }
  for (const node of args) collect(node, tables);
  return tables;
}

function collect(node: Node, tables: Map<string, Map<number, string>>): void {
  if (node.kind === "call" && node.name.startsWith("__print_symbolic")) {
    const [value, ...pairs] = node.args;
    const name = value && fieldUnder(value);
    if (name !== undefined && !tables.has(name)) tables.set(name, tableOf(pairs));
  } else if (node.kind === "choice") {
    for (const child of [node.yes, node.no]) if (child) collect(child, tables);
  }
}

const fieldUnder = (node: Node): string | undefined =>
  node.kind === "field" ? node.name : node.kind === "cast" ? fieldUnder(node.operand) : undefined;

function tableOf(pairs: readonly Node[]): Map<number, string> {
  const table = new Map<number, string>();
  for (const { value, text } of wordsOf(pairs, CONSTANTS).toReversed())
    table.set(Number(BigInt.asIntN(64, value)), text);
  return table;
}

/** Constants need no event. */
const CONSTANTS: Scope = {
  format: {
    system: "",
    name: "",
    id: 0,
    fields: new Map(),
    print: "",
    printSource: "",
    symbols: new Map(),
    fingerprint: "",
    meaning: "",
  },
  strings: new Map(),
  style: "kernel",
  longBytes: 8,
  locals: new Map(),
  problems: new Set(),
  nesting: { depth: 0 },
};

/** White space outside of strings does not matter, nor how a string writes its line feeds. */
export function normalisedPrint(source: string): string {
  try {
    return tokensOf(source)
      .map(({ kind, text }) => (kind === "string" ? JSON.stringify(text) : text))
      .join(" ");
  } catch (error) {
    if (error instanceof PrintSyntax) return source.replace(/\s+/g, " ");
    throw error;
  }
}
