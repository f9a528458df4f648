/**
 * What the judge is given: one boot of the host as far as it was seen. All times are nanoseconds on the trace clock.
 */
import type { Nanoseconds } from "../base/clock.ts";
import type { Gap, TraceEvent } from "../trace/mhi-events.ts";
import type { SourceFacts } from "../trace/probe/source-choice.ts";

/** A line of the kernel log, its time already mapped onto the trace clock. */
export interface LogLine {
  readonly tNs: Nanoseconds;
  /** printk level: 3 err, 4 warning, 6 info. */
  readonly level: number;
  readonly text: string;
}

/** A line of the emulated device's own log (second witness), mapped onto the trace clock. */
export interface DeviceLine {
  readonly tNs: Nanoseconds;
  readonly kind: string;
  readonly text: string;
}

export interface Evidence {
  /** `uname -r`. */
  readonly kernel: string;
  /** The device's firmware, where the rig or the caller states it. */
  readonly firmware?: string;
  /** What the events are made of; absent: the driver's own trace events. */
  readonly source?: SourceFacts;
  /** In the order of time. What lies before `fromNs` is history: it is used, and not judged. */
  readonly events: readonly TraceEvent[];
  readonly gaps: readonly Gap[];
  readonly fromNs: Nanoseconds;
  /** Watermark: nothing is missing before it, apart from `gaps`. */
  readonly toNs: Nanoseconds;
  readonly dmesg: readonly LogLine[];
  readonly device?: readonly DeviceLine[];
  /** Index of the segment in the run record; 0 when there is one. */
  readonly segment?: number;
}

/** The gap that overlaps the closed interval, if any. A gap of no length counts where it lies. */
export const gapWithin = (gaps: readonly Gap[], fromNs: Nanoseconds, toNs: Nanoseconds): Gap | undefined =>
  gaps.find((gap) => gap.fromNs <= toNs && gap.toNs >= fromNs);

const GAP_TEXT: Readonly<Record<Gap["reason"], string>> = {
  overrun: "the trace buffer overran",
  dropped: "the full trace buffer refused events",
  "stream-lost": "the trace stream was cut",
  "host-down": "the host was down",
  "not-collecting": "the collector was not attached",
  cut: "the recording is cut off",
  damaged: "the recording is damaged",
  "clock-step": "the trace clock stepped back",
};

/** For people: `the trace buffer overran (214 events lost, cpu 1)`. */
export function describeGap(gap: Gap): string {
  const details = [
    gap.lost === undefined ? undefined : `${gap.lost} events lost`,
    gap.cpu === undefined ? undefined : `cpu ${gap.cpu}`,
    gap.detail,
  ].filter((part) => part !== undefined);
  return details.length > 0 ? `${GAP_TEXT[gap.reason]} (${details.join(", ")})` : GAP_TEXT[gap.reason];
}
