/**
 * One CPU's ring-buffer pages -> rows of a batch. Walks words, makes no object per record.
 *
 *   record:  one word, type_len = bits 4:0, time_delta = bits 31:5, then by type_len
 *            1..28  payload of type_len words
 *            0      next word = payload bytes + 4, then the payload
 *            29     padding: delta 0 ends the page, else skip (next word = bytes to skip)
 *            30     time extend: delta += next word << 27
 *            31     absolute time: (next word << 27) + delta, low 59 bits
 *
 * Source: kernel/trace/ring_buffer.c and include/linux/ring_buffer.h. A delta counts from the record before it, whatever
 * its type. The page's time stamp is that of the record before the first one: on a whole page the first delta is 0, on
 * the rest of a page that was read in parts it is not.
 *
 * The walker stands on a record (the head) whose time is known and which is not decoded yet: what the merge over CPUs
 * needs. `start` or a first `run` finds it; `run` decodes it and those after it.
 */
import type { Nanoseconds } from "../../base/clock.ts";
import { hex } from "../../base/hex.ts";
import { type EventBatch, Kind } from "../batch.ts";
import type { Gap, GapReason } from "../mhi-events.ts";
import { otherFields, type RecordBytes, textAt, unknownFields } from "../record.ts";
import { mapEnum, NO_VALUE } from "./enum-map.ts";
import type { FormatSet } from "./format-set.ts";
import { COMMIT_BYTES, MISSED, MISSED_STORED, type PageLayout } from "./layout.ts";
import { LaneLosses } from "./losses.ts";
import type { PageFeed } from "./page-feed.ts";
import type { RecordPlan } from "./plan.ts";

const TWO_32 = 2 ** 32;
const TWO_27 = 2 ** 27;
const HEAD_BYTES = 8;

export interface LaneOptions {
  readonly layout: PageLayout;
  readonly formats: FormatSet;
  /** Index of the lane in the batch's names. */
  readonly lane: number;
  readonly cpu: number;
  /** How the lane is called in messages: `cpu1`, `buffer "rig", cpu1`. */
  readonly label: string;
  /** Clock value at time 0. */
  readonly originNs?: bigint;
  /** Bytes read at once: whole pages. */
  readonly blockBytes?: number;
  readonly feed?: PageFeed;
  readonly onGap: (gap: Gap) => void;
}

export class LaneWalker {
  readonly cpu: number;
  /** Memory of the block under way: whoever feeds by hand writes pages here, then calls `load`. */
  bytes: Uint8Array;
  formats: FormatSet;
  /** Time of the head, on the recording's axis; infinite when there is none. */
  tNs: Nanoseconds = Number.POSITIVE_INFINITY;
  /** Records taken from pages so far, known or not. */
  decoded = 0;
  /** Records that pages told to be lost, as far as they gave numbers; and whether one gave none. */
  missed = 0;
  missedUnknown = false;
  /** Time of the last record taken. */
  lastNs: Nanoseconds | undefined = undefined;
  /** Records of ids that no format names, kept as bytes. */
  unknown = 0;

  readonly #layout: PageLayout;
  readonly #lane: number;
  readonly #label: string;
  readonly #feed: PageFeed | undefined;
  readonly #losses: LaneLosses;
  readonly #originLow: number;
  readonly #originHigh: number;
  #words: Uint32Array;
  #view: DataView;
  /** Stream bytes before the block, and the block's. */
  #blockAt = 0;
  #loaded = 0;
  /** Byte in the block where the next page begins. */
  #nextPage = 0;
  /** Time stamp of the page under way. */
  #pageLow = 0;
  #pageHigh = 0;
  #pageAt = 0;
  /** In words: the record after the head, the end of the page's valid bytes; the head's payload, and its bytes. */
  #next = 0;
  #end = 0;
  #at = 0;
  #length = 0;
  /** The clock of the walk, which runs ahead of the last record by whatever stands between two. */
  #clockNs: Nanoseconds = 0;
  // The controller's name that was seen last, as it stands in records: bytes, first word, rest of the second.
  #nameBytes = 0;
  #nameFirst = 0;
  #nameSecond = 0;
  #nameMask = 0;
  #nameId = 0;

