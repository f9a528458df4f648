/**
 * tracefs `format` files: what the bytes of a record mean on the very kernel that wrote it.
 *
 * IDs are given out when a module loads and change with every load. The mhi_host drivers' print strings end in a raw
 * line feed, so `print fmt:` goes over two physical lines: the file must not be read line by line.
 */
import { createHash } from "node:crypto";
import { RigFault } from "../base/errors.ts";

export interface FormatField {
  readonly name: string;
  /** As declared, without the name: `__data_loc char[]`, `const char *`, `__le32`. */
  readonly type: string;
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
}

export interface EventFormat {
  readonly system: string;
  readonly name: string;
  /** common_type of its records. */
  readonly id: number;
  readonly fields: ReadonlyMap<string, FormatField>;
  /** The literal of `print fmt`, with real line feeds. */
  readonly print: string;
  /** Field -> number -> word, from the __print_symbolic calls. Entries whose number is an unresolved name are left out. */
  readonly symbols: ReadonlyMap<string, ReadonlyMap<number, string>>;
  /** Hash of everything but the ID: equal formats mean the same. */
  readonly fingerprint: string;
}

const FIELD = /^\tfield:([^;\n]+);\toffset:(\d+);\tsize:(\d+);(?:\tsigned:(\d+);)?$/gm;
const SYMBOLIC = /__print_symbolic\(\s*REC->(\w+)\s*,((?:\s*\{[^{}]*\}\s*,?)+)\s*\)/g;
const SYMBOL = /\{\s*(-?\d+|0x[0-9a-fA-F]+)\w*\s*,\s*"((?:[^"\\]|\\.)*)"\s*\}/g;

/**
 * @param system - folder that the file stood in (`mhi_host`); the file itself does not tell it.
 * @throws RigFault `trace-format` when it is not a format file or is cut.
 */
export function parseFormat(text: string, system: string): EventFormat {
  const name = /^name: (\S+)$/m.exec(text)?.[1];
  const id = /^ID: (\d+)$/m.exec(text)?.[1];
  const printAt = text.indexOf("\nprint fmt: ");
  if (name === undefined || id === undefined || printAt < 0) {
    const missing = name === undefined ? "name:" : id === undefined ? "ID:" : "print fmt:";
    throw new RigFault(
      "trace-format",
      `format of ${system}/${name ?? "?"}: no "${missing}" line; the file is cut or no format file`,
    );
  }
  const fields = parseFields(text.slice(0, printAt));
  if (!fields.has("common_type")) {
    throw new RigFault("trace-format", `format of ${system}/${name}: no common_type field among ${fields.size} fields`);
  }
  const print = text.slice(printAt + "\nprint fmt: ".length).trimEnd();
  const fingerprint = createHash("sha256")
    .update(text.replace(/^ID: \d+$/m, "").trim())
    .digest("hex")
    .slice(0, 16);
  return { system, name, id: Number(id), fields, print: literal(print), symbols: parseSymbols(print), fingerprint };
}

function parseFields(text: string): Map<string, FormatField> {
  const fields = new Map<string, FormatField>();
  for (const [, declaration = "", offset, size, signed] of text.matchAll(FIELD)) {
    const parts = /^(.*?)(\w+)((?:\[[^\]]*\])*)$/.exec(declaration.trim());
    const name = parts?.[2] ?? declaration;
    const type = `${(parts?.[1] ?? "").trim()}${parts?.[3] ?? ""}`;
    fields.set(name, { name, type, offset: Number(offset), size: Number(size), signed: signed === "1" });
  }
  return fields;
}

/** The first string of `print fmt`. */
function literal(print: string): string {
  const quoted = /^"((?:[^"\\]|\\[\s\S])*)"/.exec(print)?.[1] ?? "";
  return quoted.replace(/\\n/g, "\n").replace(/\\(["\\])/g, "$1");
}

function parseSymbols(print: string): Map<string, Map<number, string>> {
  const tables = new Map<string, Map<number, string>>();
  for (const [, field = "", body = ""] of print.matchAll(SYMBOLIC)) {
    const table = new Map<number, string>();
    for (const [, number = "", word = ""] of body.matchAll(SYMBOL)) table.set(Number(number), word);
    tables.set(field, table);
  }
  return tables;
}

/** `printk_formats`: address -> text of the kernel's constant strings, for fields of type `const char *`. */
export function parsePrintkFormats(text: string): Map<string, string> {
  const strings = new Map<string, string>();
  for (const [, address = "", word = ""] of text.matchAll(/^0x([0-9a-f]+) : "(.*)"$/gm))
    strings.set(`0x${address}`, word);
  return strings;
}
