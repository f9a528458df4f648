/**
 * Format -> plan: where in a record of an mhi_host event each column of its row stands. Fields are found by name and
 * enums by their printed words, so kernels with other offsets or other PM numbers are read rightly; a format that lacks
 * what we read, or prints it in a wording that we do not know, is refused.
 */
import { RigFault } from "../../base/errors.ts";
import { oneLine } from "../../base/one-line.ts";
import { Kind } from "../batch.ts";
import type { EventFormat, FormatField } from "../format.ts";
import {
  CHANNEL_COMMAND_BY_TEXT,
  EXEC_ENV_BY_TEXT,
  MHI_STATE_BY_TEXT,
  type MhiRecordKind,
  mhiRecordKind,
  PM_STATE_BY_TEXT,
  WORKER_ITEM_BY_TEXT,
} from "../mhi-names.ts";
import { enumMap, IDENTITY } from "./enum-map.ts";

/** Offsets are in 32-bit words from the record's first byte; -1 where the format has no such field. */
export interface RecordPlan {
  readonly kind: Kind;
  readonly format: EventFormat;
  readonly strings: ReadonlyMap<string, string>;
  /** A record with fewer bytes is cut. */
  readonly minBytes: number;
  /** Word that locates the controller's name, and what its offset counts from, in bytes (`__rel_loc`). */
  readonly nameAt: number;
  readonly nameBase: number;
  /** Words of columns a, b, c, d. */
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly ptr: number;
  readonly slot: number;
  /** The slot pointer has 64 bits. */
  readonly wideSlot: boolean;
  /** Enums of columns a..d, where they are such. */
  readonly mapA: Int32Array;
  readonly mapB: Int32Array;
  readonly mapC: Int32Array;
  readonly mapD: Int32Array;
  /** Fields beyond those that this version knows. */
  readonly extra: readonly FormatField[];
}

/** Wordings of both generations, without the line feed. Any other means that somebody changed what is recorded. */
const WORDINGS: Readonly<Record<MhiRecordKind, readonly string[]>> = {
  pm: ["%s: PM state: %s"],
  worker: ["%s: Handling state transition: %s"],
  intvec: [
    "%s: Local EE: %s State: %s Device EE: %s Dev State: %s",
    "%s: local ee: %s state: %s device ee: %s state: %s",
  ],
  ctrl: [
    "%s: TRE: 0x%p TRE buf: 0x%llx DWORD0: 0x%08x DWORD1: 0x%08x State: %s",
    "%s: RP:0x%llx Processing Event:0x%llx 0x%08x 0x%08x state:%s",
  ],
  data: [
    "%s: TRE: 0x%p TRE buf: 0x%llx DWORD0: 0x%08x DWORD1: 0x%08x State: %s",
    "%s: Processing Event:0x%llx 0x%08x 0x%08x",
  ],
  tre: [
    "%s: Chan: %d TRE: 0x%p TRE buf: 0x%llx DWORD0: 0x%08x DWORD1: 0x%08x",
    "%s: Chan: %d WP: 0x%llx TRE: 0x%llx 0x%08x 0x%08x",
  ],
  "chan-start": ["%s: chan%d: %s state to: %s", "%s: ch%d: Updating state to: %s"],
  "chan-end": ["%s: chan%d: %s state to: %s", "%s: ch%d: Updated state to: %s"],
};

interface EnumColumn {
  readonly words: ReadonlyMap<string, number>;
  readonly strict: boolean;
}
type ColumnName = "a" | "b" | "c" | "d";

/** What of a record goes into which column. */
interface Shape {
  readonly kind: Kind;
  readonly columns: Readonly<Partial<Record<ColumnName, readonly [field: string, column?: EnumColumn]>>>;
  readonly ptr?: string;
  readonly slot?: string;
  /** Fields that are known and not read: what they say stands elsewhere, or is a word of the event's own name. */
  readonly passedOver?: readonly string[];
}

const EE: EnumColumn = { words: EXEC_ENV_BY_TEXT, strict: false };
const STATE: EnumColumn = { words: MHI_STATE_BY_TEXT, strict: false };
const COMMAND: EnumColumn = { words: CHANNEL_COMMAND_BY_TEXT, strict: true };
const ELEMENT = { columns: { a: ["dword0"], b: ["dword1"] }, ptr: "ptr", slot: "rp", passedOver: ["state"] } as const;
const CHANNEL = { columns: { a: ["state", COMMAND], c: ["ch_num"] }, passedOver: ["reason"] } as const;

