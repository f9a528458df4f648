/** The run record on disk: `run.json` in the run's folder. Written whole or not at all, read with every value checked. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import type { z } from "zod";
import { assert, describeError, UsageError } from "../base/errors.ts";
import { RUN_SCHEMA, type RunRecord, runRecordSchema } from "./schema.ts";

export const RUN_FILE = "run.json";

/**
 * Writes `run.json` into `folder` (made when it is not there) and returns its path. A reader sees the old file or the
 * new one, never half of one; it is on the disk when this returns.
 *
 * The record is written before it is checked: a night's evidence is worth more than its form. A record that breaks
 * its own schema is then reported as the bug that it is.
 */
export function writeRun(folder: string, run: RunRecord): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, RUN_FILE);
  const part = `${path}.${process.pid}.part`;
  try {
    onDisk(part, "w", (file) => writeRecord(file, run));
    renameSync(part, path);
    onDisk(folder, "r"); // without this a power cut can take the name away although the bytes are safe
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
  const checked = runRecordSchema.safeParse(run);
  assert(checked.success, `${path} breaks its own schema at ${checked.success ? "" : firstIssue(checked.error, run)}`);
  return path;
}

function onDisk(path: string, flags: "r" | "w", write?: (file: number) => void): void {
  const file = openSync(path, flags);
  try {
    write?.(file);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** One test a line: a long run never becomes one string, and a damaged file can still be read by eye. */
function writeRecord(file: number, run: RunRecord): void {
  const { tests, ...rest } = run;
  writeAll(file, `${JSON.stringify(rest).slice(0, -1)},"tests":[`);
  for (const [index, test] of tests.entries()) writeAll(file, `${index === 0 ? "\n" : ",\n"}${JSON.stringify(test)}`);
  writeAll(file, "\n]}\n");
}

/** One write call may take less than it was given (2 GiB on Linux, or a disk that fills up). */
function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}

/**
 * Reads the record of a run: `path` is the run's folder or the file itself.
 *
 * @throws UsageError `run-missing`, `run-unreadable`, `run-damaged` (not JSON: cut off or overwritten), `run-version`
 *   (another version's), `run-invalid` (a value that the schema refuses; the message has its place).
 */
export function readRun(path: string): RunRecord {
  const file = recordFile(path);
  const text = readText(file);
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    const what = text.trim() === "" ? "the file is empty" : describeError(error);
    throw new UsageError("run-damaged", `${file} is not a whole run record: ${what}`, { cause: error });
  }
  checkVersion(file, data);
  const parsed = runRecordSchema.safeParse(data);
  if (!parsed.success) {
    throw new UsageError("run-invalid", `${file} is damaged at ${firstIssue(parsed.error, data)}`);
  }
  return parsed.data;
}

/** The folder of the newest run under `outFolder`, by the time its record was written; undefined when there is none. */
export function findNewestRun(outFolder: string): string | undefined {
  let newest: { readonly folder: string; readonly atMs: number } | undefined;
  for (const name of existsSync(outFolder) ? readdirSync(outFolder).sort() : []) {
    const folder = join(outFolder, name);
    const info = fileInfo(join(folder, RUN_FILE));
    if (info?.isFile() && (!newest || info.mtimeMs >= newest.atMs)) newest = { folder, atMs: info.mtimeMs };
  }
  return newest?.folder;
}

function fileInfo(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined; // not there, or behind something that is no folder
  }
}

function recordFile(path: string): string {
  const info = fileInfo(path);
  if (!info) throw new UsageError("run-missing", `there is no run at ${path}; make one with: mhi-hil run`);
  return info.isDirectory() ? join(path, RUN_FILE) : path;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    throw missing
      ? new UsageError("run-missing", `${dirname(file)} holds no ${basename(file)}: the run did not get that far`)
      : new UsageError("run-unreadable", `${file} cannot be read: ${describeError(error)}`, { cause: error });
  }
}

function checkVersion(file: string, data: unknown): void {
  const found = typeof data === "object" && data !== null && "schema" in data ? data.schema : undefined;
  if (found === RUN_SCHEMA) return;
  if (typeof found === "string" && found.startsWith("mhi-hil/run/")) {
    throw new UsageError(
      "run-version",
      `${file} has record version ${JSON.stringify(found)}, this mhi-hil reads ${JSON.stringify(RUN_SCHEMA)}; use the version that wrote it`,
    );
  }
  throw new UsageError("run-invalid", `${file} is not a run record: it has no "schema": ${JSON.stringify(RUN_SCHEMA)}`);
}

/** `tests[3].segments[0].clock[2].hostNs: expected number, found "soon"`. */
function firstIssue(error: z.ZodError, data: unknown): string {
  const issue = error.issues[0];
  if (!issue) return "an unknown place";
  let found: unknown = data;
  let place = "";
  for (const key of issue.path) {
    place += typeof key === "number" ? `[${key}]` : `${place ? "." : ""}${String(key)}`;
    found = typeof found === "object" && found !== null ? Reflect.get(found, key) : undefined;
  }
  const shown = found === undefined ? "nothing" : JSON.stringify(found).slice(0, 60);
  return `${place || "the top"}: ${issue.message.replace(/^Invalid \w+: /, "").replace(/, received .*/, "")}, found ${shown}`;
}
