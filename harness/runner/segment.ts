/** One boot of the host as a test sees it: what the collector brings, and the host's log beside it. */
import type { LogLine } from "../judge/evidence.ts";
import type { ClockSample } from "../trace/clock-map.ts";
import type { Gap, TraceEvent } from "../trace/mhi-events.ts";
import type { SourceFacts } from "../trace/probe/source-choice.ts";

/** Live: arrays grow while the host runs. */
export interface LiveSegment {
  readonly bootId: string;
  readonly kernel: string;
  /** What its events are made of, and what that cannot see. */
  readonly source?: SourceFacts;
  readonly events: readonly TraceEvent[];
  readonly gaps: readonly Gap[];
  readonly clock: readonly ClockSample[];
  /** Nothing before it is still to come. */
  readonly watermarkNs: number;
  readonly dmesg: readonly LogLine[];
}
