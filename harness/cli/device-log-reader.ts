/** Lines of the endpoint's own log: from its file, JSON a line, read piece by piece; or from the record of a run. */
import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { describeError, UsageError } from "../base/errors.ts";
import { deviceLogLineSchema, RUN_SCHEMA, type RunRecord, runRecordSchema } from "../record/schema.ts";

export type DeviceLogLine = z.infer<typeof deviceLogLineSchema>;

/** In order of time. */
export interface DeviceLogReader {
  /** Undefined at the end. */
  next(): DeviceLogLine | undefined;
  /** Lines so far that are none of a device's log. */
  readonly unreadable: number;
  close(): void;
}

/**
 * A run by its folder or its run.json; undefined for any other file.
 *
 * @throws UsageError `run-unreadable`: a run, but not one that this version reads.
 */
export function runOf(path: string): RunRecord | undefined {
  const file = isFolder(path) ? join(path, "run.json") : path;
  if (file === path && !startOf(path).includes(`"${RUN_SCHEMA.slice(0, RUN_SCHEMA.lastIndexOf("/") + 1)}`))
    return undefined;
  try {
    return runRecordSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    const why = describeError(cause).split("\n")[0];
    throw new UsageError("run-unreadable", `${file} is no record of a run that this version reads: ${why}`, { cause });
  }
}

const HEAD_BYTES = 4096;

function startOf(path: string): string {
  const descriptor = open(path);
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    return head.toString("utf8", 0, readSync(descriptor, head, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(descriptor);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function open(path: string): number {
  try {
    return openSync(path, "r");
  } catch (cause) {
    throw new UsageError("device-log", `${path} cannot be opened: ${describeError(cause)}`, { cause });
  }
}

/** The lines that a run's tests kept. */
export class RecordedLines implements DeviceLogReader {
  readonly unreadable = 0;
  readonly #lines: readonly DeviceLogLine[];
  #at = 0;

  constructor(run: RunRecord) {
    this.#lines = run.tests.flatMap(({ device }) => device).sort((a, b) => a.controllerNs - b.controllerNs);
  }

  next(): DeviceLogLine | undefined {
    return this.#lines[this.#at++];
  }

  close(): void {}
}

const CHUNK_BYTES = 1 << 16;
const MAX_LINE = 1 << 20;

export class DeviceLogFile implements DeviceLogReader {
  unreadable = 0;
  readonly #path: string;
  readonly #descriptor: number;
  readonly #chunk = Buffer.alloc(CHUNK_BYTES);
  readonly #decoder = new TextDecoder();
  /** What was read and not handed out, from `#from` on. */
  #text = "";
  #from = 0;
  #ended = false;

  /** @throws UsageError `device-log` */
  constructor(path: string) {
    this.#path = path;
    this.#descriptor = open(path);
  }

  /** @throws UsageError `device-log`: a line that goes on and on. */
  next(): DeviceLogLine | undefined {
    for (let text = this.#line(); text !== undefined; text = this.#line()) {
      if (text.trim() === "") continue;
      const parsed = deviceLogLineSchema.safeParse(parseJson(text));
      if (parsed.success) return parsed.data;
      this.unreadable++;
    }
    return undefined;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #line(): string | undefined {
    for (;;) {
      const end = this.#text.indexOf("\n", this.#from);
      if (end >= 0) {
        const line = this.#text.slice(this.#from, end);
        this.#from = end + 1;
        return line;
      }
      const rest = this.#text.slice(this.#from);
      this.#from = 0;
      this.#text = this.#ended ? "" : rest;
      if (this.#ended) return rest === "" ? undefined : rest;
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