const SHAPES: Readonly<Record<MhiRecordKind, Shape>> = {
  pm: { kind: Kind.PM, columns: { a: ["pm_state", { words: PM_STATE_BY_TEXT, strict: true }] } },
  worker: { kind: Kind.WORKER, columns: { a: ["state", { words: WORKER_ITEM_BY_TEXT, strict: true }] } },
  intvec: {
    kind: Kind.INTVEC,
    columns: { a: ["local_ee", EE], b: ["state", STATE], c: ["dev_ee", EE], d: ["dev_state", STATE] },
  },
  ctrl: { kind: Kind.CTRL, ...ELEMENT },
  data: { kind: Kind.DATA, ...ELEMENT },
  tre: {
    kind: Kind.TRE,
    columns: { a: ["dword0"], b: ["dword1"], c: ["ch_num"] },
    ptr: "tre_ptr",
    slot: "wp",
  },
  "chan-start": { kind: Kind.CHAN_START, ...CHANNEL },
  "chan-end": { kind: Kind.CHAN_END, ...CHANNEL },
};

/** Dynamic probes with the same field names print so; their values are this project's own numbers. */
const isProbe = (format: EventFormat): boolean => format.print.startsWith("(%lx");

const refuse = (format: EventFormat, what: string): never => {
  throw new RigFault(
    "trace-format-changed",
    `format of ${oneLine(format.system, 40)}/${oneLine(format.name, 80)} (fingerprint ${format.fingerprint}): ${what}; records of it would be misread, so it is refused`,
  );
};

function field(format: EventFormat, name: string, sizes: readonly number[]): FormatField {
  const found = format.fields.get(name);
  if (!found) return refuse(format, `no field "${name}"`);
  if (!sizes.includes(found.size))
    return refuse(format, `field "${name}" has ${found.size} bytes, expected ${sizes.join(" or ")}`);
  if (found.offset % 4 !== 0)
    return refuse(format, `field "${name}" stands at byte ${found.offset}, not at a whole word`);
  return found;
}

function columnMap(format: EventFormat, name: string, column: EnumColumn | undefined): Int32Array {
  const symbols = format.symbols.get(name);
  if (!column) return IDENTITY;
  if (symbols) return enumMap(symbols, column.words, column.strict);
  return isProbe(format) ? IDENTITY : refuse(format, `no table of words for field "${name}"`);
}

function nameField(format: EventFormat): FormatField {
  const name = field(format, "name", [4]);
  return /^__(?:data|rel)_loc char\[\]/.test(name.type)
    ? name
    : refuse(format, `field "name" is of type "${oneLine(name.type, 60)}"`);
}

/**
 * Plan for an event that has columns of its own; undefined for any other, whose records are kept whole.
 *
 * @throws RigFault `trace-format-changed` when the event is ours and its format is not one that we can read.
 */
export function mhiPlan(format: EventFormat, strings: ReadonlyMap<string, string>): RecordPlan | undefined {
  const recordKind = format.system === "mhi_host" ? mhiRecordKind(format.name) : undefined;
  if (!recordKind) return undefined;
  const wording = format.print.trimEnd();
  if (!isProbe(format) && !WORDINGS[recordKind].includes(wording))
    return refuse(format, `it prints "${oneLine(wording)}", which no known kernel does`);
  const shape = SHAPES[recordKind];
  const name = nameField(format);
  const column = (at: ColumnName): { word: number; map: Int32Array } => {
    const [source, values] = shape.columns[at] ?? [];
    if (source === undefined) return { word: -1, map: IDENTITY };
    return { word: field(format, source, [4]).offset / 4, map: columnMap(format, source, values) };
  };
  const [a, b, c, d] = (["a", "b", "c", "d"] as const).map(column) as [Column, Column, Column, Column];
  // The v2 patch records no place of the element for data events.
  const slot =
    shape.slot !== undefined && format.fields.has(shape.slot) ? field(format, shape.slot, [4, 8]) : undefined;
  return {
    kind: shape.kind,
    format,
    strings,
    minBytes: Math.max(...[...format.fields.values()].map(({ offset, size }) => offset + size)),
    nameAt: name.offset / 4,
    nameBase: name.type.startsWith("__rel_loc") ? name.offset + name.size : 0,
    a: a.word,
    b: b.word,
    c: c.word,
    d: d.word,
    ptr: shape.ptr === undefined ? -1 : field(format, shape.ptr, [8]).offset / 4,
    slot: slot ? slot.offset / 4 : -1,
    wideSlot: slot?.size === 8,
    mapA: a.map,
    mapB: b.map,
    mapC: c.map,
    mapD: d.map,
    extra: extraFields(format, shape),
  };
}

interface Column {
  readonly word: number;
  readonly map: Int32Array;
}

function extraFields(format: EventFormat, shape: Shape): FormatField[] {
  const known = new Set<string>(["name", shape.ptr ?? "", shape.slot ?? "", ...(shape.passedOver ?? [])]);
  for (const [source] of Object.values(shape.columns)) known.add(source);
  return [...format.fields.values()].filter(({ name }) => !known.has(name) && !isHead(name) && !isProbeAddress(name));
}

const isHead = (name: string): boolean => name.startsWith("common_");
const isProbeAddress = (name: string): boolean => name === "__probe_ip";
