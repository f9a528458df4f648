/**
 * The trace engine as a library: `import { openTrace } from "mhi-hil/trace"`. docs/trace-library.md shows how.
 *
 * What stands here is kept compatible; other modules of harness/trace are not for users.
 */
export type { Nanoseconds } from "../base/clock.ts";
export { DutFault, describeError, HilError, RigFault, UsageError } from "../base/errors.ts";
export { type ActionMarker, parseActionMarker } from "./action-marker.ts";
export { BatchNames, EventBatch, type ExtraFields, Kind, type Lane, type OtherRecord } from "./batch.ts";
export { describeGap, describeRow } from "./describe.ts";
export { ChromeSink } from "./export/chrome-json.ts";
export { CSV_COLUMNS, CsvWriter } from "./export/csv.ts";
export { type Chunk, type FeedOptions, feed, type RowConsumer, Tally } from "./export/feed.ts";
export { JsonLineWriter } from "./export/json-lines.ts";
export { LineWriter } from "./export/lines.ts";
export { PerfettoSink } from "./export/perfetto.ts";
export { Selection, type SelectionOptions } from "./export/selection.ts";
export { StatsCollector } from "./export/stats.ts";
export { parseTimePoint, type TimePoint } from "./export/time-point.ts";
export { TraceDatWriter } from "./export/trace-dat.ts";
export type { TrackArgs, TrackSink, TrackSpec } from "./export/track-sink.ts";
export { TrackWriter } from "./export/tracks.ts";
export type {
  ChannelCommandEvent,
  Gap,
  GapReason,
  IntvecEvent,
  MarkerEvent,
  MhiEvent,
  OtherEvent,
  PmStateEvent,
  RingEvent,
  TraceEvent,
  TreEvent,
  WitnessSource,
  WorkerEvent,
} from "./mhi-events.ts";
export { isMhiEvent } from "./mhi-events.ts";
export { type OpenOptions, openTrace } from "./open/open-trace.ts";
export type { BufferInfo, TraceInfo, TraceSource } from "./source.ts";
export { TimeAxis } from "./time-axis.ts";
