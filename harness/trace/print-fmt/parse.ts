/**
 * `print fmt` -> tree: a subset of C's expressions by precedence climbing. An argument that is beyond it becomes an
 * `unparsed` node with the reason, and the others are read all the same.
 */
import type { Local, Node, PrintAst, TypeName } from "./ast.ts";
import { startsType } from "./ctype.ts";
import { CLOSERS, checkBrackets, PrintSyntax, type Token, tokensOf } from "./lex.ts";

const PRECEDENCE: Readonly<Record<string, number>> = {
  "||": 1,
  "&&": 2,
  "|": 3,
  "^": 4,
  "&": 5,
  "==": 6,
  "!=": 6,
  "<": 7,
  ">": 7,
  "<=": 7,
  ">=": 7,
  "<<": 8,
  ">>": 8,
  "+": 9,
  "-": 9,
  "*": 10,
  "/": 10,
  "%": 10,
};
const UNARY = new Set(["!", "~", "-", "+", "*", "&"]);
/** The gfp_t tables of real kernels nest 20 deep. */
const MAX_DEPTH = 200;

/** @throws PrintSyntax when the text is cut: an unclosed string or bracket, no format string. */
export function parsePrint(source: string): PrintAst {
  const tokens = tokensOf(source);
  checkBrackets(tokens);
  const parser = new Parser(tokens);
  const format = parser.literal();
  const args: Node[] = [];
  while (parser.accept(",")) args.push(parser.argument());
  parser.expectEnd();
  return { format, args };
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: "end", text: "", at: 0 };
  }

  literal(): string {
    if (this.#peek().kind !== "string") throw new PrintSyntax("no format string");
    let text = "";
    while (this.#peek().kind === "string") text += this.#take().text;
    return text;
  }

  expectEnd(): void {
    const { kind, text, at } = this.#peek();
    if (kind !== "end") throw new PrintSyntax(`unexpected "${text}" at character ${at}`);
  }

  accept(mark: string): boolean {
    if (this.#peek().kind !== "mark" || this.#peek().text !== mark) return false;
    this.#next++;
    return true;
  }

  /** One argument of the list, up to its comma. */
  argument(): Node {
    const start = this.#next;
    this.#depth = 0;
    try {
      const node = this.#choice();
      if (this.#peek().kind !== "end" && !this.#at(",")) this.#fail();
      return node;
    } catch (error) {
      if (!(error instanceof PrintSyntax)) throw error;
      this.#next = start;
      this.#skipArgument();
      return { kind: "unparsed", reason: error.message };
    }
  }

  #skipArgument(): void {
    for (let depth = 0; this.#peek().kind !== "end"; this.#next++) {
      const { kind, text } = this.#peek();
      if (kind !== "mark") continue;
      if (text in CLOSERS) depth++;
      else if (text === ")" || text === "]" || text === "}") depth--;
      else if (text === "," && depth === 0) return;
    }
  }

  #at(mark: string): boolean {
    return this.#peek().kind === "mark" && this.#peek().text === mark;
  }

  #take(): Token {
    const token = this.#peek();
    this.#next++;
    return token;
  }

  #fail(): never {
    const { kind, text, at } = this.#peek();
    throw new PrintSyntax(
      kind === "end" ? "the text ends within an expression" : `unexpected "${text.slice(0, 20)}" at character ${at}`,
    );
  }

  #expect(mark: string): void {
    if (!this.accept(mark)) this.#fail();
  }

  #choice(): Node {
    if (++this.#depth > MAX_DEPTH) throw new PrintSyntax(`nested deeper than ${MAX_DEPTH}`);
    const test = this.#binary(1);
    let node = test;
    if (this.accept("?")) {
      const yes = this.#at(":") ? undefined : this.#choice();
      this.#expect(":");
      node = { kind: "choice", test, yes, no: this.#choice() };
    }
    this.#depth--;
    return node;
  }

  #binary(lowest: number): Node {
    let left = this.#unary();
    for (;;) {
      const operator = this.#peek().kind === "mark" ? this.#peek().text : "";
      const precedence = PRECEDENCE[operator];
      if (precedence === undefined || precedence < lowest) return left;
      this.#next++;
      left = { kind: "binary", operator, left, right: this.#binary(precedence + 1) };
    }
  }

  #unary(): Node {
    const { kind, text } = this.#peek();
    if (kind === "mark" && UNARY.has(text)) {
      this.#next++;
      if (++this.#depth > MAX_DEPTH) throw new PrintSyntax(`nested deeper than ${MAX_DEPTH}`);
      const operand = this.#unary();
      this.#depth--;
      return { kind: "unary", operator: text, operand };
    }
    return this.#postfix(this.#primary());
  }

  #postfix(base: Node): Node {
    let node = base;
    while (this.accept("[")) {
      const index = this.#choice();
      this.#expect("]");
      node = { kind: "index", base: node, index };
    }
    if (this.#at(".") || this.#at("->")) throw new PrintSyntax(`member access at character ${this.#peek().at}`);
    return node;
  }

  #primary(): Node {
    const { kind, text } = this.#peek();
    if (kind === "number") return this.#number();
    if (kind === "char") {
      this.#next++;
      return { kind: "number", value: BigInt(text.charCodeAt(0)), suffix: "", hex: false };
    }
    if (kind === "string") return { kind: "string", text: this.literal() };
    if (kind === "name") return this.#named();
    if (this.accept("{")) return this.#pair();
    if (this.accept("(")) return this.#parenthesis();
    return this.#fail();
  }

  #number(): Node {
    const { text } = this.#take();
    const [, digits = "0", suffix = ""] = /^(0[xX][0-9a-fA-F]+|\d+)(.*)$/.exec(text) ?? [];
    const hex = /^0[xX]/.test(digits);
    const octal = !hex && /^0[0-7]+$/.test(digits);
    const value = BigInt(octal ? `0o${digits.slice(1)}` : digits);
    return { kind: "number", value, suffix: suffix.toLowerCase(), hex: hex || octal };
  }

  #named(): Node {
    const { text } = this.#take();
    if (text === "REC") return this.#field();
    if (text === "sizeof") {
      this.#expect("(");
      const type = this.#type();
      this.#expect(")");
      return { kind: "sizeof", type };
    }
    if (!this.accept("(")) return { kind: "name", name: text };
    const args: Node[] = [];
    if (!this.accept(")")) {
      do args.push(this.#choice());
      while (this.accept(","));
      this.#expect(")");
    }
    return { kind: "call", name: text, args };
  }

  /** After `REC`. */
  #field(): Node {
    this.#expect("->");
    const { kind, text: name } = this.#take();
    if (kind !== "name") throw new PrintSyntax("no field name after REC->");
    return { kind: "field", name };
  }

  #pair(): Node {
    const items: Node[] = [];
    do {
      if (this.#at("}")) break;
      items.push(this.#choice());
    } while (this.accept(","));
    this.#expect("}");
    return { kind: "pair", items };
  }

  #parenthesis(): Node {
    if (this.accept("{")) return this.#block();
    if (this.#peek().text === "REC" && this.#tokens[this.#next + 1]?.text === ")") {
      this.#next += 2;
      return this.#field();
    }
    if (this.#castAhead()) {
      const type = this.#type();
      this.#expect(")");
      if (++this.#depth > MAX_DEPTH) throw new PrintSyntax(`nested deeper than ${MAX_DEPTH}`);
      const operand = this.#unary();
      this.#depth--;
      return { kind: "cast", type, operand };
    }
    const node = this.#choice();
    this.#expect(")");
    return node;
  }

  /** `(words stars)` before an operand. A lone unknown name is a type only where no operator could follow. */
  #castAhead(): boolean {
    let i = this.#next;
    const first = this.#tokens[i];
    if (first?.kind !== "name" || first.text === "REC") return false;
    while (this.#tokens[i]?.kind === "name") i++;
    const words = i - this.#next;
    const starsAt = i;
    while (this.#tokens[i]?.text === "*" && this.#tokens[i]?.kind === "mark") i++;
    const closed = this.#tokens[i];
    if (closed?.kind !== "mark" || closed.text !== ")") return false;
    if (startsType(first.text) || words > 1 || i > starsAt) return true;
    const after = this.#tokens[i + 1];
    return after !== undefined && (after.kind === "mark" ? after.text === "(" : after.kind !== "end");
  }

  #type(): TypeName {
    const words: string[] = [];
    while (this.#peek().kind === "name") words.push(this.#take().text);
    let stars = 0;
    while (this.accept("*")) {
      stars++;
      if (this.#peek().kind === "name" && this.#peek().text === "const") this.#next++;
    }
    if (words.length === 0) this.#fail();
    return { words, stars };
  }

  /** After `({`: declarations with values, then the expression that is the block's value. */
  #block(): Node {
    const locals: Local[] = [];
    while (this.#peek().kind === "name" && startsType(this.#peek().text)) {
      const { words, stars } = this.#type();
      const name = stars > 0 && this.#peek().kind === "name" ? this.#take().text : words.at(-1);
      const typed = stars > 0 ? words : words.slice(0, -1);
      if (name === undefined || typed.length === 0 || !this.accept("="))
        throw new PrintSyntax(`a statement that only the kernel can run, at character ${this.#peek().at}`);
      locals.push({ name, type: { words: typed, stars }, value: this.#choice() });
      this.#expect(";");
    }
    const result = this.#choice();
    if (!this.accept(";") || !this.accept("}"))
      throw new PrintSyntax(`a statement that only the kernel can run, at character ${this.#peek().at}`);
    this.#expect(")");
    return { kind: "block", locals, result };
  }
}
