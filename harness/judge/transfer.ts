/**
 * What flows in masses, buffers and elements of event rings, without an object for each: one that is filled anew from an
 * event or from a row of a batch.
 */
import type { Nanoseconds } from "../base/clock.ts";
import {
  CompletionCode,
  ElementType,
  elementChannel,
  elementCode,
  elementLength,
  elementType,
  TRE_CHAIN,
} from "../mhi/ring-element.ts";
import { type EventBatch, Kind } from "../trace/batch.ts";
import type { RingEvent, TreEvent } from "../trace/mhi-events.ts";

const TWO_32 = 2 ** 32;

export const isTransferType = (type: number): boolean =>
  type === ElementType.TX_EVENT || type === ElementType.RSC_TX_EVENT;

export class Transfer {
  tNs: Nanoseconds = 0;
  pid = 0;
  /** Taken from ring 0; of completions only. */
  ctrl = false;
  channel = 0;
  /** Bytes that the buffer holds, or that were transferred; 16 bits. */
  length = 0;
  /** ElementType of a completion. */
  type = 0;
  /** CompletionCode of a completion. */
  code = 0;
  /** Of a buffer: one completion stands for it and for those chained before it. */
  chained = false;
  /** Bus address: of the buffer, or of the ring element that is completed. Beyond 2^53 not exact. */
  ptr = 0;
  /** Address of the element's slot, or the kernel's hash of it; 0: not known. */
  slotLow = 0;
  slotHigh = 0;

  /** A completion that gives buffers back. */
  get completes(): boolean {
    return (
      this.type === ElementType.TX_EVENT &&
      (this.code === CompletionCode.EOT || this.code === CompletionCode.OVERFLOW || this.code === CompletionCode.EOB)
    );
  }

  fromRow(batch: EventBatch, row: number, kind: number): void {
    const dword0 = batch.a[row] ?? 0;
    const dword1 = batch.b[row] ?? 0;
    this.tNs = batch.tNs[row] ?? 0;
    this.pid = batch.pid[row] ?? 0;
    this.ctrl = kind === Kind.CTRL;
    this.length = elementLength(dword0);
    this.type = elementType(dword1);
    this.code = elementCode(dword0);
    this.chained = kind === Kind.TRE && (dword1 & TRE_CHAIN) !== 0;
    this.channel = kind === Kind.TRE ? (batch.c[row] ?? 0) : elementChannel(dword1);
    this.ptr = (batch.ptrHigh[row] ?? 0) * TWO_32 + (batch.ptrLow[row] ?? 0);
    this.slotLow = batch.slotLow[row] ?? 0;
    this.slotHigh = batch.slotHigh[row] ?? 0;
  }

  fromBuffer(event: TreEvent): void {
    this.#from(event);
    this.ctrl = false;
    this.channel = event.channel;
    this.chained = (event.dword1 & TRE_CHAIN) !== 0;
  }

  fromElement(event: RingEvent): void {
    this.#from(event);
    this.ctrl = event.ring === "ctrl";
    this.channel = event.channel;
    this.type = event.type;
    this.code = event.code;
    this.chained = false;
  }

  #from(event: RingEvent | TreEvent): void {
    this.tNs = event.tNs;
    this.pid = event.pid;
    this.length = event.length;
    this.ptr = Number.parseInt(event.ptr, 16);
    const digits = event.slot ?? "0x0";
    this.slotLow = Number.parseInt(digits.slice(-Math.min(8, digits.length - 2)), 16);
    this.slotHigh = digits.length > 10 ? Number.parseInt(digits.slice(2, -8), 16) : 0;
  }
}
