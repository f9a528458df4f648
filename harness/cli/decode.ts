import { Command } from "commander";
import { UsageError } from "../base/errors.ts";
import { toPrintable } from "../rig/console/printable.ts";
import type { RowConsumer } from "../trace/export/feed.ts";
import { JsonLineWriter } from "../trace/export/json-lines.ts";
import { LineWriter } from "../trace/export/lines.ts";
import { StatsCollector } from "../trace/export/stats.ts";
import { statsJson, statsText } from "../trace/export/stats-table.ts";
import { type DeviceLogOptions, deviceLinesOf, type PlacedLines } from "./device-lines.ts";
import {
  FILE_ARGUMENT,
  type IntervalOptions,
  type Opened,
  openRecording,
  pump,
  selectionOf,
  tellSummary,
  withDeviceLog,
  withFilter,
  withInterval,
} from "./trace-input.ts";

interface DecodeOptions extends IntervalOptions, DeviceLogOptions {
  readonly json?: boolean;
  readonly stats?: boolean;
}

export function decodeCommand(): Command {
  const command = new Command("decode")
    .description("a recording of mhi_host in words: what each event means, and where evidence is missing")
    .argument("<file>", FILE_ARGUMENT)
    .option("--json", "one JSON object a line")
    .option("--stats", "counts: events, time in PM states, channels, losses");
  return withDeviceLog(withInterval(withFilter(command)))
    .option("--channel <number>", "events that name this channel, and the markers")
    .addHelpText("after", HELP)
    .action(decode);
}

const HELP = `
Lines: time, CPU, task, controller, meaning. Where events are missing a line says so:
  ---- 12.345000000..12.400000000 cpu1: 1424 events lost: the ring buffer was overwritten ----
Exit code 0 also then, with the number of gaps on stderr; 2 when the recording cannot be read.

JSON: the first line is {"kind":"recording",...}; each event has its fields, "means", and the trace clock's exact value
as text in "clockNs" ("tNs" is a number as long as one holds it exactly). Gaps are {"kind":"gap",...}, in order of time.

Examples:
  mhi-hil decode trace.dat
  mhi-hil decode trace.dat --controller mhi0 --channel 20 --from +1.5
  mhi-hil decode trace.txt --json --from marker:suspend --to marker:resume
  mhi-hil decode - --stats
  mhi-hil decode reports/out/2026-11-23T1904-07/trace/worker-1/boot-1 --device-log reports/out/2026-11-23T1904-07
  mhi-hil decode trace.dat --device-log device.jsonl --clock-samples reports/out/2026-11-23T1904-07`;

async function decode(file: string, options: DecodeOptions): Promise<void> {
  const selection = selectionOf(options);
  if (options.stats && options.deviceLog !== undefined) {
    throw new UsageError("decode-options", "--stats counts the recording; --device-log is for lines: leave one out");
  }
  const opened = await openRecording(file, selection);
  let device: PlacedLines | undefined;
  try {
    device = deviceLinesOf(file, options, opened.axis);
    const consumer = options.stats
      ? new StatsOutput(opened, options.json ?? false)
      : consumerOf(opened, options, device);
    const whole = await pump(opened, consumer, { file, binary: false, doing: "decode", ...(device ? { device } : {}) });
    if (whole) tellSummary(opened, device?.notes);
  } finally {
    opened.source.close();
    device?.close();
  }
}

function consumerOf({ axis }: Opened, options: DecodeOptions, device: PlacedLines | undefined): RowConsumer {
  if (options.json) {
    return new JsonLineWriter({ axis, ...(device ? { head: { deviceLog: device.placement } } : {}) });
  }
  return new LineWriter({ axis, printable: toPrintable, ...(device ? { head: [device.placement] } : {}) });
}

class StatsOutput extends StatsCollector {
  readonly #opened: Opened;
  readonly #json: boolean;

  constructor(opened: Opened, json: boolean) {
    super();
    this.#opened = opened;
    this.#json = json;
  }

  override finish(): string[] {
    super.finish();
    const input = { axis: this.#opened.axis, tally: this.#opened.tally, stats: this };
    return [this.#json ? `${JSON.stringify(statsJson(input), null, 2)}\n` : statsText(input, toPrintable)];
  }
}
