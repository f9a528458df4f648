import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { Command } from "commander";
import { renderHtml } from "../../reports/html/render.ts";
import { describeError, UsageError } from "../base/errors.ts";
import type { LogLine } from "../judge/evidence.ts";
import { knownById, type Scenario, scenario } from "../judge/index.ts";
import { check } from "../judge/recording/check.ts";
import { guessFamily } from "../judge/recording/family-guess.ts";
import { isTelling, type Recording, readRecording } from "../judge/recording/recording.ts";
import type { FamilyProfile } from "../mhi/families/family.ts";
import { familyById, familyIds } from "../mhi/families/index.ts";
import type { RunRecord } from "../record/schema.ts";
import { reportsDir } from "../runner/paths.ts";
import { kernelLogOf } from "../trace/open/log-lines.ts";
import { openTrace } from "../trace/open/open-trace.ts";
import { checkLines } from "./check-lines.ts";
import { type CheckedFile, recordOf } from "./check-record.ts";
import { Progress } from "./progress.ts";
import { FILE_ARGUMENT } from "./trace-input.ts";
import { version } from "./version.ts";

interface CheckOptions {
  readonly family?: string;
  readonly scenario?: string;
  readonly listScenarios?: boolean;
  readonly allowRecovered?: boolean;
  readonly dmesg?: string;
  readonly html?: string | false;
  readonly json?: boolean;
}

export const checkCommand = (): Command =>
  new Command("check")
    .description("verdict on a recording, with no rig: what happened, what broke, what it is known as")
    .argument("[files...]", FILE_ARGUMENT)
    .option("--family <id>", `device family: ${familyIds().join(", ")} (default: what the recording's log names)`)
    .option("--scenario <name>", "what must have happened in it, besides the rules that always hold")
    .option("--list-scenarios", "names for --scenario")
    .option("--allow-recovered", "failures that the device came back from do not count")
    .option("--dmesg <file>", "the host's kernel log of the same boot: it names causes")
    .option("--html <file>", "the report's place (default: reports/out/check-NAME.html)")
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
  mhi-hil check boot.dat --scenario boot
  mhi-hil check nightly/*.dat.gz --allow-recovered --json
  ssh host cat /sys/kernel/tracing/trace | mhi-hil check -`;

async function run(paths: readonly string[], options: CheckOptions): Promise<void> {
  if (options.listScenarios) return void process.stdout.write(`${scenarioNames().join("\n")}\n`);
  if (paths.length === 0) throw new UsageError("check-no-file", "check wants a recording: mhi-hil check FILE");
  const startedAt = new Date();
  const began = performance.now();
  const files: CheckedFile[] = [];
  for (const path of paths) files.push(await checkFile(path, options));
  const record = recordOf(files, {
    id: `check-${startedAt.toISOString().slice(0, 19)}`,
    startedAt,
    durationMs: performance.now() - began,
    command: ["check", ...paths],
    version: version(),
  });
  const report = options.html === false ? undefined : writeReport(paths, options.html, record);
  const text = options.json ? json(files, report) : files.flatMap((file) => checkLines(file, report)).join("\n");
  process.stdout.write(`${text}\n`);
  process.exitCode = record.exitCode;
}

async function checkFile(path: string, options: CheckOptions): Promise<CheckedFile> {
  const progress = process.stderr.isTTY ? new Progress(process.stderr) : undefined;
  const source = await openTrace(path);
  let recording: Recording;
  try {
    recording = await readRecording(source, {
      log: (originNs) => logOf(path, options.dmesg, originNs),
      onProgress: (events) => progress?.update(`${basename(path)}: ${(events / 1e6).toFixed(1)} million events`),
    });
  } finally {
    progress?.done();
    source.close();
  }
  const guess = options.family === undefined ? guessFamily(recording) : { family: familyById(options.family), how: "" };
  const wanted = options.scenario === undefined ? undefined : scenarioNamed(options.scenario);
  const checked = check(recording, {
    family: guess.family,
    allowRecovered: options.allowRecovered === true,
    ...(wanted ? { scenario: wanted } : {}),
  });
  return { path, recording, family: guess.family.id, familyHow: guess.how, checked };
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
  const path = resolve(wanted ?? join(reportsDir(), `check-${stem === "-" ? "stdin" : stem}.html`));
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

function json(files: readonly CheckedFile[], report: string | undefined): string {
  const documents = files.map(({ path, recording, family, familyHow, checked }) => ({
    file: path,
    form: recording.form,
    kernel: recording.kernel ?? null,
    family,
    familyFoundBy: familyHow,
    originNs: recording.originNs.toString(),
    fromNs: Number.isFinite(recording.fromNs) ? recording.fromNs : null,
    toNs: Number.isFinite(recording.toNs) ? recording.toNs : null,
    events: recording.events.length,
    gaps: recording.gaps,
    controllers: checked.map(({ controller, outcome, recovered, findings, verdict, evidence }) => ({
      controller,
      outcome,
      recovered,
      story: verdict.story,
      measures: verdict.measures,
      findings: findings.map(({ because, segment: _, ...finding }) => ({
        ...finding,
        because: because.map((index) => evidence.events[index]),
      })),
    })),
  }));
  return JSON.stringify(
    { schema: "mhi-hil/check/1", ...(report === undefined ? {} : { report }), files: documents },
    null,
    2,
  );
}
