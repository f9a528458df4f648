import { Command, Option } from "commander";
import { UsageError } from "../base/errors.ts";
import { ChromeSink } from "../trace/export/chrome-json.ts";
import { CSV_COLUMNS, CsvWriter } from "../trace/export/csv.ts";
import type { RowConsumer } from "../trace/export/feed.ts";
import { PerfettoSink } from "../trace/export/perfetto.ts";
import { TraceDatWriter } from "../trace/export/trace-dat.ts";
import { TrackWriter } from "../trace/export/tracks.ts";
import type { TimeAxis } from "../trace/time-axis.ts";
import { type DeviceLogOptions, deviceLinesOf, type PlacedLines } from "./device-lines.ts";
import {
  FILE_ARGUMENT,
  type IntervalOptions,
  openRecording,
  pump,
  tellSummary,
  withDeviceLog,
  withFilter,
} from "./trace-input.ts";

const FORMATS = ["perfetto", "trace-dat", "csv", "chrome-json"] as const;
type Format = (typeof FORMATS)[number];

interface ExportOptions extends Pick<IntervalOptions, "controller" | "buffer">, DeviceLogOptions {
  readonly to: Format;
  readonly output?: string;
}

export function exportCommand(): Command {
  const command = new Command("export")
    .description("a recording in the form of another tool")
    .argument("<file>", FILE_ARGUMENT)
    .addOption(new Option("--to <format>", "what to make").choices(FORMATS).makeOptionMandatory())
    .option("-o, --output <file>", "where to write it (default: standard output)");
  return withDeviceLog(withFilter(command)).addHelpText("after", HELP).action(exportTrace);
}

const HELP = `
perfetto     a protobuf trace for ui.perfetto.dev: a group of tracks a controller (PM state, MHI state, EE, worker,
             control events, each channel's state, transfers and TREs in flight), rig actions, missing evidence
chrome-json  the same tracks as Trace Event Format JSON, for chrome://tracing and others
trace-dat    trace.dat version 6 for trace-cmd and KernelShark, from any form; losses stay losses
csv          one row an event or gap: ${wrapped(Object.keys(CSV_COLUMNS))}
             (cells are as recorded: let a spreadsheet import them as text)

For a part of a recording: mhi-hil cut ... | mhi-hil export - ...

Examples:
  mhi-hil export trace.dat --to perfetto -o trace.perfetto-trace
  mhi-hil export trace_pipe.txt --to trace-dat -o trace.dat
  mhi-hil export trace.dat --to csv --controller mhi0 -o trace.csv`;

function wrapped(words: readonly string[]): string {
  const lines = [""];
  for (const word of words) {
    const line = lines.at(-1) ?? "";
    if (line.length + word.length > 90) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line}, ${word}`;
  }
  return lines.join(",\n             ");
}

async function exportTrace(file: string, options: ExportOptions): Promise<void> {
  const { to, controller, buffer, output: out } = options;
  if (to === "trace-dat" && options.deviceLog !== undefined) {
    throw new UsageError(
      "export-device-log",
      "a trace.dat holds what the kernel recorded: --device-log has no place in it",
    );
  }
  const selection = {
    ...(controller === undefined ? {} : { controller }),
    ...(buffer === undefined ? {} : { buffer }),
  };
  const opened = await openRecording(file, selection);
  const consumer = consumerOf(to, opened.axis);
  const binary = to === "perfetto" || to === "trace-dat";
  let device: PlacedLines | undefined;
  try {
    device = deviceLinesOf(file, options, opened.axis);
    const whole = await pump(opened, consumer, {
      file,
      out,
      binary,
      doing: `export to ${to}`,
      ...(device ? { device } : {}),
    });
    if (!whole) return;
    const told = consumer instanceof TraceDatWriter ? consumer.notes : [];
    tellSummary(opened, device ? [device.placement, ...device.notes] : told);
  } finally {
    opened.source.close();
    device?.close();
    if (consumer instanceof TraceDatWriter) consumer.close();
  }
}

function consumerOf(format: Format, axis: TimeAxis): RowConsumer {
  switch (format) {
    case "perfetto":
      return new TrackWriter(new PerfettoSink(axis), axis);
    case "chrome-json":
      return new TrackWriter(new ChromeSink(axis), axis);
    case "csv":
      return new CsvWriter(axis);
    case "trace-dat":
      return new TraceDatWriter(axis);
  }
}
