/**
 * A recording as trace.dat version 6, uncompressed, whatever form it came in: events are encoded anew into ring-buffer
 * pages, by CPU and by buffer, with the loss flags of the kernel where events were lost. trace-cmd, KernelShark and this
 * project read it. Layout: trace-cmd.dat.v6(5), as in harness/trace/dat/version-6.ts.
 *
 * What the form cannot hold is told in `notes`, with its number.
 */
import { UsageError } from "../../base/errors.ts";
import { type EventBatch, Kind } from "../batch.ts";
import type { Gap } from "../mhi-events.ts";
import type { TimeAxis } from "../time-axis.ts";
import type { RowConsumer } from "./feed.ts";
import { LanePages, PAGE_BYTES } from "./lane-pages.ts";
import { OtherFormats } from "./other-formats.ts";
import { RecordEncoder } from "./record-encoder.ts";
import { SpoolFile } from "./spool-file.ts";
import { datHead } from "./trace-dat-head.ts";

/** What the kernel can be built for; more in a text is no CPU's number. */
const MAX_CPUS = 8192;

export class TraceDatWriter implements RowConsumer {
  readonly pending = 0;
  readonly #axis: TimeAxis;
  readonly #spool = new SpoolFile();
  readonly #lanes: LanePages[] = [];
  /** By `batch.lane`. */
  readonly #byLane: LanePages[] = [];
  readonly #encoder = new RecordEncoder();
  readonly #others = new OtherFormats();
  readonly #originNs = (): bigint => this.#axis.info.originNs;
  /** Loss on all CPUs before any of them was seen. */
  #early: Gap | undefined;
  #leftOut = 0;
  #extras = 0;
  #otherWitness = 0;
  #otherGaps = 0;

  constructor(axis: TimeAxis) {
    this.#axis = axis;
  }

  take(): string {
    return "";
  }

  /** What the file does not tell, or tells in another way. */
  get notes(): readonly string[] {
    const counted = (count: number, text: string): string[] => (count === 0 ? [] : [`${count} ${text}`]);
    const renamed = [...this.#others.renamed];
    return [
      ...counted(this.#leftOut, "events LEFT OUT: too many kinds of them for one file"),
      ...counted(this.#encoder.shortened, "texts longer than a page are SHORTENED"),
      ...counted(this.#extras, "events had fields that this version does not know: LEFT OUT"),
      ...counted(
        this.#otherWitness,
        "events came from kprobes or kernel messages: they stand as the driver's own in buffers of those names",
      ),
      ...counted(this.#otherGaps, "gaps of other kinds than an overwritten buffer are told as lost events"),
      ...(renamed.length === 0
        ? []
        : [`events with names that no format can hold are renamed: ${renamed.slice(0, 5).join(", ")}`]),
    ];
  }

  row(batch: EventBatch, i: number): void {
    const tNs = batch.tNs[i] ?? 0;
    const lane = this.#byLane[batch.lane[i] ?? 0] ?? this.#laneOf(batch, batch.lane[i] ?? 0);
    const kind = batch.kind[i] ?? Kind.OTHER;
    if (kind < Kind.MARKER) {
      lane.add(tNs, this.#encoder.words, this.#encoder.mhi(batch, i));
      if (batch.extras.size > 0 && batch.extras.has(i)) this.#extras++;
      if (batch.names.lanes[batch.lane[i] ?? 0]?.source !== "trace-event") this.#otherWitness++;
    } else if (kind === Kind.MARKER) lane.add(tNs, this.#encoder.words, this.#encoder.marker(batch, i));
    else this.#other(lane, batch, i, tNs);
  }

  gap(gap: Gap): void {
    if (gap.reason !== "overrun") this.#otherGaps++;
    const { cpu } = gap;
    const hit = this.#lanes.filter((lane) => cpu === undefined || lane.cpu === cpu);
    if (hit.length === 0 && cpu !== undefined) hit.push(this.#lane(cpu, this.#onlyBuffer()));
    if (hit.length === 0) this.#early = { ...gap, ...sum(this.#early, gap) };
    // The number once: the lanes of other buffers are only told that there was a loss.
    for (const [at, lane] of hit.entries()) lane.lose(gap.toNs, at === 0 ? gap.lost : undefined);
  }

  *finish(): Generator<Uint8Array> {
    try {
      if (this.#early && this.#lanes.length === 0) this.#lane(0, this.#onlyBuffer());
      const sizes = new Map(this.#lanes.map((lane) => [lane, lane.finish()]));
      const buffers = [...new Set(this.#lanes.map(({ buffer }) => buffer).filter((name) => name !== ""))];
      const cpus = Math.max(0, ...this.#lanes.map(({ cpu }) => cpu)) + 1;
      const sizeOf = (buffer: string, cpu: number): number => {
        const lane = this.#lanes.find((each) => each.buffer === buffer && each.cpu === cpu);
        return lane ? (sizes.get(lane) ?? 0) : 0;
      };
      yield datHead({
        info: this.#axis.info,
        others: this.#others.bySystem,
        cpus,
        buffers,
        sizeOf,
        pageBytes: PAGE_BYTES,
      });
      for (const buffer of ["", ...buffers]) {
        const own = this.#lanes.filter((lane) => lane.buffer === buffer).sort((a, b) => a.cpu - b.cpu);
        for (const lane of own) yield* lane.chunks();
      }
    } finally {
      this.#spool.close();
    }
  }

  /** After a failure on the way: nothing stays behind. */
  close(): void {
    this.#spool.close();
  }

  #other(lane: LanePages, batch: EventBatch, i: number, tNs: number): void {
    const record = batch.others[batch.a[i] ?? 0];
    const format = record && this.#others.of(record);
    if (record && format) lane.add(tNs, this.#encoder.words, this.#encoder.other(batch, i, record, format));
    else this.#leftOut++;
  }

  #laneOf(batch: EventBatch, id: number): LanePages {
    const { cpu, buffer: own, source } = batch.names.lanes[id] ?? { cpu: 0, buffer: "", source: "trace-event" };
    // The form has no place for the witness: a buffer of its own, so that every tool shows it beside the event.
    const buffer = source === "trace-event" ? own : own === "" ? source : `${own}.${source}`;
    const lane = this.#lanes.find((each) => each.cpu === cpu && each.buffer === buffer) ?? this.#lane(cpu, buffer);
    this.#byLane[id] = lane;
    return lane;
  }

  #lane(cpu: number, buffer: string): LanePages {
    if (cpu >= MAX_CPUS) {
      throw new UsageError("trace-cpus", `the recording names cpu${cpu}; a trace.dat holds ${MAX_CPUS} at most`);
    }
    const lane = new LanePages(cpu, buffer, this.#spool, this.#originNs);
    this.#lanes.push(lane);
    if (this.#early) lane.lose(this.#early.toNs, this.#early.lost);
    this.#early = undefined;
    return lane;
  }

  /** A gap names no buffer: it is of the recording's only one, or of the top-level one. */
  #onlyBuffer(): string {
    const { buffers } = this.#axis.info;
    return buffers.length === 1 ? (buffers[0]?.name ?? "") : "";
  }
}

/** Two losses as one: the number only where both are known. */
const sum = (before: Gap | undefined, gap: Gap): { lost?: number } =>
  before?.lost !== undefined && gap.lost !== undefined ? { lost: before.lost + gap.lost } : {};
