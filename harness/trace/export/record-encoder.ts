/** A row -> the words of its record, in the layouts of merged-formats.ts. One scratch buffer, used again for each row. */
import { type EventBatch, Kind, type OtherRecord } from "../batch.ts";
import { MAX_PAYLOAD_BYTES } from "./lane-pages.ts";
import { COMMON_BYTES, MARKER_ADDRESS, RecordId, UPDATED_ADDRESS, UPDATING_ADDRESS } from "./merged-formats.ts";
import type { OtherFormat } from "./other-formats.ts";

const NAME_WORD = 2; // __data_loc of `name` in all eight
const MARKER_TEXT_OFFSET = 16;
const low = (value: bigint): number => Number(value & 0xffffffffn);
const high = (value: bigint): number => Number(value >> 32n);
const UPDATING = [low(UPDATING_ADDRESS), high(UPDATING_ADDRESS)] as const;
const UPDATED = [low(UPDATED_ADDRESS), high(UPDATED_ADDRESS)] as const;
const MARKER = [low(MARKER_ADDRESS), high(MARKER_ADDRESS)] as const;

export class RecordEncoder {
  readonly words = new Uint32Array(MAX_PAYLOAD_BYTES / 4);
  /** Records of which the end had to be left away: longer than a page. */
  shortened = 0;
  readonly #bytes = new Uint8Array(this.words.buffer);
  readonly #names: Uint8Array[] = [];

  /** Row of an mhi_host event. @returns bytes of the record. */
  mhi(batch: EventBatch, i: number): number {
    const words = this.words;
    const a = batch.a[i] ?? 0;
    const b = batch.b[i] ?? 0;
    const c = batch.c[i] ?? 0;
    switch (batch.kind[i]) {
      case Kind.PM:
        words[3] = a;
        return this.#named(batch, i, RecordId.PM, 16);
      case Kind.WORKER:
        words[3] = a;
        return this.#named(batch, i, RecordId.WORKER, 16);
      case Kind.INTVEC:
        words[3] = a;
        words[4] = b;
        words[5] = c;
        words[6] = batch.d[i] ?? 0;
        return this.#named(batch, i, RecordId.INTVEC, 28);
      case Kind.CTRL:
      case Kind.DATA:
        return this.#ring(batch, i, batch.kind[i] === Kind.CTRL ? RecordId.CTRL : RecordId.DATA);
      case Kind.TRE:
        return this.#tre(batch, i);
      default:
        return this.#channel(batch, i, a, c);
    }
  }

  marker(batch: EventBatch, i: number): number {
    this.#head(batch, i, RecordId.PRINT);
    this.words[2] = MARKER[0];
    this.words[3] = MARKER[1];
    return this.#string(MARKER_TEXT_OFFSET, `${batch.texts[batch.a[i] ?? 0] ?? ""}\n`);
  }

  other(batch: EventBatch, i: number, record: OtherRecord, format: OtherFormat): number {
    this.#head(batch, i, format.id);
    let end = format.fixedBytes;
    let at = COMMON_BYTES / 4;
    for (const name in record.fields) {
      const value = record.fields[name] ?? "";
      if (format.fields[at - COMMON_BYTES / 4]?.kind === "text") {
        const from = end;
        end = this.#string(from, String(value));
        this.words[at] = ((this.#lastStringBytes << 16) | from) >>> 0;
      } else this.words[at] = Number(value);
      at++;
    }
    return end;
  }

  #lastStringBytes = 0;

  #ring(batch: EventBatch, i: number, id: number): number {
    const words = this.words;
    const dword0 = batch.a[i] ?? 0;
    words[3] = dword0;
    words[4] = batch.b[i] ?? 0;
    words[5] = dword0 >>> 24; // what the driver records as `state`, whatever the element's type
    words[6] = batch.ptrLow[i] ?? 0;
    words[7] = batch.ptrHigh[i] ?? 0;
    words[8] = batch.slotLow[i] ?? 0;
    words[9] = batch.slotHigh[i] ?? 0;
    return this.#named(batch, i, id, 40);
  }

  #tre(batch: EventBatch, i: number): number {
    const words = this.words;
    words[3] = batch.c[i] ?? 0;
    words[4] = batch.slotLow[i] ?? 0;
    words[5] = batch.slotHigh[i] ?? 0;
    words[6] = batch.ptrLow[i] ?? 0;
    words[7] = batch.ptrHigh[i] ?? 0;
    words[8] = batch.a[i] ?? 0;
    words[9] = batch.b[i] ?? 0;
    return this.#named(batch, i, RecordId.TRE, 40);
  }

  #channel(batch: EventBatch, i: number, command: number, channel: number): number {
    const start = batch.kind[i] === Kind.CHAN_START;
    const reason = start ? UPDATING : UPDATED;
    const words = this.words;
    words[3] = channel;
    words[4] = command;
    words[5] = 0;
    words[6] = reason[0];
    words[7] = reason[1];
    return this.#named(batch, i, start ? RecordId.CHAN_START : RecordId.CHAN_END, 32);
  }

  #head(batch: EventBatch, i: number, id: number): void {
    this.words[0] = (id | ((batch.flags[i] ?? 0) << 16)) >>> 0;
    this.words[1] = batch.pid[i] ?? 0;
  }

  /** Puts the controller's name behind the fixed part. */
  #named(batch: EventBatch, i: number, id: number, fixedBytes: number): number {
    this.#head(batch, i, id);
    const controller = batch.controller[i] ?? 0;
    const name = this.#names[controller] ?? this.#name(controller, batch.names.controllers[controller] ?? "");
    const end = (fixedBytes + name.length + 3) & ~3;
    this.words[(end >>> 2) - 1] = 0;
    this.#bytes.set(name, fixedBytes);
    this.words[NAME_WORD] = ((name.length << 16) | fixedBytes) >>> 0;
    return end;
  }

  #name(id: number, text: string): Uint8Array {
    const bytes = Buffer.from(`${text.slice(0, 255)}\0`);
    this.#names[id] = bytes;
    return bytes;
  }

  /** Text and its NUL at a byte of the record, as much as fits. @returns where the next field may begin. */
  #string(from: number, text: string): number {
    const wanted = Buffer.from(text);
    const room = Math.max(0, MAX_PAYLOAD_BYTES - from - 1);
    const length = Math.min(wanted.length, room);
    if (length < wanted.length) this.shortened++;
    const end = Math.min((from + length + 1 + 3) & ~3, MAX_PAYLOAD_BYTES);
    this.#bytes.fill(0, from, end);
    this.#bytes.set(wanted.subarray(0, length), from);
    this.#lastStringBytes = Math.min(length + 1, MAX_PAYLOAD_BYTES - from);
    return end;
  }
}
