/**
 * A recording as a table: RFC 4180, one row an event or a gap, in order of time. Columns are in `CSV_COLUMNS`; a cell
 * that a kind does not have is empty. Cells are as recorded: a spreadsheet should import them as text.
 *
 * No library: the format is one rule (a cell with a quote, a comma or a line end goes into quotes, its quotes doubled),
 * and a row here is written straight from the batch's columns, without the array of cells that every library takes.
 */
import { channelCommandName } from "../../mhi/channel.ts";
import { execEnvName } from "../../mhi/exec-env.ts";
import { mhiStateName } from "../../mhi/mhi-state.ts";
import { pmStateName } from "../../mhi/pm-state.ts";
import { elementChannel, elementCode, elementLength, elementType, elementTypeName } from "../../mhi/ring-element.ts";
import { workerItemName } from "../../mhi/worker-item.ts";
import { type EventBatch, hex64, Kind } from "../batch.ts";
import { describeGap, describeRow } from "../describe.ts";
import type { Gap } from "../mhi-events.ts";
import type { TimeAxis } from "../time-axis.ts";
import type { DeviceLine, RowConsumer } from "./feed.ts";

/** Name -> what it holds. */
export const CSV_COLUMNS = {
  clock_ns: "trace clock, nanoseconds, exact; a gap's first instant",
  cpu: "CPU that recorded it",
  pid: "task that was current",
  comm: "its name, where recorded",
  buffer: "tracefs instance; empty for the top-level buffer and for text",
  source: "trace-event, kprobe or dynamic-debug",
  controller: "mhi0",
  kind: "pm, worker, intvec, ctrl, data, tre, chan-begin, chan-done, marker, other, gap, device",
  means: "what `mhi-hil decode` says of it",
  state: "PM state, worker item or channel command",
  local_ee: "intvec: EE that the host believes",
  local_state: "intvec: MHI state that the host believes",
  device_ee: "intvec: EE that the device shows",
  device_state: "intvec: MHI state that the device shows",
  channel: "channel of a TRE, a transfer or a command",
  element: "type of the ring element",
  code: "its code, a number: MHI state, EE or completion code, by type",
  length_bytes: "length in the ring element",
  ptr: "what the element points to, hex",
  slot: "where the element stands in the ring, hex",
  dword0: "hex",
  dword1: "hex",
  to_clock_ns: "gap: last instant",
  reason: "gap: why",
  lost: "gap: events lost, where known",
} as const;
const COLUMN_COUNT = Object.keys(CSV_COLUMNS).length;

const KINDS = ["", "pm", "worker", "intvec", "ctrl", "data", "tre", "chan-begin", "chan-done", "marker", "other"];
const LINE_END = "\r\n"; // RFC 4180, 2.1
const SPECIAL = /["\r\n,]/;
const cell = (text: string): string => (SPECIAL.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const dword = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, "0")}`;

/** Cells before those that a kind fills, and after: `state` is the tenth column. */
const TYPED_FROM = 9;
const TYPED_TO = 22;
const TAIL = ",".repeat(COLUMN_COUNT - TYPED_TO);
const NO_TYPED = ",".repeat(TYPED_TO - TYPED_FROM);

export class CsvWriter implements RowConsumer {
  readonly #axis: TimeAxis;
  #text = `${Object.keys(CSV_COLUMNS).join(",")}${LINE_END}`;

  constructor(axis: TimeAxis) {
    this.#axis = axis;
  }

  get pending(): number {
    return this.#text.length;
  }

  take(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }

  row(batch: EventBatch, i: number): void {
    const axis = this.#axis;
    const kind = batch.kind[i] ?? Kind.OTHER;
    const lane = batch.names.lanes[batch.lane[i] ?? 0];
    const pid = batch.pid[i] ?? 0;
    const comm = cell(axis.info.comms.get(pid) ?? "");
    const controller = kind < Kind.MARKER ? cell(batch.names.controllers[batch.controller[i] ?? 0] ?? "") : "";
    this.#text +=
      `${axis.clockNs(batch.tNs[i] ?? 0)},${lane?.cpu ?? ""},${pid},${comm},${cell(lane?.buffer ?? "")},${lane?.source ?? ""},` +
      `${controller},${KINDS[kind] ?? ""},${cell(describeRow(batch, i))}${typedCells(batch, i, kind)}${TAIL}${LINE_END}`;
  }

  gap(gap: Gap): void {
    const axis = this.#axis;
    const means = cell(gap.detail === undefined ? describeGap(gap) : `${describeGap(gap)} (${gap.detail})`);
    this.#text +=
      `${axis.clockNs(gap.fromNs)},${gap.cpu ?? ""},,,,,,gap,${means}${NO_TYPED},` +
      `${axis.clockNs(gap.toNs)},${gap.reason},${gap.lost ?? ""}${LINE_END}`;
  }

  device(line: DeviceLine): void {
    const means = cell(`${line.deviceKind}: ${line.text}`);
    this.#text += `${this.#axis.clockNs(line.tNs)},,,,,,,device,${means}${NO_TYPED}${TAIL}${LINE_END}`;
  }

  finish(): string[] {
    return this.#text === "" ? [] : [this.take()];
  }
}

/** state .. dword1, each with the comma before it. */
function typedCells(batch: EventBatch, i: number, kind: number): string {
  const a = batch.a[i] ?? 0;
  const b = batch.b[i] ?? 0;
  const c = batch.c[i] ?? 0;
  switch (kind) {
    case Kind.PM:
      return `,${pmStateName(a)}${NO_TYPED.slice(1)}`;
    case Kind.WORKER:
      return `,${workerItemName(a)}${NO_TYPED.slice(1)}`;
    case Kind.INTVEC:
      return `,,${execEnvName(a)},${mhiStateName(b)},${execEnvName(c)},${mhiStateName(batch.d[i] ?? 0)}${NO_TYPED.slice(5)}`;
    case Kind.CHAN_START:
    case Kind.CHAN_END:
      return `,${channelCommandName(a)},,,,,${c}${NO_TYPED.slice(6)}`;
    case Kind.TRE:
      return element(batch, i, String(c), "");
    case Kind.CTRL:
      return element(batch, i, "", String(elementCode(a)));
    case Kind.DATA:
      return element(batch, i, String(elementChannel(b)), String(elementCode(a)));
    default:
      return NO_TYPED;
  }
}

function element(batch: EventBatch, i: number, channel: string, code: string): string {
  const a = batch.a[i] ?? 0;
  const b = batch.b[i] ?? 0;
  const ptr = hex64(batch.ptrLow[i] ?? 0, batch.ptrHigh[i] ?? 0);
  const slot = hex64(batch.slotLow[i] ?? 0, batch.slotHigh[i] ?? 0);
  const length = elementLength(a);
  return `,,,,,,${channel},${elementTypeName(elementType(b))},${code},${length},${ptr},${slot === "0x0" ? "" : slot},${dword(a)},${dword(b)}`;
}