  constructor(options: LaneOptions) {
    this.#layout = options.layout;
    this.formats = options.formats;
    this.cpu = options.cpu;
    this.#lane = options.lane;
    this.#label = options.label;
    this.#feed = options.feed;
    this.#losses = new LaneLosses(options.cpu, options.onGap);
    const origin = options.originNs ?? 0n;
    this.#originLow = Number(origin & 0xffffffffn);
    this.#originHigh = Number(origin >> 32n);
    const memory = new ArrayBuffer(options.blockBytes ?? options.layout.pageBytes);
    this.bytes = new Uint8Array(memory);
    this.#words = new Uint32Array(memory);
    this.#view = new DataView(memory);
  }

  /** Goes to the first record. @returns false when there is none. */
  start(): boolean {
    return this.#advance();
  }

  /** Pages that the caller has written to the beginning of `bytes`; `run` until it returns false before the next. */
  load(bytes: number, streamAt: number): void {
    this.#blockAt = streamAt;
    this.#loaded = bytes;
    this.#nextPage = 0;
    this.#advance();
  }

  lose(reason: GapReason, detail: string, lost?: number): void {
    this.#losses.lose(reason, detail, this.lastNs ?? 0, lost);
  }

  /** Closes what is open: nothing comes after `endNs`. */
  finish(endNs: Nanoseconds): void {
    this.#losses.close(Math.max(endNs, this.lastNs ?? 0));
  }

