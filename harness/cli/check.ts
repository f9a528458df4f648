import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { Command } from "commander";
import { renderHtml } from "../../reports/html/render.ts";
import { describeError, HilError, UsageError } from "../base/errors.ts";
import type { DeviceLine, LogLine } from "../judge/evidence.ts";
import { inTurn, knownById, type Scenario, scenario } from "../judge/index.ts";
import { judgeRecording } from "../judge/recording/judge-recording.ts";
import { isTelling } from "../judge/recording/log-line-of.ts";
import type { FamilyProfile } from "../mhi/families/family.ts";
import { familyById, familyIds } from "../mhi/families/index.ts";
import type { RunRecord } from "../record/schema.ts";
import { reportsDir } from "../runner/paths.ts";
import { kernelLogOf } from "../trace/open/log-lines.ts";
import type { TimeAxis } from "../trace/time-axis.ts";
import { checkDocument, type Unreadable } from "./check-document.ts";
import { checkLines } from "./check-lines.ts";
import { type CheckedFile, recordOf } from "./check-record.ts";
import { deviceLinesOf } from "./device-lines.ts";
import { Progress } from "./progress.ts";
import { FILE_ARGUMENT, openRecording, withDeviceLog } from "./trace-input.ts";
import { version } from "./version.ts";
import { watch } from "./watch.ts";

interface CheckOptions {
  readonly family?: string;
  readonly scenario?: readonly string[];
  readonly listScenarios?: boolean;
  readonly allowRecovered?: boolean;
  readonly watch?: boolean;
  readonly dmesg?: string;
  readonly deviceLog?: string;
  readonly clockSamples?: string;
  readonly boot?: string;
  readonly html?: string | false;
  readonly json?: boolean;
}

export const checkCommand = (): Command =>
  withDeviceLog(new Command("check"))
    .description("verdict on a recording, with no rig: what happened, what broke, what it is known as")
    .argument("[files...]", FILE_ARGUMENT)
    .option("--family <id>", `device family: ${familyIds().join(", ")} (default: what the recording's log names)`)
    .option(
      "--scenario <name>",
      "what must have happened in it, besides the rules that always hold; several: one after another",
      // a list of words would take the recordings' names too
      (name, before: readonly string[] = []) => [...before, name],
    )
    .option("--list-scenarios", "names for --scenario")
    .option("--allow-recovered", "failures that the device came back from do not count")
    .option("--watch", "of a pipe that is still written to: what the rules find, as it comes; the verdict at its end")
    .option("--dmesg <file>", "the host's kernel log of the same boot: it names causes")
    .option("--html <file>", "the report's place, a file or a folder (default: reports/out/check-NAME.html)")
    .option("--no-html", "no report")
    .option("--json", "one JSON document")
    .addHelpText("after", HELP)
    .action(run);

const HELP = `
With no scenario a recording fails when a rule of the protocol is broken, or when a failure happened in it (SYS_ERR, context
lost over suspend, link lost, a time-out, a refused command), recovered or not.

Exit codes: 0 pass, 1 fail, 2 the recording cannot be read, 3 inconclusive: evidence is missing where it matters

Examples:
  mhi-hil check customer.dat
  mhi-hil check trace.txt --dmesg dmesg.txt --family sdx55
  mhi-hil check --scenario boot --scenario runtime-suspend boot.dat
  mhi-hil check nightly/*.dat.gz --allow-recovered --json
  ssh host cat /sys/kernel/tracing/trace | mhi-hil check -
  ssh host cat /sys/kernel/tracing/trace_pipe | mhi-hil check --watch --family sdx55 -     (ends with Ctrl-C)`;

async function run(paths: readonly string[], options: CheckOptions): Promise<void> {
  if (options.listScenarios) return void process.stdout.write(`${scenarioNames().join("\n")}\n`);
  if (paths.length === 0) throw new UsageError("check-no-file", "check wants a recording: mhi-hil check FILE");
  const asked = askedOf(paths, options);
  const startedAt = new Date();
  const began = performance.now();
  const { files, unreadable } = await checkFiles(paths, options, asked);
  const record = recordOf(files, {
    id: `check-${startedAt.toISOString().slice(0, 19)}`,
    startedAt,
    durationMs: performance.now() - began,
    command: ["check", ...paths],
    version: version(),
    trouble: unreadable.map(({ message }) => message),
  });
  const report = options.html === false || files.length === 0 ? undefined : writeReport(paths, options.html, record);
  const { exitCode } = record;
  const text = options.json
    ? JSON.stringify(
        checkDocument(files, unreadable, { exitCode, ...(report === undefined ? {} : { report }) }),
        null,
        2,
      )
    : files.flatMap((file) => checkLines(file, { report, name: paths.length > 1 })).join("\n");
  if (text !== "") process.stdout.write(`${text}\n`);
  for (const { message } of unreadable) process.stderr.write(`mhi-hil: ${message}\n`);
  process.exitCode = exitCode;
}

/** What every file is asked. */
interface Asked {
  readonly family?: FamilyProfile;
  readonly scenario?: (family: FamilyProfile) => Scenario;
}

