/** An opened recording, whatever its form: what is known of it at once, and its events batch by batch in time order. */
import type { EventBatch } from "./batch.ts";
import type { Gap } from "./mhi-events.ts";

/** A ring buffer in a recording. */
export interface BufferInfo {
  /** Name of the tracefs instance; empty for the top-level buffer. */
  readonly name: string;
  readonly cpus: readonly number[];
  /** Trace clock: `boot`, `local`, `mono`... where the recording tells it. */
  readonly clock?: string;
}

export interface TraceInfo {
  /** As a person would say it: `trace.dat version 7, zstd`, `text of trace_pipe`, `raw pages`. */
  readonly form: string;
  readonly buffers: readonly BufferInfo[];
  /** Kernel release (`6.12.117+deb13-amd64`), where the recording tells it. */
  readonly kernel?: string;
  /** Names of the mhi_host events: merged (6.9 and later) or the v2 patch's; undefined until one was seen. */
  readonly generation?: "merged" | "v2";
  /**
   * Value of the trace clock at `tNs` 0. 0 unless times reach 2^52 ns (52 days): then a whole second at or before the
   * recording's first event, so that `tNs` keeps every nanosecond in a double.
   */
  readonly originNs: bigint;
  /** Smallest step of the recorded times: 1 from binary, 1000 from the kernel's own text. */
  readonly resolutionNs: number;
  /** Task names by pid, as far as recorded. Grows while text is read. */
  readonly comms: ReadonlyMap<number, string>;
  /** What a reader should know and what is no gap: "3 events of unknown format kept as bytes". */
  readonly notes: readonly string[];
}

/**
 * Batches are in time order across CPUs and buffers; the batch handed out is used again after the next step. A gap that
 * a binary recording tells is in `gaps` before the first event at or after its end is handed out.
 *
 * @throws RigFault, UsageError with file and offset while iterating when nothing sensible can follow; what can be
 * stepped over is a gap instead.
 */
export interface TraceSource {
  readonly info: TraceInfo;
  readonly gaps: readonly Gap[];
  batches(): AsyncGenerator<EventBatch, void, undefined>;
  /** Frees descriptors and spooled copies. May be called at any time, more than once. */
  close(): void;
}
