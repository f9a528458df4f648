/** `print fmt` text -> tokens. It is C after the preprocessor, but strings may hold raw line feeds. */

export type TokenKind = "name" | "number" | "char" | "string" | "mark" | "end";

export interface Token {
  readonly kind: TokenKind;
  /** A string's value without its quotes and escapes; else as written. */
  readonly text: string;
  /** Where it starts in the `print fmt` text. */
  readonly at: number;
}

/** The text is no `print fmt` that this version can read; the message says where and why. */
export class PrintSyntax extends Error {}

const TOKEN =
  /\s*(?:([A-Za-z_$][\w$]*)|(0[xX][0-9a-fA-F]+[uUlL]*|\d+[uUlL]*)|'((?:[^'\\]|\\[\s\S])+)'|"((?:[^"\\]|\\[\s\S])*)"|(->|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^~!<>=?:;,.(){}[\]]))/y;

const KINDS: readonly TokenKind[] = ["name", "number", "char", "string", "mark"];

/** More than any real format has (the longest of a 6.18 kernel has 2,600). */
const MAX_TOKENS = 100_000;

/** @throws PrintSyntax at a byte that starts no token of C, an unclosed string for one. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (!found) {
      if (text.slice(at).trim() === "") break;
      throw new PrintSyntax(`unexpected ${JSON.stringify(text.slice(at).trimStart().slice(0, 12))} at character ${at}`);
    }
    const group = found.slice(1).findIndex((part) => part !== undefined);
    const kind = KINDS[group] ?? "mark";
    const written = found[group + 1] ?? "";
    at = TOKEN.lastIndex;
    const quoted = kind === "string" || kind === "char";
    tokens.push({ kind, text: quoted ? unescaped(written) : written, at: at - written.length - (quoted ? 1 : 0) });
    if (tokens.length > MAX_TOKENS) throw new PrintSyntax(`more than ${MAX_TOKENS} tokens`);
  }
  tokens.push({ kind: "end", text: "", at: text.length });
  return tokens;
}

export const CLOSERS: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** Every bracket has its partner: a text that was cut does not pass. @throws PrintSyntax */
export function checkBrackets(tokens: readonly Token[]): void {
  const open: string[] = [];
  for (const { kind, text, at } of tokens) {
    if (kind !== "mark") continue;
    const closer = CLOSERS[text];
    if (closer !== undefined) open.push(closer);
    else if ((text === ")" || text === "]" || text === "}") && open.pop() !== text)
      throw new PrintSyntax(`"${text}" at character ${at} closes nothing`);
  }
  if (open.length > 0) throw new PrintSyntax(`the text ends before "${open.at(-1)}"`);
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
};

/** C's escapes; an unknown one stands for its letter. */
export const unescaped = (text: string): string =>
  text.includes("\\")
    ? text.replace(/\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|([\s\S]))/g, (_, hex, octal, letter: string) => {
        if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
        if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
        return ESCAPES[letter] ?? letter;
      })
    : text;
