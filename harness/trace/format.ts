/**
 * tracefs `format` files: what the bytes of a record mean on the very kernel that wrote it.
 *
 * IDs are given out when a module loads and change with every load. The mhi_host drivers' print strings end in a raw
 * line feed, so `print fmt:` goes over two physical lines: the file must not be read line by line.
 */
import { RigFault } from "../base/errors.ts";
import { oneLine } from "../base/one-line.ts";
import { unescaped } from "./print-fmt/lex.ts";
import { cutReason, normalisedPrint, symbolTables } from "./print-fmt/source.ts";

export interface FormatField {
  readonly name: string;
  /** As declared, without the name: `__data_loc char[]`, `const char *`, `__le32`, `u8[16]`. */
  readonly type: string;
  readonly offset: number;
  /** 0 for what reaches to the record's end (`char buf[]`). */
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
  /** All that follows `print fmt: `. */
  readonly printSource: string;
  /** Field -> number -> word, from the __print_symbolic calls. Entries whose number is an unresolved name are left out. */
  readonly symbols: ReadonlyMap<string, ReadonlyMap<number, string>>;
  /** Hash of name, fields (types, offsets, sizes) and print: equal formats have the same bytes mean the same. */
  readonly fingerprint: string;
  /**
   * Hash of name, field names and print: what an event says, wherever its kernel keeps the bytes. Equal for kernels
   * that only moved or widened fields, or call `__le32` what another calls `uint32_t`.
   */
  readonly meaning: string;
}

const FIELD_LINE = /^[ \t]*field:([^\n]*)$/gm;
const FIELD = /^([^;]+);\s*offset:(\d+);\s*size:(\d+);(?:\s*signed:(\d+);)?\s*$/;
/** Type, name, arrays; the name of a pointer to a function or array stands in brackets. */
const DECLARATION = /^(.*?)(?:\(\s*\*\s*(\w+)\s*\)\s*(\(.*\)|\[.*\])|(\w+)\s*((?:\[[^\]]*\]\s*)*))$/s;
const PRINT = "\nprint fmt: ";

/**
 * @param system - folder that the file stood in (`mhi_host`); the file itself does not tell it.
 * @throws RigFault `trace-format` when it is not a format file or is cut.
 */
export function parseFormat(text: string, system: string): EventFormat {
  const name = /^name: (\S+)$/m.exec(text)?.[1];
  const id = /^ID: (\d+)$/m.exec(text)?.[1];
  const printAt = text.indexOf(PRINT);
  if (name === undefined || id === undefined || printAt < 0) {
    const missing = name === undefined ? "name:" : id === undefined ? "ID:" : "print fmt:";
    throw refusal(system, name ?? "?", `no "${missing}" line; the file is cut or no format file`);
  }
  const fields = parseFields(text.slice(0, printAt), (what) => refusal(system, name, what));
  if (!fields.has("common_type")) {
    throw refusal(system, name, `no common_type field among ${fields.size} fields`);
  }
  const printSource = text.slice(printAt + PRINT.length).trimEnd();
  const cut = cutReason(printSource, fields);
  if (cut !== undefined) throw refusal(system, name, `${cut}; the file is cut or damaged`);
  return withLazyParts({ system, name, id: Number(id), fields, print: literal(printSource), printSource });
}

const refusal = (system: string, name: string, what: string): RigFault =>
  new RigFault("trace-format", `format of ${oneLine(system, 40)}/${oneLine(name, 80)}: ${what}`);

type EagerPart = Omit<EventFormat, "symbols" | "fingerprint" | "meaning">;

/** A recording may carry two thousand formats and use eight: tables and hashes are made when they are asked for. */
function withLazyParts(format: EagerPart): EventFormat {
  let symbols: EventFormat["symbols"] | undefined;
  let fingerprint: string | undefined;
  let meaning: string | undefined;
  return {
    ...format,
    get symbols() {
      symbols ??= symbolTables(format.printSource);
      return symbols;
    },
    get fingerprint() {
      const layout = [...format.fields.values()].map(
        ({ name, type, offset, size, signed }) => `${name}:${type}:${offset}:${size}:${signed}`,
      );
      fingerprint ??= hashOf([format.name, ...layout, normalisedPrint(format.printSource)]);
      return fingerprint;
    },
    get meaning() {
      const names = [...format.fields.keys()].filter((name) => !name.startsWith("common_")).sort();
      meaning ??= hashOf([format.name, ...names, normalisedPrint(format.printSource)]);
      return meaning;
    },
  };
}

/** Asked for rarely, and the module takes longer to load than a short recording takes to read. */
const hashOf = (parts: readonly string[]): string =>
  process.getBuiltinModule("node:crypto").createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 16);

function parseFields(text: string, refuse: (what: string) => RigFault): Map<string, FormatField> {
  const fields = new Map<string, FormatField>();
  for (const [, line = ""] of text.matchAll(FIELD_LINE)) {
    const [, declaration = "", offset, size, signed] = FIELD.exec(line) ?? [];
    const parts = DECLARATION.exec(declaration.trim());
    const name = parts?.[2] ?? parts?.[4];
    if (!parts || name === undefined)
      throw refuse(`field line "${oneLine(line, 80)}" cannot be read; the file is cut or damaged`);
    const type = tidy(parts[2] === undefined ? `${parts[1]}${parts[5]}` : `${parts[1]}(*)${parts[3]}`);
    fields.set(name, { name, type, offset: Number(offset), size: Number(size), signed: signed === "1" });
  }
  return fields;
}

/** One blank between words, none before brackets, one before stars. */
const tidy = (type: string): string =>
  type
    .trim()
    .replace(/\s+/g, " ")
    .replace(/ ?\[\s*/g, "[")
    .replace(/(?<!\() ?(\*+)/g, " $1");

/** The first string of `print fmt`. */
const literal = (source: string): string => unescaped(/^"((?:[^"\\]|\\[\s\S])*)"/.exec(source)?.[1] ?? "");

/** `printk_formats`: address -> text of the kernel's constant strings, for fields of type `const char *`. */
export function parsePrintkFormats(text: string): Map<string, string> {
  const strings = new Map<string, string>();
  for (const [, address = "", word = ""] of text.matchAll(/^0x([0-9a-f]+) : "(.*)"$/gm))
    strings.set(`0x${address}`, word);
  return strings;
}