  /**
   * Decodes the head and what follows into the batch, while times are not after `limitNs` and the batch has room.
   *
   * @returns false when the lane has no further record for now.
   */
  run(limitNs: Nanoseconds, batch: EventBatch): boolean {
    const { kind, lane, tNs, pid, flags, controller, a, b, c, d, ptrLow, ptrHigh, slotLow, slotHigh } = batch;
    const ownLane = this.#lane;
    const capacity = batch.capacity;
    const { planOf, plans } = this.formats;
    let words = this.#words;
    let row = batch.length;
    let now = this.tNs;
    let at = this.#at;
    let length = this.#length;
    let next = this.#next;
    let end = this.#end;
    let decoded = 0;
    while (now <= limitNs && row < capacity) {
      const first = words[at] as number;
      const plan = plans[(planOf[first & 0xffff] as number) - 1];
      kind[row] = Kind.OTHER;
      lane[row] = ownLane;
      tNs[row] = now;
      pid[row] = words[at + 1] as number;
      flags[row] = first >>> 16;
      let whole = plan !== undefined && length >= plan.minBytes;
      if (plan !== undefined && whole) {
        kind[row] = plan.kind;
        const name = this.#controller(plan, at, length, batch);
        whole = name >= 0;
        controller[row] = name;
        switch (plan.kind) {
          case Kind.CTRL:
          case Kind.DATA:
            a[row] = words[at + plan.a] as number;
            b[row] = words[at + plan.b] as number;
            break;
          case Kind.TRE:
            a[row] = words[at + plan.a] as number;
            b[row] = words[at + plan.b] as number;
            c[row] = words[at + plan.c] as number;
            break;
          case Kind.INTVEC: {
            const localEe = mapEnum(plan.mapA, (words[at + plan.a] as number) | 0);
            const localState = mapEnum(plan.mapB, (words[at + plan.b] as number) | 0);
            const deviceEe = mapEnum(plan.mapC, (words[at + plan.c] as number) | 0);
            const deviceState = mapEnum(plan.mapD, (words[at + plan.d] as number) | 0);
            if (localEe === NO_VALUE || localState === NO_VALUE) whole = false;
            if (deviceEe === NO_VALUE || deviceState === NO_VALUE) whole = false;
            a[row] = localEe;
            b[row] = localState;
            c[row] = deviceEe;
            d[row] = deviceState;
            break;
          }
          default: {
            const value = mapEnum(plan.mapA, (words[at + plan.a] as number) | 0);
            if (value === NO_VALUE) whole = false;
            a[row] = value;
            if (plan.c >= 0) c[row] = words[at + plan.c] as number;
          }
        }
        if (plan.ptr >= 0) {
          ptrLow[row] = words[at + plan.ptr] as number;
          ptrHigh[row] = words[at + plan.ptr + 1] as number;
          slotLow[row] = plan.slot < 0 ? 0 : (words[at + plan.slot] as number);
          slotHigh[row] = plan.wideSlot ? (words[at + plan.slot + 1] as number) : 0;
        }
        if (plan.extra.length > 0)
          batch.extras.set(row, otherFields(this.#record(at, length), plan.extra, plan.strings));
      }
      if (!whole) this.#odd(batch, row, at, length, now, plan);
      row++;
      decoded++;
      // The usual case: a short record on the same page.
      if (next < end) {
        const head = words[next] as number;
        const type = head & 31;
        const after = next + 1 + type;
        if (type !== 0 && type < 29 && after <= end) {
          now += head >>> 5;
          at = next + 1;
          length = type << 2;
          next = after;
          continue;
        }
      }
      this.lastNs = now;
      this.#clockNs = now;
      this.#next = next;
      if (!this.#advance()) break;
      words = this.#words;
      now = this.tNs;
      at = this.#at;
      length = this.#length;
      next = this.#next;
      end = this.#end;
    }
    batch.length = row;
    this.decoded += decoded;
    if (this.tNs === Number.POSITIVE_INFINITY) return false;
    if (decoded > 0) this.lastNs = tNs[row - 1] as number;
    this.tNs = now;
    this.#clockNs = now;
    this.#at = at;
    this.#length = length;
    this.#next = next;
    return true;
  }

  /** Moves to the next record with a payload, over pages and blocks. False: none for now. */
  #advance(): boolean {
    for (;;) {
      if (this.#nextOnPage()) return true;
      if (this.#nextPage >= this.#loaded && !this.#refill()) {
        this.tNs = Number.POSITIVE_INFINITY;
        return false;
      }
      this.#openPage();
    }
  }

  #refill(): boolean {
    this.#loaded = 0;
    this.#nextPage = 0;
    this.#next = this.#end = 0;
    const feed = this.#feed;
    if (!feed) return false;
    const got = feed.fill(this.bytes);
    this.#blockAt = feed.position;
    const { pageBytes } = this.#layout;
    this.#loaded = got - (got % pageBytes);
    const rest = got % pageBytes;
    const at = this.#blockAt + this.#loaded;
    if (rest > 0)
      this.lose(
        "cut",
        `${this.#label}: the stream ends inside a page; ${rest} bytes of an unfinished page at byte ${at} dropped`,
      );
    if (got === 0 && feed.shortage !== undefined) this.lose("cut", `${this.#label}: ${feed.shortage}`);
    return this.#loaded > 0;
  }

  #openPage(): void {
    const { commitOffset, dataOffset, pageBytes, longBytes } = this.#layout;
    const page = this.#nextPage;
    const words = this.#words;
    this.#pageAt = page;
    this.#nextPage = page + pageBytes;
    const commit = words[(page + commitOffset) >>> 2] as number;
    const used = commit & COMMIT_BYTES;
    const before = this.#clockNs;
    this.#pageLow = words[page >>> 2] as number;
    this.#pageHigh = words[(page >>> 2) + 1] as number;
    const pageNs = (this.#pageHigh - this.#originHigh) * TWO_32 + (this.#pageLow - this.#originLow);
    this.#clockNs = pageNs;
    this.#next = (page + dataOffset) >>> 2;
    this.#end = this.#next + (used >>> 2);
    if (dataOffset + used > pageBytes || used % 4 !== 0) {
      this.#end = this.#next;
      this.#clockNs = before;
      this.#broken(
        `commit is ${hex(commit, 8)}, a page holds ${pageBytes - dataOffset} bytes: damaged, not a ring-buffer page, or of the other byte order`,
      );
      return;
    }
    if ((commit & MISSED) !== 0) {
      const stored = (commit & MISSED_STORED) !== 0 && dataOffset + used + longBytes <= pageBytes;
      const low = words[this.#end] as number;
      const high = longBytes === 8 ? (words[this.#end + 1] as number) : 0;
      this.#noteMissed(stored ? low + high * TWO_32 : undefined);
    }
    if (this.lastNs !== undefined && used > 0 && pageNs < this.lastNs) this.#steppedBack(pageNs);
  }

  #noteMissed(count: number | undefined): void {
    if (count === undefined) this.missedUnknown = true;
    else this.missed += count;
    this.lose("overrun", `${this.#label}: the kernel overwrote records before they were read`, count);
  }

  #steppedBack(toNs: Nanoseconds): void {
    const fromNs = this.lastNs ?? toNs;
    const detail = `${this.#label}, page at byte ${this.#blockAt + this.#pageAt}: the clock steps back by ${fromNs - toNs} ns`;
    this.#losses.gap("clock-step", detail, toNs, fromNs);
  }

  /** Next record on the page under way; sets the head. */
  #nextOnPage(): boolean {
    const words = this.#words;
    while (this.#next < this.#end) {
      const head = words[this.#next] as number;
      const type = head & 31;
      const delta = head >>> 5;
      if (type > 0 && type < 29) return this.#head(delta, 1, type * 4);
      if (this.#next + 2 > this.#end) {
        if (type !== 29 || delta !== 0) this.#overrunning(head);
        this.#next = this.#end;
        return false;
      }
      const second = words[this.#next + 1] as number;
      if (type === 0) {
        if (second >= 4 && second % 4 === 0) return this.#head(delta, 2, second - 4);
        this.#overrunning(head);
        return false;
      }
      if (type === 29) {
        if (delta === 0) {
          this.#next = this.#end;
          return false;
        }
        if (second % 4 !== 0 || this.#next + 1 + second / 4 > this.#end) {
          this.#overrunning(head);
          return false;
        }
        // Delta 1 marks the tail of a page; any other is that of a record which was discarded after its time was taken.
        if (delta !== 1) this.#clockNs += delta;
        this.#next += 1 + second / 4;
      } else {
        this.#clockNs = type === 30 ? this.#clockNs + second * TWO_27 + delta : this.#absolute(second, delta);
        this.#next += 2;
      }
    }
    return false;
  }

  #head(delta: number, headWords: number, length: number): boolean {
    const after = this.#next + headWords + length / 4;
    if (after > this.#end) {
      this.#overrunning(this.#words[this.#next] as number);
      return false;
    }
    this.#clockNs += delta;
    this.tNs = this.#clockNs;
    this.#at = this.#next + headWords;
    this.#length = length;
    this.#next = after;
    this.#losses.close(this.tNs);
    return true;
  }

  /** The stamp holds 59 bits; the page's own has all 64. */
  #absolute(second: number, delta: number): number {
    const low = ((second << 27) | delta) >>> 0;
    const middle = second >>> 5;
    let high = ((this.#pageHigh & 0xf8000000) >>> 0) + middle;
    if (high < this.#pageHigh || (high === this.#pageHigh && low < this.#pageLow)) high += TWO_27;
    return (high - this.#originHigh) * TWO_32 + (low - this.#originLow);
  }

  #overrunning(head: number): void {
    const at = this.#next * 4 - this.#pageAt;
    const valid = this.#end * 4 - this.#pageAt;
    this.#broken(`record at byte ${at} of the page (head ${hex(head, 8)}) runs over the page's ${valid} valid bytes`);
    this.#next = this.#end;
  }

  #broken(what: string): void {
    this.lose("damaged", `${this.#label}, page at byte ${this.#blockAt + this.#pageAt}: ${what}`);
  }

  /** Number of the controller that the record names; -1 when the name lies outside the record. */
  #controller(plan: RecordPlan, at: number, length: number, batch: EventBatch): number {
    const words = this.#words;
    const where = words[at + plan.nameAt] as number;
    const offset = (where & 0xffff) + plan.nameBase;
    const bytes = where >>> 16;
    if (offset + bytes > length) return -1;
    const first = at + (offset >>> 2);
    if (
      bytes === this.#nameBytes &&
      (offset & 3) === 0 &&
      words[first] === this.#nameFirst &&
      ((words[first + 1] as number) & this.#nameMask) >>> 0 === this.#nameSecond
    )
      return this.#nameId;
    return this.#newName(at * 4 + offset, bytes, batch);
  }

  /** Names of 5 to 8 bytes with their NUL, as `mhi0` is, are compared as two words from now on. */
  #newName(from: number, bytes: number, batch: EventBatch): number {
    const text = textAt(this.#record(from >>> 2, (from & 3) + bytes), from & 3, bytes) ?? "";
    const id = batch.names.controller(text);
    if (bytes < 5 || bytes > 8 || (from & 3) !== 0) return id;
    this.#nameBytes = bytes;
    this.#nameMask = bytes === 8 ? 0xffffffff : (1 << ((bytes - 4) * 8)) - 1;
    this.#nameFirst = this.#words[from >>> 2] as number;
    this.#nameSecond = ((this.#words[(from >>> 2) + 1] as number) & this.#nameMask) >>> 0;
    this.#nameId = id;
    return id;
  }

  #record(at: number, length: number): RecordBytes {
    return { bytes: this.bytes, view: this.#view, at: at * 4, length };
  }

  /** Whatever has no columns: markers, other events, and records of ours that cannot be read, which are gaps too. */
  #odd(
    batch: EventBatch,
    row: number,
    at: number,
    length: number,
    now: Nanoseconds,
    plan: RecordPlan | undefined,
  ): void {
    batch.kind[row] = Kind.OTHER;
    if (length < HEAD_BYTES) {
      this.#unreadable("a record", `has ${length} bytes, expected ${HEAD_BYTES} or more`, at, now);
      batch.pid[row] = 0;
      batch.a[row] = batch.others.push({ system: "", name: "(cut record)", fields: {} }) - 1;
      return;
    }
    const id = (this.#words[at] as number) & 0xffff;
    const record = this.#record(at, length);
    const format = this.formats.format(id);
    if (plan)
      this.#unreadable(
        `${plan.format.system}/${plan.format.name}`,
        "is cut or holds a value that no table names",
        at,
        now,
      );
    if (id === this.formats.markerId && format) {
      const from = format.fields.get("buf")?.offset ?? 16;
      const text = textAt(record, from, length - from);
      if (text !== undefined) {
        batch.kind[row] = Kind.MARKER;
        batch.a[row] = batch.texts.push(text.replace(/\n$/, "")) - 1;
        return;
      }
    }
    if (!format) this.unknown++;
    const fields = format
      ? otherFields(record, [...format.fields.values()], this.formats.strings)
      : unknownFields(record);
    const other = { system: format?.system ?? "", name: format?.name ?? `event ${id}`, fields };
    batch.a[row] = batch.others.push(other) - 1;
  }

  #unreadable(name: string, what: string, at: number, now: Nanoseconds): void {
    const detail = `${this.#label}, byte ${this.#blockAt + at * 4}: ${name} ${what}`;
    this.#losses.gap("damaged", detail, now, now, 1);
  }
}
