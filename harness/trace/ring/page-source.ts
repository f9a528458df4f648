/** Recordings of ring-buffer pages: the lanes of one or several buffers, merged into batches. */
import type { Nanoseconds } from "../../base/clock.ts";
import { BatchNames, type EventBatch } from "../batch.ts";
import { HotMemory } from "../hot/hot-memory.ts";
import type { Gap } from "../mhi-events.ts";
import type { BufferInfo, TraceInfo, TraceSource } from "../source.ts";
import type { FormatSet } from "./format-set.ts";
import { type ClockMapping, Lane } from "./lane.ts";
import type { PageLayout } from "./layout.ts";
import type { PageFeed } from "./page-feed.ts";
import { fillRows, queueOf, RowWriter } from "./rows.ts";

/** One CPU's stream. */
export interface LaneInput {
  readonly cpu: number;
  /** Name of the tracefs instance; empty for the top-level buffer. */
  readonly buffer: string;
  readonly layout: PageLayout;
  readonly feed: PageFeed;
  /** Time stamp of its first page; undefined when there is none. */
  readonly firstTicks: bigint | undefined;
  /** Ticks -> ns on the axis, where they are not the same. */
  readonly mapping?: ClockMapping;
}

/** What the kernel counted of a CPU's buffer, beside the pages. */
export interface LaneCounts {
  readonly cpu: number;
  readonly buffer: string;
  readonly overrun: number;
  readonly dropped: number;
}

export interface PageRecording {
  readonly form: string;
  readonly buffers: readonly BufferInfo[];
  readonly kernel?: string;
  readonly formats: FormatSet;
  readonly comms: ReadonlyMap<number, string>;
  readonly notes: readonly string[];
  /** Added to every tick where a lane has no mapping of its own, ns. */
  readonly offsetNs: bigint;
  readonly counts: readonly LaneCounts[];
  readonly inputs: readonly LaneInput[];
}

/** Above this a double is near the end of its whole numbers. */
const FAR = 1n << 52n;
const SECOND = 1_000_000_000n;
const BLOCK_BYTES = 256 << 10;
/** Memory for blocks, whatever the number of CPUs. */
const ALL_BLOCKS_BYTES = 32 << 20;

/** A whole second at or before `first` when that is far away; else 0. */
export const originFor = (first: bigint | undefined): bigint =>
  first === undefined || (first < FAR && first > -FAR) ? 0n : first - (first % SECOND) - (first < 0n ? SECOND : 0n);

export class PageSource implements TraceSource {
  readonly info: TraceInfo;
  readonly gaps: Gap[] = [];
  readonly #recording: PageRecording;
  readonly #names = new BatchNames();
  readonly #notes: string[];
  readonly #close: () => void;
  readonly #originNs: bigint;
  /** Of the first lane of the recording. */
  readonly #startNs: Nanoseconds;

  constructor(recording: PageRecording, close: () => void = () => undefined) {
    this.#recording = recording;
    this.#close = close;
    const firsts = recording.inputs.flatMap((input) => {
      if (input.firstTicks === undefined) return [];
      return [input.mapping ? input.mapping(input.firstTicks) : input.firstTicks + recording.offsetNs];
    });
    const [first] = firsts.sort((a, b) => (a < b ? -1 : 1));
    this.#originNs = originFor(first);
    this.#startNs = first === undefined ? 0 : Number(first - this.#originNs);
    this.#notes = [...recording.notes];
    const { generation } = recording.formats;
    this.info = {
      form: recording.form,
      buffers: recording.buffers,
      ...(recording.kernel === undefined ? {} : { kernel: recording.kernel }),
      ...(generation === undefined ? {} : { generation }),
      originNs: this.#originNs,
      resolutionNs: 1,
      comms: recording.comms,
      notes: this.#notes,
    };
  }

  async *batches(): AsyncGenerator<EventBatch, void, undefined> {
    const { inputs, formats } = this.#recording;
    const memory = new HotMemory(inputs.map((input) => this.#blockBytes(input)));
    const lanes = inputs.map((input) => this.#lane(input, memory));
    const queue = queueOf(lanes);
    const writer = new RowWriter(this.#names, formats, memory);
    const { batch } = writer;
    while (fillRows(queue, writer)) {
      yield batch;
      batch.clear();
    }
    this.#finish(lanes);
  }

  close(): void {
    this.#close();
  }

  #blockBytes({ layout }: LaneInput): number {
    const share = Math.min(BLOCK_BYTES, ALL_BLOCKS_BYTES / this.#recording.inputs.length);
    return Math.max(1, Math.floor(share / layout.pageBytes)) * layout.pageBytes;
  }

  #lane(input: LaneInput, memory: HotMemory): Lane {
    const { cpu, buffer, layout, feed, mapping } = input;
    const { offsetNs } = this.#recording;
    const originTicks = mapping ? originFor(input.firstTicks) : this.#originNs - offsetNs;
    const originNs = this.#originNs;
    return new Lane({
      layout,
      memory,
      lane: this.#names.lane({ cpu, buffer, source: "trace-event" }),
      cpu,
      label: buffer === "" ? `cpu${cpu}` : `buffer "${buffer}", cpu${cpu}`,
      originTicks,
      ...(mapping ? { toAxis: (ticks) => Number(mapping(BigInt(ticks) + originTicks) - originNs) } : {}),
      startNs: this.#startNs,
      blockBytes: this.#blockBytes(input),
      feed,
      onGap: (gap) => void this.gaps.push(gap),
    });
  }

  /** Losses that are open at the end, and those that no page tells. */
  #finish(lanes: readonly Lane[]): void {
    const endNs = lanes.reduce((latest, lane) => Math.max(latest, lane.lastNs ?? latest), this.#startNs);
    for (const [i, lane] of lanes.entries()) {
      lane.finish(endNs);
      const buffer = this.#recording.inputs[i]?.buffer;
      const counts = this.#recording.counts.find((own) => own.cpu === lane.cpu && own.buffer === buffer);
      if (counts) this.#countedLosses(counts, lane, endNs);
    }
    const unknown = lanes.reduce((sum, lane) => sum + lane.unknown, 0);
    if (unknown > 0)
      this.#notes.push(`${unknown} records of events whose format is not in the recording are kept as bytes`);
    this.#notes.push(...this.#recording.formats.notes);
  }

  #countedLosses(counts: LaneCounts, lane: Lane, endNs: Nanoseconds): void {
    const { cpu, dropped, overrun } = counts;
    const common = { cpu, fromNs: this.#startNs };
    if (dropped > 0) {
      const detail = `cpu${cpu}: the recorder's statistics tell of events that a full buffer refused; when is not known`;
      this.gaps.push({ ...common, toNs: endNs, reason: "dropped", lost: dropped, detail });
    }
    const untold = lane.missedUnknown ? 0 : overrun - lane.missed;
    if (untold > 0) {
      const detail = `cpu${cpu}: the recorder's statistics tell of more overwritten events than its pages; when is not known`;
      this.gaps.push({ ...common, toNs: endNs, reason: "overrun", lost: untold, detail });
    }
  }
}
