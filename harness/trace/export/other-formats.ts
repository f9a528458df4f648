/**
 * Formats for events that are no mhi_host ones: made from the fields that were kept, so that nothing of a recording is
 * left out. Numbers become 32-bit integers and texts located strings, which any reader decodes to the same values.
 */
import type { OtherRecord } from "../batch.ts";
import { COMMON_BYTES, type FieldText, formatText, RecordId } from "./merged-formats.ts";

export interface OtherFormat {
  readonly id: number;
  readonly system: string;
  readonly name: string;
  readonly text: string;
  readonly fields: readonly OtherField[];
  /** Bytes before the strings. */
  readonly fixedBytes: number;
}

interface OtherField {
  readonly name: string;
  readonly kind: "s32" | "u32" | "text";
}

/** Readers keep a table of formats: a text that claims a new event in every line must not blow it up. */
const MAX_FORMATS = 4096;
/** So many fit a page, whatever is in them. */
const MAX_FIELDS = 500;
const DECLARATIONS = { s32: "int ", u32: "unsigned int ", text: "__data_loc char[] " } as const;
const PRINTS = { s32: "%d", u32: "%u", text: "%s" } as const;
const WORD = /[^A-Za-z0-9_]+/g;

export class OtherFormats {
  readonly #formats = new Map<string, OtherFormat>();
  /** Events whose names no format file can hold: written with `_` in their place. */
  readonly renamed = new Set<string>();

  /** Undefined when there are too many already, or too many fields in this one. */
  of(record: OtherRecord): OtherFormat | undefined {
    let key = `${record.system}\0${record.name}`;
    for (const name in record.fields) key += `\0${name}\0${kindOf(record.fields[name])}`;
    const known = this.#formats.get(key);
    if (known || this.#formats.size >= MAX_FORMATS || Object.keys(record.fields).length > MAX_FIELDS) return known;
    const made = this.#make(record, RecordId.OTHER + this.#formats.size);
    this.#formats.set(key, made);
    return made;
  }

  /** By system, in the order of the first record of each. */
  get bySystem(): ReadonlyMap<string, readonly OtherFormat[]> {
    const systems = new Map<string, OtherFormat[]>();
    for (const format of this.#formats.values()) {
      const own = systems.get(format.system);
      if (own) own.push(format);
      else systems.set(format.system, [format]);
    }
    return systems;
  }

  #make(record: OtherRecord, id: number): OtherFormat {
    const name = record.name.replace(WORD, "_") || "event";
    if (name !== record.name) this.renamed.add(record.name.slice(0, 80));
    const fields = Object.entries(record.fields).map(
      ([own, value]): OtherField => ({ name: own.replace(WORD, "_") || "field", kind: kindOf(value) }),
    );
    const texts = fields.map(
      (field, at): FieldText => ({
        declaration: DECLARATIONS[field.kind] + field.name,
        offset: COMMON_BYTES + at * 4,
        size: 4,
        signed: field.kind === "s32",
      }),
    );
    const words = fields.map((field) => (fields.length === 1 && field.name === "text" ? "" : `${field.name}=`));
    const print = fields.map((field, at) => words[at] + PRINTS[field.kind]).join(" ");
    const values = fields.map(({ kind, name: own }) => (kind === "text" ? `, __get_str(${own})` : `, REC->${own}`));
    return {
      id,
      system: record.system.replace(/[\0-\x1f\x7f]/g, "_").slice(0, 200),
      name,
      text: formatText(name, id, texts, `"${print}"${values.join("")}`),
      fields,
      fixedBytes: COMMON_BYTES + fields.length * 4,
    };
  }
}

function kindOf(value: string | number | undefined): OtherField["kind"] {
  if (typeof value !== "number" || !Number.isInteger(value)) return "text";
  if (value >= -0x80000000 && value <= 0x7fffffff) return "s32";
  return value >= 0 && value <= 0xffffffff ? "u32" : "text";
}
