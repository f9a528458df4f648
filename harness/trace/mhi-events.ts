/**
 * Typed events: what the judge reads. One record of the kernel's trace becomes one `TraceEvent`, whatever form the
 * recording had (binary pages, trace.dat, text) and whatever generation of names it used.
 *
 * Times are nanoseconds on the recording's trace clock (`boot` for our own collector).
 */
import type { Nanoseconds } from "../base/clock.ts";

/**
 * Who saw it: the driver's own trace event, a kprobe on the driver's function (kernels without the events), or a
 * dynamic-debug message of the driver.
 */
export type WitnessSource = "trace-event" | "kprobe" | "dynamic-debug";

interface EventBase {
  readonly tNs: Nanoseconds;
  readonly cpu: number;
  /** Task that was current; says nothing about the cause in softirq context. */
  readonly pid: number;
  /** Absent: the driver's own trace event. */
  readonly source?: WitnessSource;
  /** tracefs instance that it was recorded in; absent for the top-level buffer and for text. */
  readonly buffer?: string;
}

interface MhiEventBase extends EventBase {
  /** MHI controller's device name: `mhi0`. */
  readonly controller: string;
  /** Fields that the recording's kernel has beyond those that this version knows. */
  readonly extra?: Readonly<Record<string, string | number>>;
}

/** mhi_tryset_pm_state: a legal PM transition, recorded just before the assignment. */
export interface PmStateEvent extends MhiEventBase {
  readonly kind: "pm";
  /** Index into PM_STATE_TEXT (PmState), already mapped to this project's numbering. */
  readonly pmState: number;
}

/** mhi_pm_st_transition: the worker begins this item. */
export interface WorkerEvent extends MhiEventBase {
  readonly kind: "worker";
  readonly item: number;
}

/** mhi_intvec_states / v2 mhi_intvec_threaded_handler: host and device view at a BHI interrupt. */
export interface IntvecEvent extends MhiEventBase {
  readonly kind: "intvec";
  readonly localEe: number;
  readonly localState: number;
  /** -1 (all ones) when the link is down. */
  readonly deviceEe: number;
  readonly deviceState: number;
}

/** mhi_ctrl_event and mhi_data_event: the host takes one element from an event ring. */
export interface RingEvent extends MhiEventBase {
  readonly kind: "ring";
  readonly ring: "ctrl" | "data";
  /** DWORD1[23:16], see ElementType. */
  readonly type: number;
  /** DWORD0[31:24]: MHI state, EE or completion code, by type. */
  readonly code: number;
  /** DWORD1[31:24]: channel of a transfer event. */
  readonly channel: number;
  /** DWORD0[15:0]: bytes of a transfer event. */
  readonly length: number;
  /** Bus address that the element points to, as hex text: exact 64 bits. */
  readonly ptr: string;
  readonly dword0: number;
  readonly dword1: number;
  /** Where the element stood in the ring: kernel address (v2: bus address) or its hash, hex text. Identity of a slot within a boot. */
  readonly slot?: string;
}

/** mhi_gen_tre: a buffer is queued. */
export interface TreEvent extends MhiEventBase {
  readonly kind: "tre";
  readonly channel: number;
  readonly length: number;
  /** Buffer bus address, hex text. */
  readonly ptr: string;
  readonly dword0: number;
  readonly dword1: number;
  /** Where the TRE stands in the ring, as in RingEvent. */
  readonly slot?: string;
}

/** mhi_channel_command_start / _end. */
export interface ChannelCommandEvent extends MhiEventBase {
  readonly kind: "chan";
  readonly phase: "start" | "end";
  readonly channel: number;
  /** ChannelCommand: 0 RESET, 1 STOP, 2 START. */
  readonly command: number;
}

/** A line that the rig controller wrote to trace_marker: a rig action, on the host's own clock. */
export interface MarkerEvent extends EventBase {
  readonly kind: "marker";
  readonly text: string;
}

/** A record of another event, kept whole. */
export interface OtherEvent extends EventBase {
  readonly kind: "other";
  readonly system: string;
  readonly name: string;
  readonly fields: Readonly<Record<string, string | number>>;
}

export type MhiEvent = PmStateEvent | WorkerEvent | IntvecEvent | RingEvent | TreEvent | ChannelCommandEvent;
export type TraceEvent = MhiEvent | MarkerEvent | OtherEvent;

export const isMhiEvent = (event: TraceEvent): event is MhiEvent => event.kind !== "marker" && event.kind !== "other";

/** Why evidence is missing in an interval. */
export type GapReason =
  | "overrun" // ring buffer overwritten before it was read
  | "dropped" // events refused by a full buffer (overwrite off)
  | "stream-lost" // the SSH stream ended while the host went on
  | "host-down" // power off, crash or reboot: nothing could be recorded
  | "not-collecting" // collector was not attached
  | "cut" // the recording ends too early: a cut-off file, a CPU whose stream stops before the others
  | "damaged" // bytes or lines that should hold a record and cannot be read
  | "clock-step"; // the clock stepped back: what is before and what after is not known

/** An interval of missing evidence. Judge: every assertion whose window overlaps it is inconclusive. */
export interface Gap {
  readonly fromNs: Nanoseconds;
  readonly toNs: Nanoseconds;
  readonly reason: GapReason;
  readonly cpu?: number;
  /** Events known to be lost; undefined where only the fact is known. */
  readonly lost?: number;
  readonly detail?: string;
}
