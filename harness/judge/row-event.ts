/**
 * Rows of a batch as the events that rules take: the fields that EventBatch.event gives, but for those that no rule looks
 * at (buffer, slot, fields of other kernels). Literals of one shape each and nothing spread: a third of the time.
 */
import { elementChannel, elementCode, elementLength, elementType } from "../mhi/ring-element.ts";
import { type EventBatch, hex64, Kind } from "../trace/batch.ts";
import type { MhiEvent } from "../trace/mhi-events.ts";

type RowEvent = Exclude<MhiEvent, { readonly kind: "tre" }>;

/** Of an MHI row that is no buffer. */
export function rowEvent(batch: EventBatch, row: number): RowEvent {
  const lane = batch.names.lanes[batch.lane[row] ?? 0];
  const tNs = batch.tNs[row] ?? 0;
  const cpu = lane?.cpu ?? 0;
  const pid = batch.pid[row] ?? 0;
  const controller = batch.names.controllers[batch.controller[row] ?? 0] ?? "";
  const source = lane?.source ?? "trace-event";
  const a = batch.a[row] ?? 0;
  const b = batch.b[row] ?? 0;
  const c = batch.c[row] ?? 0;
  switch (batch.kind[row]) {
    case Kind.PM:
      return { kind: "pm", tNs, cpu, pid, controller, source, pmState: a };
    case Kind.WORKER:
      return { kind: "worker", tNs, cpu, pid, controller, source, item: a };
    case Kind.INTVEC: {
      const deviceState = batch.d[row] ?? 0;
      return { kind: "intvec", tNs, cpu, pid, controller, source, localEe: a, localState: b, deviceEe: c, deviceState };
    }
    case Kind.CHAN_START:
      return { kind: "chan", tNs, cpu, pid, controller, source, phase: "start", channel: c, command: a };
    case Kind.CHAN_END:
      return { kind: "chan", tNs, cpu, pid, controller, source, phase: "end", channel: c, command: a };
    default:
      return {
        kind: "ring",
        tNs,
        cpu,
        pid,
        controller,
        source,
        ring: batch.kind[row] === Kind.CTRL ? "ctrl" : "data",
        type: elementType(b),
        code: elementCode(a),
        channel: elementChannel(b),
        length: elementLength(a),
        ptr: hex64(batch.ptrLow[row] ?? 0, batch.ptrHigh[row] ?? 0),
        dword0: a >>> 0,
        dword1: b >>> 0,
      };
  }
}
