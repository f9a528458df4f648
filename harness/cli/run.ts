import { spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { systemClock } from "../base/clock.ts";
import { describeError, RigFault, UsageError } from "../base/errors.ts";
import { faultNames } from "../endpoint/faults/index.ts";
import type { UserDrivers } from "../lab/build/user-modules.ts";
import { changedModules, differences, stockRun } from "../record/compare.ts";
import type { RunRecord } from "../record/schema.ts";
import { RUN_FILE, readRun } from "../record/store.ts";
import { loadRig } from "../rig/inventory/load.ts";
import { KeeperClient, type StartedKeeper, startKeeper } from "../runner/keeper-client.ts";
import { projectRoot, reportsDir, rigDirs, runId } from "../runner/paths.ts";
import { type RunEnv, writeRunEnv } from "../runner/run-env.ts";
import { TRACE_SOURCES, type TraceSourceChoice } from "../trace/probe/source-choice.ts";
import { checkKernel, kernelOption } from "./kernel-option.ts";
import { Progress } from "./progress.ts";

/** 128 + SIGINT, as a shell says it. */
const INTERRUPTED = 130;

interface RunOptions {
  readonly rig: string;
  readonly grep?: string;
  readonly suites?: string;
  readonly fault: string[];
  readonly kernel?: string;
  readonly kernelTree?: string;
  readonly modules?: string;
  readonly traceSource?: TraceSourceChoice;
  readonly retries: string;
  readonly repeat: string;
  readonly out?: string;
  readonly json?: boolean;
}

const collect = (value: string, list: string[]): string[] => [...list, value];

function wholeNumber(value: string): string {
  if (/^\d{1,3}$/.test(value)) return value;
  throw new InvalidArgumentError(`"${value}" is no number of retries; expected 0, 1, 2, ...`);
}

function times(value: string): string {
  if (/^[1-9]\d{0,3}$/.test(value)) return value;
  throw new InvalidArgumentError(`"${value}" is no number of times; expected 1 to 9999`);
}

/** Checked here, because the runner sees it only when the rig is up. */
function regularExpression(value: string): string {
  try {
    new RegExp(value);
    return value;
  } catch (error) {
    throw new InvalidArgumentError(`"${value}" is no regular expression: ${describeError(error)}`);
  }
}

export function runCommand(): Command {
  return new Command("run")
    .description("run the suites on a rig; sets the virtual rig up first if it is not there")
    .argument("[files...]", "spec files or folders of the suites (default: all)")
    .option("--rig <id>", "rig file's id or path", process.env.MHI_HIL_RIG ?? "virtual-sdx55")
    .option("-g, --grep <regex>", "only tests whose title matches", regularExpression)
    .option("--fault <name[:key=value,...]>", "let the virtual rig's device misbehave (again for more)", collect, [])
    .addOption(kernelOption())
    .addOption(
      new Option(
        "--trace-source <source>",
        "what the trace is made of (default auto: the driver's events; kprobes or its debug messages on kernels before 6.9)",
      ).choices(TRACE_SOURCES),
    )
    .option("--kernel-tree <dir>", "the drivers/bus/mhi of that kernel tree instead of the kernel's own, built for it")
    .option("--modules <dir>", "the .ko files of that folder instead of the kernel's own")
    .option("--suites <dir>", "folder of the specs; your own suites import their test from mhi-hil")
    .option("--retries <n>", "try a failed test again; passing then makes it flaky, never pass", wholeNumber, "0")
    .option("--repeat <n>", "run everything so many times on one boot of the rig: soak", times, "1")
    .option("--out <dir>", "folder for the run's record and report")
    .option("--json", "the run record's summary on stdout, everything else on stderr")
    .addHelpText(
      "after",
      `
Faults of the virtual rig: ${faultNames()}

Exit codes: 0 pass, 1 fail, 2 usage or rig fault, 3 inconclusive

Examples:
  mhi-hil run
  mhi-hil run --grep "S3"
  mhi-hil run suites/boot --fault ready-never
  mhi-hil run suites/boot --kernel 6.1
  mhi-hil run suites/power --kernel-tree ~/linux
  mhi-hil run suites/power/runtime-pm.spec.ts --repeat 200
  mhi-hil run --rig rigs/rack-3.yaml --retries 1 --json`,
    )
    .action(async (files: string[], options: RunOptions) => {
      process.exitCode = await run(files, options);
    });
}

async function run(files: readonly string[], options: RunOptions): Promise<number> {
  const startNs = systemClock.monotonicNs();
  const now = systemClock.now();
  const rig = loadRig(options.rig, rigDirs());
  const dir = makeRunDir(options.out ?? join(reportsDir(), runId(now)));
  const env: RunEnv = {
    id: runId(now),
    dir,
    rig: resolve(rig.path),
    faults: options.fault,
    command: process.argv.slice(2),
    startedAt: now.toISOString(),
    startNs,
    json: options.json === true,
    ...(options.traceSource && { traceSource: options.traceSource }),
    suites: options.suites ? resolve(options.suites) : join(projectRoot, "suites"),
  };
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);

  try {
    const keeper = await holdRig(rig.id, env, options, interrupt.signal);
    try {
      const code = await playwright(files, options, env, interrupt.signal);
      if (!interrupt.signal.aborted) return finish(env, code);
    } finally {
      await keeper.release();
    }
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
  }
  return interrupted(env);
}

