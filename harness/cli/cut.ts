import { Command } from "commander";
import { UsageError } from "../base/errors.ts";
import { TraceDatWriter } from "../trace/export/trace-dat.ts";
import {
  FILE_ARGUMENT,
  type IntervalOptions,
  openRecording,
  pump,
  selectionOf,
  tellSummary,
  whyNothing,
  withFilter,
  withInterval,
} from "./trace-input.ts";

interface CutOptions extends Pick<IntervalOptions, "from" | "to" | "controller" | "buffer"> {
  readonly output?: string;
}

export function cutCommand(): Command {
  const command = new Command("cut")
    .description("a part of a recording as a trace.dat of its own: an interval, a controller, or both")
    .argument("<file>", FILE_ARGUMENT)
    .option("-o, --output <file>", "where to write it (default: standard output)");
  return withFilter(withInterval(command)).addHelpText("after", HELP).action(cut);
}

const HELP = `
Both ends are inside. Markers (the rig's actions) stay whatever the controller; so do gaps that reach into the interval.

Examples:
  mhi-hil cut trace.dat --from 5.9 --to 6.2 -o part.dat
  mhi-hil cut trace.dat --from marker:suspend --to +12 --controller mhi0 -o part.dat
  mhi-hil cut trace.dat --from +1.5 | mhi-hil decode -`;

async function cut(file: string, options: CutOptions): Promise<void> {
  const selection = selectionOf(options);
  if (Object.keys(selection).length === 0) {
    throw new UsageError("cut-what", "cut needs to know what to keep: --from, --to, --controller or --buffer");
  }
  const opened = await openRecording(file, selection);
  const writer = new TraceDatWriter(opened.axis);
  const beforeFinish = (): void => {
    const missing = opened.tally.gaps > 0 && opened.tally.events === 0 ? undefined : whyNothing(opened);
    if (missing !== undefined) throw new UsageError("cut-nothing", `${file}: ${missing}; no file is written`);
  };
  try {
    const whole = await pump(opened, writer, { file, out: options.output, binary: true, doing: "cut", beforeFinish });
    if (whole) tellSummary(opened, writer.notes);
  } finally {
    writer.close();
  }
}
