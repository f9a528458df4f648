/**
 * The endpoint's own log on the recording's axis. Its times are the controller's monotonic clock; a run's record holds
 * samples of the host's trace clock against it, one set a boot. A line stands where the sample nearest to it puts it, as in
 * the run's report (harness/trace/clock-map.ts).
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../base/errors.ts";
import type { RunRecord } from "../record/schema.ts";
import type { ClockSample } from "../trace/clock-map.ts";
import type { DeviceLine, DeviceLines } from "../trace/export/feed.ts";
import type { TimeAxis } from "../trace/time-axis.ts";
import { DeviceLogFile, type DeviceLogReader, RecordedLines, runOf } from "./device-log-reader.ts";

export interface DeviceLogOptions {
  readonly deviceLog?: string;
  readonly clockSamples?: string;
  readonly boot?: string;
}

interface BootSample extends ClockSample {
  readonly bootId: string;
}

/**
 * @param recording - what is decoded: a folder of raw pages tells its boot.
 * @throws UsageError `device-log`, `clock-samples`, `run-unreadable`: what is missing or cannot be read.
 */
export function deviceLinesOf(recording: string, options: DeviceLogOptions, axis: TimeAxis): PlacedLines | undefined {
  const { deviceLog, clockSamples } = options;
  if (deviceLog === undefined) {
    if (clockSamples === undefined && options.boot === undefined) return undefined;
    throw new UsageError("clock-samples", "--clock-samples and --boot place a device's log: name it with --device-log");
  }
  const logRun = runOf(deviceLog);
  const run = clockSamples === undefined ? logRun : runOf(clockSamples);
  if (!run) {
    throw new UsageError(
      "clock-samples",
      `${clockSamples ?? deviceLog} is no run: the log's times are the controller's, and only a run's record (its folder or run.json) tells where they stand on the trace clock; name it with --clock-samples`,
    );
  }
  const samples = samplesOf(run);
  const boot = bootOf(run, samples, options.boot ?? bootIdOf(recording));
  const lines = logRun ? new RecordedLines(logRun) : new DeviceLogFile(deviceLog);
  return new PlacedLines({ name: deviceLog, lines, samples, boot, axis });
}

const samplesOf = (run: RunRecord): BootSample[] =>
  run.tests.flatMap(({ segments }) =>
    segments.flatMap(({ bootId, clock }) => clock.map((sample) => ({ ...sample, bootId }))),
  );

/** Pages that the collector kept stand beside the boot's id. */
function bootIdOf(recording: string): string | undefined {
  const file = [join(recording, "boot_id"), join(recording, "part-0", "boot_id")].find((path) => existsSync(path));
  return file === undefined ? undefined : readFileSync(file, "utf8").trim();
}

function bootOf(run: RunRecord, samples: readonly BootSample[], asked: string | undefined): string {
  const boots = [...new Set(samples.map(({ bootId }) => bootId))];
  const [first] = boots;
  if (first === undefined) throw new UsageError("clock-samples", `run ${run.id} holds no clock samples`);
  if (asked === undefined && boots.length === 1) return first;
  const found = boots.filter((boot) => asked !== undefined && boot.startsWith(asked));
  if (found.length === 1 && found[0] !== undefined) return found[0];
  const why = asked === undefined ? `${boots.length} boots` : `no one boot ${asked}`;
  throw new UsageError(
    "clock-samples",
    `run ${run.id} holds samples of ${why}: name the recording's with --boot ID, one of ${boots.join(", ")}`,
  );
}

interface PlacedOptions {
  readonly name: string;
  readonly lines: DeviceLogReader;
  readonly samples: readonly BootSample[];
  readonly boot: string;
  readonly axis: TimeAxis;
}

export class PlacedLines implements DeviceLines {
  readonly #options: PlacedOptions;
  #next: DeviceLine | undefined;
  #started = false;
  #otherBoots = 0;

  constructor(options: PlacedOptions) {
    this.#options = options;
  }

  /** For the head of the output: how the lines were placed, and how sure that is. */
  get placement(): string {
    const { samples, boot, name } = this.#options;
    const own = samples.filter(({ bootId }) => bootId === boot);
    const widest = own.reduce((most, { uncertaintyNs }) => Math.max(most, uncertaintyNs), 0);
    return `device log ${name}, placed by ${own.length} clock samples of boot ${boot}: each line is right to ${(widest / 1e6).toFixed(3)} ms at worst, the order against the host's events no better than that`;
  }

  get notes(): string[] {
    const { name, lines, axis } = this.#options;
    const clocks = axis.info.buffers.flatMap(({ clock }) => (clock === undefined || clock === "boot" ? [] : [clock]));
    return [
      ...(lines.unreadable > 0 ? [`${lines.unreadable} lines of ${name} are none of a device's log: left out`] : []),
      ...(this.#otherBoots > 0
        ? [`${this.#otherBoots} lines of ${name} are of another boot of the host: left out`]
        : []),
      ...(clocks.length > 0
        ? [
            `the recording's clock is ${clocks[0]}, the samples are of boot: the device's lines may stand in the wrong place`,
          ]
        : []),
    ];
  }

  get nextNs(): number {
    if (!this.#started) this.#advance();
    return this.#next?.tNs ?? Number.POSITIVE_INFINITY;
  }

  take(): DeviceLine {
    const line = this.#next ?? { tNs: Number.POSITIVE_INFINITY, uncertaintyNs: 0, deviceKind: "", text: "" };
    this.#advance();
    return line;
  }

  close(): void {
    this.#options.lines.close();
  }

  #advance(): void {
    const { lines, boot, axis } = this.#options;
    this.#started = true;
    this.#next = undefined;
    for (let line = lines.next(); line; line = lines.next()) {
      const sample = this.#nearest(line.controllerNs);
      if (sample?.bootId !== boot) {
        this.#otherBoots++;
        continue;
      }
      const hostNs = sample.hostNs + (line.controllerNs - sample.controllerNs);
      const tNs = Math.round(hostNs - Number(axis.info.originNs));
      this.#next = { tNs, uncertaintyNs: sample.uncertaintyNs, deviceKind: line.kind, text: line.text };
      return;
    }
  }

  #nearest(controllerNs: number): BootSample | undefined {
    let nearest: BootSample | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const sample of this.#options.samples) {
      const distance = Math.abs(sample.controllerNs - controllerNs);
      if (distance < least) {
        least = distance;
        nearest = sample;
      }
    }
    return nearest;
  }
}