/** @throws UsageError for what no recording is needed to see. */
function askedOf(paths: readonly string[], { family, scenario: names, deviceLog, watch }: CheckOptions): Asked {
  if (watch && (paths.length > 1 || paths[0] !== "-")) {
    throw new UsageError(
      "check-watch",
      "--watch reads a pipe: give - alone; of a file that grows: tail -c +1 -f FILE | mhi-hil check --watch -",
    );
  }
  if (deviceLog !== undefined && paths.length > 1) {
    throw new UsageError("check-device-log", "--device-log is the log of one recording: check them one by one");
  }
  const wanted = (names ?? []).map(scenarioNamed);
  const [only] = wanted;
  return {
    ...(family === undefined ? {} : { family: familyById(family) }),
    ...(only ? { scenario: wanted.length > 1 ? (of) => inTurn(...wanted.map((one) => one(of))) : only } : {}),
  };
}

/** Of several files, one that cannot be read does not keep the others from their verdict. */
async function checkFiles(
  paths: readonly string[],
  options: CheckOptions,
  asked: Asked,
): Promise<{ files: CheckedFile[]; unreadable: Unreadable[] }> {
  const files: CheckedFile[] = [];
  const unreadable: Unreadable[] = [];
  for (const path of paths) {
    try {
      files.push(await checkFile(path, options, asked));
    } catch (error) {
      if (paths.length === 1 || !(error instanceof HilError)) throw error;
      unreadable.push({ file: path, code: error.code, message: describeError(error) });
    }
  }
  return { files, unreadable };
}

async function checkFile(path: string, options: CheckOptions, asked: Asked): Promise<CheckedFile> {
  const progress = process.stderr.isTTY ? new Progress(process.stderr) : undefined;
  const watching = options.watch ? watch(options.json ? process.stderr : process.stdout) : undefined;
  const { source, axis } = await openRecording(path, watching ? { live: watching.signal } : {});
  try {
    return {
      path,
      ...(await judgeRecording(source, {
        ...asked,
        allowRecovered: options.allowRecovered === true,
        log: (originNs) => logOf(path, options.dmesg, originNs),
        ...(options.deviceLog === undefined ? {} : { device: () => deviceLinesFor(path, options, axis) }),
        ...(watching ? { onFound: watching.tell } : {}),
        onProgress: (events) => progress?.update(`${basename(path)}: ${(events / 1e6).toFixed(1)} million events`),
      })),
    };
  } finally {
    watching?.done();
    progress?.done();
    source.close();
  }
}

/** More than that of the device's own log is of no use to a reader. */
const MAX_DEVICE_LINES = 200_000;

function deviceLinesFor(path: string, options: CheckOptions, axis: TimeAxis): DeviceLine[] {
  axis.refresh();
  const placed = deviceLinesOf(path, options, axis);
  if (!placed) return [];
  const lines: DeviceLine[] = [];
  try {
    while (placed.nextNs < Number.POSITIVE_INFINITY && lines.length < MAX_DEVICE_LINES) {
      const { tNs, deviceKind, text } = placed.take();
      lines.push({ tNs, kind: deviceKind, text });
    }
  } finally {
    placed.close();
  }
  return lines;
}

/** What the recording itself holds of the log when it is text, and what is given beside it. */
async function logOf(path: string, dmesg: string | undefined, originNs: bigint): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for (const file of [path, dmesg]) {
    if (file === undefined || file === "-") continue;
    try {
      for await (const { tNs, text } of kernelLogOf(file, originNs, isTelling)) lines.push({ tNs, level: 6, text });
    } catch (error) {
      // a folder or a trace.dat holds no lines; what was named as a log must be one
      if (file === dmesg) throw error;
    }
  }
  return lines;
}

/** Those that ask for nothing but the family. */
const SCENARIOS = {
  boot: scenario.boot,
  bind: scenario.bind,
  unbind: scenario.unbind,
  "remove-rescan": scenario.removeAndRescan,
  "runtime-suspend": scenario.runtimeSuspend,
  "runtime-resume": scenario.runtimeResume,
  "system-suspend": scenario.systemSuspendResume,
  "context-lost": scenario.contextLostResume,
  "off-over-sleep": scenario.offOverSleep,
  "sys-err-recovery": scenario.sysErrRecovery,
  "device-gone": scenario.deviceGone,
  unplugged: scenario.unplugged,
  "hot-plug": scenario.hotPlug,
} as const;
const scenarioNames = (): string[] => Object.keys(SCENARIOS);

function scenarioNamed(name: string): (family: FamilyProfile) => Scenario {
  const found = Object.entries(SCENARIOS).find(([own]) => own === name)?.[1];
  if (found) return (family) => found(family);
  throw new UsageError("unknown-scenario", `no scenario "${name}"; there are: ${scenarioNames().join(", ")}`);
}

/** @returns its path as a person would type it. */
function writeReport(paths: readonly string[], wanted: string | undefined, record: RunRecord): string {
  const stem = paths.length === 1 ? basename(paths[0] ?? "").replace(/[^\w.-]+/g, "_") || "stdin" : "recordings";
  const name = `check-${stem === "-" ? "stdin" : stem}.html`;
  const isFolder = wanted !== undefined && statSync(wanted, { throwIfNoEntry: false })?.isDirectory() === true;
  const path = resolve(isFolder ? join(wanted, name) : (wanted ?? join(reportsDir(), name)));
  try {
    if (wanted === undefined) mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, renderHtml(record, { known: knownById }));
  } catch (cause) {
    throw new UsageError(
      "report-unwritable",
      `${path} cannot be written: ${describeError(cause)}; give another place with --html, or --no-html`,
      { cause },
    );
  }
  return relative(process.cwd(), path);
}
