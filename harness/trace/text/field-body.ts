/**
 * Bodies that list the record's fields: `trace-cmd report -R` (` name=mhi0 ch_num=20 state=2`) and the kernel's option
 * `fields` (6.4 and later; the same in reverse order, numbers as `0x2 (2)`).
 *
 * The numbers are the kernel's own. Those of the merged events are this project's; the v2 patch's base tree lacks
 * SYS_ERR_FAIL, so its PM numbers from 10 on cannot be told from merged ones and are refused where v2 is known.
 */
import type { EventBatch } from "../batch.ts";
import { Kind } from "../batch.ts";

const FIELD = /\b(\w+)=((?:0x)*-?[0-9a-zA-Z_:.-]+|\(\S+\))/g;
const V2_FIRST_SHIFTED_PM = 10;

/** Columns by field name; the 64-bit ones fill two. */
const INT_COLUMNS: Readonly<Partial<Record<Kind, Readonly<Record<string, "a" | "b" | "c" | "d">>>>> = {
  [Kind.PM]: { pm_state: "a" },
  [Kind.WORKER]: { state: "a" },
  [Kind.INTVEC]: { local_ee: "a", state: "b", dev_ee: "c", dev_state: "d" },
  [Kind.CTRL]: { dword0: "a", dword1: "b" },
  [Kind.DATA]: { dword0: "a", dword1: "b" },
  [Kind.TRE]: { dword0: "a", dword1: "b", ch_num: "c" },
  [Kind.CHAN_START]: { state: "a", ch_num: "c" },
  [Kind.CHAN_END]: { state: "a", ch_num: "c" },
};
const POINTERS: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  [Kind.CTRL]: ["ptr"],
  [Kind.DATA]: ["ptr"],
  [Kind.TRE]: ["tre_ptr"],
};
const SLOTS: ReadonlySet<string> = new Set(["rp", "wp"]);
/** Known and not kept: the driver's misread state of ring events, and a kernel pointer. */
const NOT_KEPT: ReadonlySet<string> = new Set(["name", "state", "reason"]);

/** False: a field is missing, or no number where one should be. */
export function readFields(
  body: string,
  kind: Kind,
  generation: "merged" | "v2" | undefined,
  batch: EventBatch,
  row: number,
): boolean {
  const fields = new Map<string, string>();
  for (const [, name = "", value = ""] of body.matchAll(FIELD)) fields.set(name, value);
  const controller = fields.get("name");
  const columns = INT_COLUMNS[kind];
  if (controller === undefined || columns === undefined) return false;
  batch.slotLow[row] = 0;
  batch.slotHigh[row] = 0;
  for (const [name, column] of Object.entries(columns)) {
    const value = integer(fields.get(name));
    if (value === undefined) return false;
    batch[column][row] = Number(BigInt.asIntN(32, value));
  }
  for (const name of POINTERS[kind] ?? []) {
    const value = integer(fields.get(name));
    if (value === undefined) return false;
    batch.ptrLow[row] = Number(BigInt.asUintN(32, value));
    batch.ptrHigh[row] = Number(BigInt.asUintN(32, value >> 32n));
  }
  if (kind === Kind.PM && generation === "v2" && (batch.a[row] ?? 0) >= V2_FIRST_SHIFTED_PM) return false;
  rest(fields, columns, POINTERS[kind] ?? [], batch, row);
  batch.kind[row] = kind;
  batch.controller[row] = batch.names.controller(controller);
  return true;
}

function rest(
  fields: ReadonlyMap<string, string>,
  columns: Readonly<Record<string, string>>,
  pointers: readonly string[],
  batch: EventBatch,
  row: number,
): void {
  const extra: Record<string, string | number> = {};
  for (const [name, text] of fields) {
    const value = integer(text);
    if (name in columns || pointers.includes(name)) continue;
    if (SLOTS.has(name) && value !== undefined) {
      batch.slotLow[row] = Number(BigInt.asUintN(32, value));
      batch.slotHigh[row] = Number(BigInt.asUintN(32, value >> 32n));
    } else if (!NOT_KEPT.has(name)) {
      extra[name] = value !== undefined && Number.isSafeInteger(Number(value)) ? Number(value) : text;
    }
  }
  if (Object.keys(extra).length > 0) batch.extras.set(row, extra);
}

/** Decimal, or hex with one `0x` or the two of trace-cmd's `0x%p`. */
function integer(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  if (/^-?\d{1,20}$/.test(text)) return BigInt(text);
  const hex = /^(?:0x){1,2}([0-9a-fA-F]{1,16})$/.exec(text)?.[1];
  return hex === undefined ? undefined : BigInt(`0x${hex}`);
}
