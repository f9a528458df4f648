/** What a trace.dat says before its pages: the same for versions 6 and 7. */
import type { FormatText } from "../ring/format-set.ts";
import type { PageLayout } from "../ring/layout.ts";

/** Where the pages of one CPU stand in the file. */
export interface CpuRegion {
  readonly cpu: number;
  readonly offset: number;
  readonly bytes: number;
}

export interface DatBuffer {
  /** Name of the tracefs instance; empty for the top-level buffer. */
  readonly name: string;
  readonly clock?: string;
  readonly pageBytes: number;
  readonly regions: readonly CpuRegion[];
  /** Regions hold chunks of the file's compression. */
  readonly compressed: boolean;
}

/** Text of the `trace` file in place of pages: the recorder ran a latency tracer. */
export interface DatText {
  readonly offset: number;
  readonly bytes: number;
  readonly compressed: boolean;
}

/** Corrections of one guest CPU's clock, each good from its time on. */
export interface ClockCorrection {
  readonly fromTicks: bigint;
  readonly offset: bigint;
  readonly scaling: bigint;
  /** Fraction bits of `scaling`. */
  readonly fractionBits: bigint;
}

export interface TimeShift {
  /** Between two corrections the offset is interpolated. */
  readonly interpolate: boolean;
  /** By CPU. */
  readonly corrections: ReadonlyMap<number, readonly ClockCorrection[]>;
}

export interface TscScale {
  readonly multiplier: bigint;
  readonly shift: bigint;
}

export interface DatOptions {
  kernel?: string;
  clock?: string;
  recorder?: string;
  traceId?: bigint;
  /** Added to every time, ns: the options OFFSET and DATE. */
  offsetNs: bigint;
  tsc?: TscScale;
  timeShift?: TimeShift;
  /** Names of guests that were recorded beside this host. */
  readonly guests: string[];
  /** Text of `per_cpu/cpuN/stats` when the recording ended, in the order of the file. */
  readonly cpuStats: string[];
}

export interface DatFile {
  readonly version: 6 | 7;
  /** `none`, `zstd`, `zlib`. */
  readonly compression: string;
  readonly layout: PageLayout;
  readonly formats: readonly FormatText[];
  /** Text of `printk_formats` and `saved_cmdlines`. */
  readonly printk: string;
  readonly cmdlines: string;
  readonly options: DatOptions;
  readonly buffers: readonly DatBuffer[];
  readonly text?: DatText;
}
