/** `__print_symbolic` and `__print_flags`: numbers to words by the tables that the format carries. */
import type { Node } from "./ast.ts";
import { evaluate, type Scope } from "./evaluate.ts";
import { asUlong, constantOf, converted, type IntValue, type RecordFields, type TextValue } from "./value.ts";

interface Word {
  /** As an unsigned 64-bit number. */
  readonly value: bigint;
  readonly text: string;
}

/** Entries of `{ number, "word" }`. One whose number the format does not tell is left out, and that is a problem. */
export function wordsOf(pairs: readonly Node[], scope: Scope): Word[] {
  const words: Word[] = [];
  const untold: string[] = [];
  const inner = { ...scope, problems: new Set<string>() };
  for (const pair of pairs) {
    if (pair.kind !== "pair" || pair.items.length < 2) continue;
    const [number, word] = pair.items.map((item) => evaluate(item, inner));
    const value = number && constantOf(number);
    if (word?.kind !== "text") continue;
    const told = word.get({ bytes: new Uint8Array(0), at: 0, length: 0 });
    if (value === undefined) untold.push(told);
    else words.push({ value: BigInt.asUintN(64, value), text: told });
  }
  if (untold.length > 0)
    scope.problems.add(
      `the format does not tell the numbers of ${untold.length} words (${untold.slice(0, 2).join(", ")})`,
    );
  return words;
}

/**
 * The first entry with the very number; else the number in hex: the kernel's is sign-extended to a long, libtraceevent's
 * is as wide as the field.
 */
export function symbolText(value: IntValue, pairs: readonly Node[], scope: Scope): TextValue {
  const words = wordsOf(pairs, scope);
  const shownBytes = scope.style === "kernel" ? scope.longBytes : value.type.bytes;
  const rest = asUlong(value);
  const other = (record: RecordFields): string => `0x${BigInt.asUintN(shownBytes * 8, rest(record)).toString(16)}`;
  if (value.kind === "small") {
    const table = new Map<number, string>();
    for (const word of words.toReversed()) table.set(Number(BigInt.asIntN(64, word.value)), word.text);
    const { get } = value;
    return { kind: "text", get: (record) => table.get(get(record)) ?? other(record) };
  }
  const table = new Map<bigint, string>();
  for (const word of words.toReversed()) table.set(word.value, word.text);
  return { kind: "text", get: (record) => table.get(rest(record)) ?? other(record) };
}

/** Every word whose bits are all set, taking them away; what is left in hex, sign-extended or not as above. */
export function flagsText(number: IntValue, separator: TextValue, pairs: readonly Node[], scope: Scope): TextValue {
  const words = wordsOf(pairs, scope);
  const value =
    scope.style === "kernel" ? asUlong(number) : asUlong(converted(number, { ...number.type, signed: false }));
  const get = (record: RecordFields): string => {
    const found: string[] = [];
    let left = value(record);
    for (const word of words) {
      // A word for 0 stands for the whole value.
      if (word.value === 0n ? left !== 0n || found.length > 0 : (left & word.value) !== word.value) continue;
      found.push(word.text);
      left &= ~word.value;
    }
    if (left !== 0n) found.push(`0x${left.toString(16)}`);
    return found.join(separator.get(record));
  };
  return { kind: "text", get };
}
