/** What decode, export and cut share: their options, the recording that they read, and the line that they end with. */
import type { Command } from "commander";
import { UsageError } from "../base/errors.ts";
import { toPrintable } from "../rig/console/printable.ts";
import { type DeviceLines, feed, type RowConsumer, Tally } from "../trace/export/feed.ts";
import { Selection, type SelectionOptions } from "../trace/export/selection.ts";
import { summaryLine } from "../trace/export/summary.ts";
import { parseTimePoint, type TimePoint } from "../trace/export/time-point.ts";
import { openTrace } from "../trace/open/open-trace.ts";
import type { TraceSource } from "../trace/source.ts";
import { TimeAxis } from "../trace/time-axis.ts";
import { type Output, openOutput, ReaderGone } from "./output.ts";
import { Progress } from "./progress.ts";

export const FILE_ARGUMENT = "trace.dat, text of trace or trace_pipe, kernel log, folder of raw pages; - for a pipe";

export interface IntervalOptions {
  readonly from?: string;
  readonly to?: string;
  readonly controller?: string;
  readonly channel?: string;
  readonly buffer?: string;
}

const TIME_HELP = "seconds of the trace clock, +SECONDS from the first event, or marker:TEXT";

export const withInterval = (command: Command): Command =>
  command
    .option("--from <time>", `first instant: ${TIME_HELP}`)
    .option("--to <time>", "last instant, in the same words");

export const withFilter = (command: Command): Command =>
  command
    .option("--controller <name>", "events of this controller (mhi0), and the markers")
    .option("--buffer <name>", 'events of this tracefs instance; "" for the top-level buffer');

export const withDeviceLog = (command: Command): Command =>
  command
    .option("--device-log <file>", "lines of the endpoint's own log on the same axis: its file, or a run's folder")
    .option("--clock-samples <run>", "a run's folder or run.json that places the log's file on the trace clock")
    .option("--boot <id>", "which boot of the run the recording is of, where that is not told");

/** @throws UsageError `trace-time`, `trace-interval`, `trace-channel` */
export function selectionOf(options: IntervalOptions): SelectionOptions {
  const from = options.from === undefined ? undefined : parseTimePoint(options.from, "--from");
  const to = options.to === undefined ? undefined : parseTimePoint(options.to, "--to");
  if (from && to && isAfter(from, to)) {
    throw new UsageError("trace-interval", `--from ${options.from} lies after --to ${options.to}: nothing is between`);
  }
  return {
    ...(from ? { from } : {}),
    ...(to ? { to } : {}),
    ...(options.controller === undefined ? {} : { controller: options.controller }),
    ...(options.channel === undefined ? {} : { channel: channelNumber(options.channel) }),
    ...(options.buffer === undefined ? {} : { buffer: options.buffer }),
  };
}

function isAfter(from: TimePoint, to: TimePoint): boolean {
  if (from.kind === "clock" && to.kind === "clock") return from.clockNs > to.clockNs;
  return from.kind === "relative" && to.kind === "relative" && from.ns > to.ns;
}

function channelNumber(text: string): number {
  const number = Number(text);
  if (/^\d{1,3}$/.test(text) && number <= 255) return number;
  throw new UsageError("trace-channel", `--channel "${text}" is no channel: expected a number from 0 to 255`);
}

export interface Opened {
  readonly source: TraceSource;
  readonly axis: TimeAxis;
  readonly selection: Selection;
  readonly tally: Tally;
}

/** @throws what openTrace throws. */
export async function openRecording(
  file: string,
  options: SelectionOptions & { readonly live?: AbortSignal } = {},
): Promise<Opened> {
  if (file === "-" && process.stdin.isTTY) {
    throw new UsageError("trace-terminal", "- reads a recording from a pipe, and standard input is a terminal");
  }
  const source = await openTrace(file, {
    ...(options.buffer === undefined ? {} : { buffer: options.buffer }),
    ...(options.live ? { live: options.live } : {}),
  });
  const axis = new TimeAxis(source);
  return { source, axis, selection: new Selection(options, axis), tally: new Tally() };
}

export interface PumpOptions {
  readonly file: string;
  /** A file's path; undefined or `-`: standard output. */
  readonly out?: string | undefined;
  readonly binary: boolean;
  readonly doing: string;
  readonly device?: DeviceLines;
  readonly beforeFinish?: () => void;
}

/** Brings the recording through the consumer to the output. @returns false when the reader of our output has gone. */
export async function pump(opened: Opened, consumer: RowConsumer, options: PumpOptions): Promise<boolean> {
  const { source, axis, selection, tally } = opened;
  const progress = progressFor(options);
  let output: Output | undefined;
  try {
    output = openOutput(options.out, { input: options.file, binary: options.binary });
    const { device, beforeFinish } = options;
    const chunks = feed(source, consumer, {
      axis,
      selection,
      tally,
      onProgress: progress.update,
      ...(device ? { device } : {}),
      ...(beforeFinish ? { beforeFinish } : {}),
    });
    for await (const chunk of chunks) await output.write(chunk);
    output.done();
    return true;
  } catch (error) {
    output?.drop();
    if (error instanceof ReaderGone) return false;
    throw error;
  } finally {
    progress.done();
    source.close();
  }
}

const PROGRESS_MS = 200;

/** Shown on a terminal that is not also the one that the output goes to. */
function progressFor({ out, doing }: PumpOptions): { update: (seen: number) => void; done: () => void } {
  const toFile = out !== undefined && out !== "-";
  if (!process.stderr.isTTY || (!toFile && process.stdout.isTTY)) return { update: () => {}, done: () => {} };
  const progress = new Progress(process.stderr);
  let shownMs = performance.now();
  return {
    update: (seen) => {
      if (performance.now() - shownMs < PROGRESS_MS) return;
      shownMs = performance.now();
      progress.update(`${doing}: ${(seen / 1e6).toFixed(1)} million events`);
    },
    done: () => progress.done(),
  };
}

/** The line at the end, and what else a reader should know; on stderr, so that it is seen whatever the output is for. */
export function tellSummary({ axis, selection, tally }: Opened, more: readonly string[] = []): void {
  const { controller } = selection.options;
  const lines = [summaryLine(axis, tally, controller === undefined ? tally.controllers : [controller])];
  const missed = whyNothing({ selection, tally, axis });
  if (missed !== undefined) lines.push(`note: ${missed}`);
  for (const note of [...axis.info.notes, ...more]) lines.push(`note: ${note}`);
  process.stderr.write(`${lines.map(toPrintable).join("\n")}\n`);
}

/** What was asked for and is not there; undefined when all is. */
export function whyNothing({ selection, tally, axis }: Omit<Opened, "source">): string | undefined {
  const { unseenMarker, options } = selection;
  if (unseenMarker !== undefined) return `no marker holds "${unseenMarker}"`;
  if (tally.seen === 0) return "the recording holds no events";
  const { controller } = options;
  if (controller !== undefined && !tally.controllers.includes(controller)) {
    return `no events of ${controller}: the recording has ${tally.controllers.join(", ") || "no controller"}`;
  }
  if (tally.events > 0) return undefined;
  return `none of the events read (${axis.text(tally.seenFirstNs)}..${axis.text(tally.seenLastNs)}) is in what was asked for`;
}