function interrupted({ dir }: RunEnv): number {
  const judged = existsSync(join(dir, RUN_FILE));
  if (!judged) rmSync(dir, { recursive: true, force: true });
  const kept = judged ? `what was judged until then is in ${dir}` : "nothing had been judged yet";
  process.stderr.write(`mhi-hil: interrupted; the rig was given back, ${kept}\n`);
  return INTERRUPTED;
}

/** Absolute, for the runner works in a folder of its own. */
function makeRunDir(path: string): string {
  const dir = resolve(path);
  try {
    mkdirSync(dir, { recursive: true });
    return dir;
  } catch (cause) {
    throw new UsageError("out-unwritable", `the run's folder ${dir} cannot be made`, { cause });
  }
}

/** Starts the rig's keeper, or claims the one that `mhi-hil lab up` left running. */
async function holdRig(
  rigId: string,
  env: RunEnv,
  options: RunOptions,
  signal: AbortSignal,
): Promise<{ release(): Promise<void> }> {
  const who = `mhi-hil run ${env.id}`;
  const { kernel } = options;
  const drivers = driversOf(options);
  const progress = new Progress(process.stderr);
  let started: StartedKeeper | undefined;
  let client = await KeeperClient.find(rigId);
  try {
    if (!client) {
      started = await startKeeper(
        {
          rig: env.rig,
          faults: env.faults,
          ...(kernel !== undefined && { kernel }),
          ...(drivers && { drivers }),
          who,
          consoleLog: join(env.dir, "console.jsonl"),
          stay: false,
        },
        progress.update,
        signal,
      );
      client = await KeeperClient.find(rigId);
    }
    if (!client)
      throw new RigFault("keeper-ended", `rig ${rigId}: its keeper ended right after it was ready; run again`);
    if (!started) checkKernel(await client.status(), kernel);
    if (!started && drivers)
      throw new UsageError(
        "rig-up",
        `rig ${rigId} is up with its own drivers; end it first: mhi-hil lab down --rig ${rigId}`,
      );
    await client.claim(who, process.pid);
  } catch (error) {
    client?.close();
    await started?.stop();
    throw error;
  } finally {
    progress.done();
  }
  const armed = started ? [] : env.faults;
  for (const fault of armed) await client.setFault(fault, true);
  const held = client;
  return {
    release: async () => {
      if (!held.closed) for (const fault of armed) await held.setFault(fault, false);
      held.close();
      await started?.stop();
    },
  };
}

/** Absolute: the keeper works in a folder of its own. */
function driversOf({ kernelTree, modules }: RunOptions): UserDrivers | undefined {
  if (kernelTree === undefined && modules === undefined) return undefined;
  return {
    ...(kernelTree !== undefined && { kernelTree: resolve(kernelTree) }),
    ...(modules !== undefined && { modules: resolve(modules) }),
  };
}

/** With drivers of the user's: how the verdicts differ from those with the kernel's own. */
function tellDifferences(record: RunRecord, env: RunEnv): void {
  const changed = changedModules(record);
  if (changed.length === 0) return;
  const out = env.json ? process.stderr : process.stdout;
  const stock = stockRun(dirname(env.dir), record);
  if (!stock) {
    out.write(`with ${changed.join(", ")} of your own; there is no run with the kernel's own to compare with\n`);
    return;
  }
  const lines = differences(record, stock);
  out.write(
    `with ${changed.join(", ")} of your own, against the kernel's own (${stock.id}): ${lines.length === 0 ? "the same verdicts" : ""}\n`,
  );
  for (const line of lines) out.write(`  ${line}\n`);
}

/** The runner itself, as a child: its reporter prints the lines and writes the record. Resolves to its exit code. */
async function playwright(
  files: readonly string[],
  options: RunOptions,
  env: RunEnv,
  signal: AbortSignal,
): Promise<number | null> {
  const cli = join(dirname(createRequire(import.meta.url).resolve("@playwright/test/package.json")), "cli.js");
  const args = ["test", "--config", join(projectRoot, "playwright.config.ts"), "--retries", options.retries];
  args.push("--repeat-each", options.repeat);
  if (options.grep) args.push("--grep", options.grep);
  args.push(...files.map((file) => relative(projectRoot, resolve(file))));
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: projectRoot,
    stdio: ["ignore", options.json ? 2 : "inherit", "inherit"],
    env: { ...process.env, ...writeRunEnv(env), FORCE_COLOR: undefined },
  });
  const onAbort = () => child.kill("SIGINT");
  signal.addEventListener("abort", onAbort);
  try {
    return await new Promise((resolve) => child.once("exit", (code) => resolve(code)));
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** The run's own exit code is the record's: the runner knows only passed and failed. */
function finish(env: RunEnv, runnerCode: number | null): number {
  const record = readRun(env.dir);
  tellDifferences(record, env);
  if (env.json) {
    const { tests, ...rest } = record;
    const brief = tests.map(({ segments: _s, device: _d, console: _c, ...test }) => test);
    process.stdout.write(`${JSON.stringify({ ...rest, tests: brief, dir: env.dir }, null, 2)}\n`);
  }
  if (record.exitCode === 0 && runnerCode !== 0) {
    throw new RigFault(
      "runner-failed",
      `the runner ended with code ${runnerCode} although no test failed; see ${env.dir}`,
    );
  }
  return record.exitCode;
}
