/** The tree of one `print fmt` argument. */

/** A type as written in a cast, `sizeof` or declaration: its words, and how many stars follow. */
export interface TypeName {
  readonly words: readonly string[];
  readonly stars: number;
}

export type Node =
  | { readonly kind: "number"; readonly value: bigint; readonly suffix: string; readonly hex: boolean }
  | { readonly kind: "string"; readonly text: string }
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "unary"; readonly operator: string; readonly operand: Node }
  | { readonly kind: "binary"; readonly operator: string; readonly left: Node; readonly right: Node }
  /** Without `yes`: GNU C's `test ?: no`. */
  | { readonly kind: "choice"; readonly test: Node; readonly yes: Node | undefined; readonly no: Node }
  | { readonly kind: "cast"; readonly type: TypeName; readonly operand: Node }
  | { readonly kind: "sizeof"; readonly type: TypeName }
  | { readonly kind: "index"; readonly base: Node; readonly index: Node }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Node[] }
  /** `{ 1, "A" }` of the word tables. */
  | { readonly kind: "pair"; readonly items: readonly Node[] }
  /** `({ int x = a; x + 1; })` */
  | { readonly kind: "block"; readonly locals: readonly Local[]; readonly result: Node }
  /** An argument that could not be parsed. */
  | { readonly kind: "unparsed"; readonly reason: string };

export interface Local {
  readonly name: string;
  readonly type: TypeName;
  readonly value: Node;
}

/** A parsed `print fmt`. */
export interface PrintAst {
  /** The format string, adjacent literals joined, escapes resolved. */
  readonly format: string;
  readonly args: readonly Node[];
}
