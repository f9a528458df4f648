/**
 * The data that the page carries: small arrays instead of objects, times as integers, so that 100,000 events are a
 * few megabytes. Written by encode.ts, read by the browser code; this file is the agreement between the two.
 *
 * Axis: all `axisNs` are on the trace clock of the test's first segment; a later segment's own time is
 * `axisNs + shiftNs`. Where a test has no segment the axis begins at the test's start.
 */
import type { RecordNames } from "../../harness/record/names.ts";

export type Names = RecordNames;

/** Order of `Row[1]`. */
export const Kind = { PM: 0, WORKER: 1, INTVEC: 2, RING: 3, TRE: 4, CHAN: 5, MARKER: 6, OTHER: 7 } as const;

/**
 * `[ns since the row before, Kind, cpu, pid, controller index, ...]`, then by kind:
 * PM: state. WORKER: item. INTVEC: local EE, local state, device EE, device state.
 * RING: 0 ctrl / 1 data, type, code, channel, length, ptr, dword0, dword1. TRE: channel, length, ptr, dword0, dword1.
 * CHAN: 0 start / 1 end, channel, command. MARKER: text. OTHER: name, fields as text.
 */
export type Row = readonly (number | string)[];
export const ROW_HEAD = 5;

/** from, to, reason, lost (-1 unknown), detail. On the axis. */
export type GapRow = readonly [number, number, string, number, string];
/** axisNs, level, text. */
export type DmesgRow = readonly [number, number, string];
/** axisNs, half width of what is known of it, text. */
export type ConsoleRow = readonly [number, number, string];
/** axisNs, half width, kind, text. */
export type DeviceRow = readonly [number, number, string, string];
/** from, to, half width, name, detail, error. */
export type ActionRow = readonly [number, number, number, string, string, string];

export interface SegmentData {
  readonly kernel: string;
  readonly bootId: string;
  /** Segment's own clock minus the axis. */
  readonly shiftNs: number;
  /** Axis time of the row before the first one. */
  readonly baseNs: number;
  readonly controllers: readonly string[];
  readonly rows: readonly Row[];
  readonly gaps: readonly GapRow[];
  readonly dmesg: readonly DmesgRow[];
}

export interface FindingData {
  readonly title: string;
  readonly outcome: string;
  readonly segment: number;
  readonly fromNs: number;
  readonly atNs: number;
  readonly because: readonly number[];
}

export interface TestData {
  readonly id: string;
  readonly attempt: number;
  readonly segments: readonly SegmentData[];
  readonly actions: readonly ActionRow[];
  readonly console: readonly ConsoleRow[];
  readonly device: readonly DeviceRow[];
  readonly findings: readonly FindingData[];
  /** How controller-side times came onto the axis, where that needs a word. */
  readonly clockNote: string;
}
