/**
 * One CPU's ring-buffer pages -> an index of its records: when each happened and where it stands. Walks words, makes no
 * object per record.
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
 * The index holds some records of one block; whoever reads takes them from `next` on and calls `more` when all are taken.
 */
import type { Nanoseconds } from "../../base/clock.ts";
import { hex } from "../../base/hex.ts";
import { type HotMemory, INDEX_ROWS, type LaneMemory, State } from "../hot/hot-memory.ts";
import type { Gap, GapReason } from "../mhi-events.ts";
import { COMMIT_BYTES, MISSED, MISSED_STORED, type PageLayout } from "./layout.ts";
import { LaneLosses } from "./losses.ts";
import type { PageFeed } from "./page-feed.ts";

/** Cells of the memory's clocks. */
const CLOCK = State.CLOCK;
const PAGE_CLOCK = State.PAGE_CLOCK;
/** Steps back that have a gap each; the others are told with what is lost up to the next records. */
const MAX_STEPS = 1000;
const TWO_32 = 2 ** 32;
const TWO_27 = 2 ** 27;

/** Ticks of the lane's clock -> nanoseconds of the axis' clock. Where it falls, the recording's clock stepped back. */
export type ClockMapping = (ticks: bigint) => bigint;

export interface LaneOptions {
  readonly layout: PageLayout;
  /** Holds the lane, and what reads of it. */
  readonly memory: HotMemory;
  /** Index of the lane in the batch's names. */
  readonly lane: number;
  readonly cpu: number;
  /** How the lane is called in messages: `cpu1`, `buffer "rig", cpu1`. */
  readonly label: string;
  /** Value of the lane's clock at its time 0. */
  readonly originTicks?: bigint;
  /** From the lane's times to the axis, where the lane's ticks are not the axis' nanoseconds. Slow, exact, rare. */
  readonly toAxis?: (tTicks: number) => Nanoseconds;
  /** When the recording begins: a loss before the lane's first record begins there. */
  readonly startNs?: Nanoseconds;
  /** Bytes read at once: whole pages. */
  readonly blockBytes?: number;
  readonly feed?: PageFeed;
  readonly onGap: (gap: Gap) => void;
}

export class Lane {
  readonly cpu: number;
  readonly lane: number;
  readonly label: string;
  /** Where the loops find the lane. */
  readonly base: number;
  /** Memory of the block under way: whoever feeds by hand writes pages here, then calls `load`. */
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  /** The same memory as signed words. */
  readonly ints: Int32Array;
  readonly view: DataView;

  /** The index: time on the axis, first word of the payload in the block, bytes of the payload. */
  readonly times: Float64Array;
  readonly ats: Int32Array;
  readonly lengths: Int32Array;
  count = 0;
  /** First record of the index that has no row yet. */
  next = 0;
  /** Row of each record that has one, and the first of them that is not written yet. */
  readonly rows: Int32Array;
  unwritten = 0;

  /** Records indexed so far, known or not. */
  decoded = 0;
  /** Records that pages told to be lost, as far as they gave numbers; and whether one gave none. */
  missed = 0;
  missedUnknown = false;
  /** Time of the last record indexed. */
  lastNs: Nanoseconds | undefined = undefined;
  /** Records of ids that no format names, kept as bytes. */
  unknown = 0;
  readonly losses: LaneLosses;

  readonly #memory: HotMemory;
  readonly #layout: PageLayout;
  readonly #feed: PageFeed | undefined;
  readonly #toAxis: ((tTicks: number) => Nanoseconds) | undefined;
  readonly #startNs: Nanoseconds;
  readonly #originLow: number;
  readonly #originHigh: number;
  /** Stream bytes before the block, and the block's. */
  #blockAt = 0;
  #loaded = 0;
  /** Byte in the block where the next page begins; where the one under way does, and its time stamp in ticks from the origin. */
  #nextPage = 0;
  #pageAt = 0;
  #pageClock = 0;
  /** In words: the record after those indexed, the end of the page's valid bytes. */
  #at = 0;
  #end = 0;
  /** Why the walk of the page ended before its valid bytes did. */
  #damage: string | undefined = undefined;
  /** The clock of the walk, in ticks from the origin. */
  #clock = 0;
  #steps = 0;

  constructor(options: LaneOptions) {
    this.#layout = options.layout;
    this.cpu = options.cpu;
    this.lane = options.lane;
    this.label = options.label;
    this.#feed = options.feed;
    this.#toAxis = options.toAxis;
    this.losses = new LaneLosses(options.cpu, options.onGap);
    this.#startNs = options.startNs ?? 0;
    const origin = options.originTicks ?? 0n;
    this.#originLow = Number(origin & 0xffffffffn);
    this.#originHigh = Number(origin >> 32n);
    this.#memory = options.memory;
    const own: LaneMemory = options.memory.lane(options.blockBytes ?? options.layout.pageBytes);
    this.base = own.at;
    this.times = own.times;
    this.ats = own.ats;
    this.lengths = own.lengths;
    this.rows = own.rows;
    this.bytes = own.bytes;
    this.words = own.words;
    this.ints = own.ints;
    this.view = own.view;
  }

