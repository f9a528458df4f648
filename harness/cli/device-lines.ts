/**
 * The endpoint's own log on the recording's axis. Its times are the controller's monotonic clock; a run's record holds
 * samples of the host's trace clock against it, one set a boot.
 */
import { closeSync, existsSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { describeError, UsageError } from "../base/errors.ts";
import { deviceLogLineSchema, runRecordSchema } from "../record/schema.ts";
import type { ClockSample } from "../trace/clock-map.ts";
import type { DeviceLine, DeviceLines } from "../trace/export/feed.ts";
import type { TimeAxis } from "../trace/time-axis.ts";

export interface DeviceLogOptions {
  readonly deviceLog?: string;
  readonly clockSamples?: string;
  readonly boot?: string;
}

interface BootSample extends ClockSample {
  readonly bootId: string;
}

/** @throws UsageError `device-log`, `clock-samples`: what is missing or cannot be read. */
export function deviceLinesOf(options: DeviceLogOptions, axis: TimeAxis): DeviceLogLines | undefined {
  const { deviceLog, clockSamples } = options;
  if (deviceLog === undefined && clockSamples === undefined && options.boot === undefined) return undefined;
  if (deviceLog === undefined || clockSamples === undefined) {
    throw new UsageError(
      "clock-samples",
      "--device-log and --clock-samples go together: the log's times are the controller's, and only a run's record (run.json) tells where they stand on the trace clock",
    );
  }
  const samples = readSamples(clockSamples);
  return new DeviceLogLines(deviceLog, samples, bootOf(clockSamples, samples, options.boot), axis);
}

function readSamples(path: string): BootSample[] {
  const file = existsSync(join(path, "run.json")) ? join(path, "run.json") : path;
  try {
    const run = runRecordSchema.parse(JSON.parse(readFileSync(file, "utf8")));
    return run.tests.flatMap((test) =>
      test.segments.flatMap(({ bootId, clock }) => clock.map((sample) => ({ ...sample, bootId }))),
    );
  } catch (cause) {
    throw new UsageError(
      "clock-samples",
      `${file} is no record of a run (run.json): ${describeError(cause).split("\n")[0]}`,
      {
        cause,
      },
    );
  }
}

function bootOf(path: string, samples: readonly BootSample[], asked: string | undefined): string {
  const boots = [...new Set(samples.map(({ bootId }) => bootId))];
  const [first] = boots;
  if (first === undefined) throw new UsageError("clock-samples", `${path} holds no clock samples`);
  if (asked === undefined && boots.length === 1) return first;
  const found = boots.filter((boot) => asked !== undefined && boot.startsWith(asked));
  if (found.length === 1 && found[0] !== undefined) return found[0];
  throw new UsageError(
    "clock-samples",
    `${path} holds samples of ${boots.length} boots: name the recording's with --boot ID, one of ${boots.join(", ")}`,
  );
}

const CHUNK_BYTES = 1 << 16;
const MAX_LINE = 1 << 20;

export class DeviceLogLines implements DeviceLines {
  readonly #path: string;
  readonly #samples: readonly BootSample[];
  readonly #boot: string;
  readonly #axis: TimeAxis;
  readonly #descriptor: number;
  readonly #chunk = Buffer.alloc(CHUNK_BYTES);
  readonly #decoder = new TextDecoder();
  #text = "";
  #ended = false;
  #next: DeviceLine | undefined;
  #started = false;
  #unreadable = 0;
  #otherBoots = 0;

  constructor(path: string, samples: readonly BootSample[], boot: string, axis: TimeAxis) {
    this.#path = path;
    this.#samples = samples;
    this.#boot = boot;
    this.#axis = axis;
    try {
      this.#descriptor = openSync(path, "r");
    } catch (cause) {
      throw new UsageError("device-log", `${path} cannot be opened: ${describeError(cause)}`, { cause });
    }
  }

  /** For the head of the output: how the lines were placed, and how sure that is. */
  get placement(): string {
    const own = this.#samples.filter(({ bootId }) => bootId === this.#boot);
    const widest = Math.max(...own.map(({ uncertaintyNs }) => uncertaintyNs));
    return `device log ${this.#path}, placed by ${own.length} clock samples of boot ${this.#boot}: give or take ${(widest / 1e6).toFixed(3)} ms`;
  }

  get notes(): string[] {
    const clocks = this.#axis.info.buffers.flatMap(({ clock }) =>
      clock === undefined || clock === "boot" ? [] : [clock],
    );
    return [
      ...(this.#unreadable > 0
        ? [`${this.#unreadable} lines of ${this.#path} are no lines of a device log and were left out`]
        : []),
      ...(this.#otherBoots > 0 ? [`${this.#otherBoots} lines of ${this.#path} are of another boot of the host`] : []),
      ...(clocks.length > 0
        ? [
            `the recording's clock is ${clocks[0]}, a run's samples are of boot: the device's lines may stand in the wrong place`,
          ]
        : []),
    ];
  }

  get nextNs(): number {
    if (!this.#started) this.#advance();
    return this.#next?.tNs ?? Number.POSITIVE_INFINITY;
  }

  take(): DeviceLine {
    const line = this.#next ?? { tNs: Number.POSITIVE_INFINITY, deviceKind: "", text: "" };
    this.#advance();
    return line;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #advance(): void {
    this.#started = true;
    this.#next = undefined;
    for (let text = this.#line(); text !== undefined; text = this.#line()) {
      const line = text.trim() === "" ? undefined : this.#read(text);
      if (!line) continue;
      this.#next = line;
      return;
    }
  }

  #read(text: string): DeviceLine | undefined {
    const parsed = deviceLogLineSchema.safeParse(parseJson(text));
    if (!parsed.success) {
      this.#unreadable++;
      return undefined;
    }
    const { controllerNs, kind, text: words } = parsed.data;
    const sample = this.#nearest(controllerNs);
    if (sample?.bootId !== this.#boot) {
      this.#otherBoots++;
      return undefined;
    }
    const hostNs = sample.hostNs + (controllerNs - sample.controllerNs);
    return { tNs: Math.round(hostNs - Number(this.#axis.info.originNs)), deviceKind: kind, text: words };
  }

  #nearest(controllerNs: number): BootSample | undefined {
    let nearest: BootSample | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const sample of this.#samples) {
      const distance = Math.abs(sample.controllerNs - controllerNs);
      if (distance < least) {
        least = distance;
        nearest = sample;
      }
    }
    return nearest;
  }

  #line(): string | undefined {
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      if (this.#ended) {
        const rest = this.#text;
        this.#text = "";
        return rest === "" ? undefined : rest;
      }
      this.#fill();
    }
  }

  #fill(): void {
    const got = readSync(this.#descriptor, this.#chunk, 0, CHUNK_BYTES, null);
    this.#ended = got === 0;
    this.#text += this.#decoder.decode(this.#chunk.subarray(0, got), { stream: true });
    if (this.#text.length > MAX_LINE) {
      throw new UsageError("device-log", `${this.#path} is no device log: a line of more than ${MAX_LINE} characters`);
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