  /** Time of the next record; infinite when there is none. */
  get headNs(): Nanoseconds {
    return this.next < this.count ? (this.times[this.next] as number) : Number.POSITIVE_INFINITY;
  }

  /** Pages that the caller has written to the beginning of `bytes`. Take all that `more` gives before the next. */
  load(bytes: number, streamAt: number): void {
    this.#blockAt = streamAt;
    this.#loaded = bytes;
    this.#nextPage = 0;
  }

  /** Indexes the next records, over pages and blocks. False: none for now. */
  more(): boolean {
    this.next = 0;
    this.unwritten = 0;
    this.count = 0;
    for (;;) {
      if (this.#at < this.#end) this.#indexPages();
      const { count } = this;
      if (count > 0) {
        this.#placeOnAxis();
        this.decoded += count;
        this.lastNs = this.times[count - 1] as number;
      }
      this.#tellDamage();
      if (count > 0) return true;
      if (this.#nextPage >= this.#loaded && !this.#refill()) return false;
      this.#openPage();
    }
  }

  lose(reason: GapReason, detail: string, lost?: number): void {
    this.losses.lose(reason, detail, this.lastNs ?? this.#startNs, lost);
  }

  /** Closes what is open: nothing comes after `endNs`, or after the last page's own time, which may hold no record. */
  finish(endNs: Nanoseconds): void {
    const pageNs = this.#onAxis(this.#clock);
    this.losses.close(Math.max(endNs, pageNs, this.lastNs ?? this.#startNs));
  }

  /** Place of a word of the block in the CPU's stream, bytes. */
  streamByte(word: number): number {
    return this.#blockAt + word * 4;
  }

  #refill(): boolean {
    this.#loaded = 0;
    this.#nextPage = 0;
    const feed = this.#feed;
    if (!feed) return false;
    const got = feed.fill(this.bytes);
    this.#blockAt = feed.position;
    const rest = got % this.#layout.pageBytes;
    this.#loaded = got - rest;
    if (feed.problem) this.lose(feed.problem.reason, `${this.label}: ${feed.problem.detail}`);
    if (rest > 0) {
      const at = this.#blockAt + this.#loaded;
      this.lose("cut", `${this.label}: the stream ends inside a page; ${rest} bytes at byte ${at} dropped`);
    }
    return this.#loaded > 0;
  }

  #openPage(): void {
    const { commitOffset, dataOffset, pageBytes, longBytes } = this.#layout;
    const { words } = this;
    const page = this.#nextPage;
    this.#pageAt = page;
    this.#nextPage = page + pageBytes;
    const commit = words[(page + commitOffset) >>> 2] as number;
    const used = commit & COMMIT_BYTES;
    this.#at = (page + dataOffset) >>> 2;
    this.#end = this.#at;
    if (dataOffset + used > pageBytes || used % 4 !== 0) {
      this.#broken(
        `commit is ${hex(commit, 8)}, a page holds ${pageBytes - dataOffset} bytes: damaged, not a ring-buffer page, or of the other byte order`,
      );
      return;
    }
    this.#end = this.#at + (used >>> 2);
    const high = words[(page >>> 2) + 1] as number;
    if (commit === 0 && high === 0 && words[page >>> 2] === 0) {
      this.#broken("nothing but zeros where a page's head belongs: a hole in the recording");
      return;
    }
    this.#pageClock = (high - this.#originHigh) * TWO_32 + ((words[page >>> 2] as number) - this.#originLow);
    this.#clock = this.#pageClock;
    if ((commit & MISSED) === 0) return;
    const stored = (commit & MISSED_STORED) !== 0 && dataOffset + used + longBytes <= pageBytes;
    const countHigh = longBytes === 8 ? (words[this.#end + 1] as number) : 0;
    this.#noteMissed(stored ? (words[this.#end] as number) + countHigh * TWO_32 : undefined);
  }

  #noteMissed(count: number | undefined): void {
    if (count === undefined) this.missedUnknown = true;
    else this.missed += count;
    this.lose("overrun", `${this.label}: the kernel overwrote records before they were read`, count);
  }

  /** Indexes the rest of the page and of plain pages after it, or as much as the index holds. */
  #indexPages(): void {
    const { loops, state, clocks } = this.#memory;
    const { pageBytes, dataOffset } = this.#layout;
    // ticks are mapped to the axis page by page: the mapping may step back where they do not
    const loaded = this.#toAxis ? 0 : this.#loaded;
    this.count = 0;
    for (;;) {
      state[State.AT] = this.#at;
      state[State.END] = this.#end;
      state[State.PAGE] = this.#pageAt;
      clocks[CLOCK] = this.#clock;
      clocks[PAGE_CLOCK] = this.#pageClock;
      this.count = loops.index(this.base, this.count, loaded, pageBytes, dataOffset);
      this.#at = state[State.AT] as number;
      this.#end = state[State.END] as number;
      this.#pageAt = state[State.PAGE] as number;
      this.#nextPage = this.#pageAt + pageBytes;
      this.#clock = clocks[CLOCK] as number;
      this.#pageClock = clocks[PAGE_CLOCK] as number;
      if (this.#at >= this.#end || this.count === INDEX_ROWS) return;
      this.#indexRare();
      if (this.#damage !== undefined) return;
    }
  }

  /** One record of a form that the loop leaves, or that does not fit its page. */
  #indexRare(): void {
    const at = this.#at;
    const end = this.#end;
    const head = this.words[at] as number;
    const type = head & 31;
    const second = at + 2 <= end ? (this.words[at + 1] as number) : 0;
    const common = type > 0 && type <= 28;
    const after = common ? at + 1 + type : this.#special(head, at, second);
    if (after > end) this.#overrunning(head, at);
    if (after === 0 || after > end) {
      this.#at = end;
      return;
    }
    this.#at = after;
    if (type > 28) {
      const clock = this.#specialClock(type, head >>> 5, second, this.#clock);
      if (clock < this.#clock) this.#steppedBack(this.#onAxis(clock), this.#onAxis(this.#clock));
      this.#clock = clock;
      return;
    }
    const { count } = this;
    const payload = common ? at + 1 : at + 2;
    this.#clock += head >>> 5;
    this.times[count] = this.#clock;
    this.ats[count] = payload;
    this.lengths[count] = (after - payload) << 2;
    this.count = count + 1;
  }

  /** @returns word after a record of a rare form; 0: the page ends here, by its own word or because it is damaged. */
  #special(head: number, at: number, second: number): number {
    const type = head & 31;
    const ends = type === 29 && head >>> 5 === 0;
    if (ends) return 0;
    const after = type > 29 ? at + 2 : at + 1 + second / 4;
    const sane = at + 2 <= this.#end && (type > 29 || (second >= 4 && second % 4 === 0));
    if (sane && after <= this.#end) return after;
    this.#overrunning(head, at);
    return 0;
  }

  /** Delta 1 marks the tail of a page; any other is that of a record which was discarded after its time was taken. */
  #specialClock(type: number, delta: number, second: number, clock: number): number {
    if (type === 29) return delta === 1 ? clock : clock + delta;
    return type === 30 ? clock + second * TWO_27 + delta : this.#absolute(second, delta);
  }

  /** The stamp holds 59 bits; the page's own has all 64. */
  #absolute(second: number, delta: number): number {
    const low = ((second << 27) | delta) >>> 0;
    const pageLow = this.words[this.#pageAt >>> 2] as number;
    const pageHigh = this.words[(this.#pageAt >>> 2) + 1] as number;
    let high = ((pageHigh & 0xf8000000) >>> 0) + (second >>> 5);
    if (high < pageHigh || (high === pageHigh && low < pageLow)) high += TWO_27;
    return (high - this.#originHigh) * TWO_32 + (low - this.#originLow);
  }

  #placeOnAxis(): void {
    const { times } = this;
    if (this.#toAxis) this.#mapTimes(this.#toAxis);
    const firstNs = times[0] as number;
    this.losses.close(firstNs);
    if (this.lastNs !== undefined && firstNs < this.lastNs) this.#steppedBack(firstNs, this.lastNs);
  }

  /** One gap for all steps back within the index. */
  #mapTimes(toAxis: (tTicks: number) => Nanoseconds): void {
    const { times, count } = this;
    let latestNs = Number.NEGATIVE_INFINITY;
    let earliestNs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const now = toAxis(times[i] as number);
      times[i] = now;
      if (now < latestNs) earliestNs = Math.min(earliestNs, now);
      else latestNs = now;
    }
    if (earliestNs < latestNs) this.#steppedBack(earliestNs, latestNs);
  }

  #steppedBack(toNs: Nanoseconds, fromNs: Nanoseconds): void {
    const detail = `${this.label}, page at byte ${this.#blockAt + this.#pageAt}: the clock steps back by ${fromNs - toNs} ns`;
    this.#steps++;
    if (this.#steps > MAX_STEPS) this.lose("clock-step", detail);
    else this.losses.gap("clock-step", detail, toNs, fromNs);
  }

  #onAxis(ticks: number): Nanoseconds {
    return this.#toAxis?.(ticks) ?? ticks;
  }

  #overrunning(head: number, at: number): void {
    const valid = this.#end * 4 - this.#pageAt;
    this.#broken(
      `record at byte ${at * 4 - this.#pageAt} of the page (head ${hex(head, 8)}) runs over the page's ${valid} valid bytes`,
    );
  }

  #broken(what: string): void {
    this.#damage = `${this.label}, page at byte ${this.#blockAt + this.#pageAt}: ${what}`;
  }

  /** After the records that stand before it. */
  #tellDamage(): void {
    if (this.#damage !== undefined) this.lose("damaged", this.#damage);
    this.#damage = undefined;
  }
}
