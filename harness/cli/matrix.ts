import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { formatSpan, systemClock } from "../base/clock.ts";
import { UsageError } from "../base/errors.ts";
import { KNOWN_KERNELS } from "../lab/package-set.ts";
import { knownTo } from "../mhi/families/family.ts";
import { familyById, familyIds } from "../mhi/families/index.ts";
import { RUN_FILE, readRun } from "../record/store.ts";
import { reportsDir, runId } from "../runner/paths.ts";
import { type Cell, cellText, matrixExitCode, matrixTable } from "./matrix-table.ts";

interface MatrixOptions {
  readonly families: readonly string[];
  readonly kernels: readonly string[];
  readonly out?: string;
  readonly json?: boolean;
}

const INTERRUPTED = 130;

function families(text: string): string[] {
  const ids = listed(text);
  for (const id of ids) familyById(id);
  return ids;
}

function kernels(text: string): string[] {
  const versions = listed(text);
  const wrong = versions.find((version) => !/^\d{1,2}\.\d{1,3}$/.test(version));
  if (wrong === undefined) return versions;
  throw new InvalidArgumentError(`"${wrong}" is no kernel version; expected some of ${KNOWN_KERNELS.join(",")}`);
}

const listed = (text: string): string[] => text.split(",").filter((part) => part !== "");

/** The suites of every family on every kernel: one virtual rig after another. */
export function matrixCommand(): Command {
  return new Command("matrix")
    .description("run the suites over families and kernels, and print the table")
    .argument("[files...]", "spec files or folders of the suites (default: all)")
    .option("--families <ids>", "comma-separated (default: all)", families, [...familyIds()])
    .option("--kernels <versions>", "comma-separated", kernels, ["6.12", "7.2"])
    .option("--out <dir>", "folder for the runs' records and reports")
    .option("--json", "the cells on stdout, everything else on stderr")
    .addHelpText(
      "after",
      `
A cell of the table is a run of its own, with its record and report. "-": the kernel does not know the family.
Exit codes: 0 pass, 1 fail, 2 usage or rig fault, 3 inconclusive: the worst cell's

Examples:
  mhi-hil lab matrix
  mhi-hil lab matrix --families sdx55,aic100 --kernels 6.1,6.12,7.2
  mhi-hil lab matrix suites/boot --json`,
    )
    .action(async (files: string[], options: MatrixOptions) => {
      process.exitCode = await matrix(files, options);
    });
}

async function matrix(files: readonly string[], options: MatrixOptions): Promise<number> {
  const dir = resolve(options.out ?? join(reportsDir(), `matrix-${runId(systemClock.now())}`));
  mkdirSync(dir, { recursive: true });
  const say = (line: string): boolean => (options.json ? process.stderr : process.stdout).write(`${line}\n`);
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => interrupt.abort());
  const cells: Cell[] = [];
  for (const kernel of options.kernels) {
    for (const family of options.families) {
      const cell = knownTo(familyById(family), kernel)
        ? await runCell(family, kernel, join(dir, `${family}-${kernel}`), files, interrupt.signal)
        : unknownTo(family, kernel);
      if (interrupt.signal.aborted) return INTERRUPTED;
      cells.push(cell);
      say(`  ${`${family} on ${kernel}`.padEnd(18)} ${cellText(cell).padEnd(28)} ${formatSpan(cell.durationMs * 1e6)}`);
      writeFileSync(join(dir, "matrix.json"), JSON.stringify(cells, null, 1));
    }
  }
  for (const line of ["", ...matrixTable(cells), "", `records and reports in ${dir}`]) say(line);
  if (options.json) process.stdout.write(`${JSON.stringify({ cells, dir }, null, 2)}\n`);
  return matrixExitCode(cells);
}

const unknownTo = (family: string, kernel: string): Cell => ({
  family,
  kernel,
  exitCode: 0,
  durationMs: 0,
  notApplicable: true,
  note: `not in this kernel's drivers; they know it from ${familyById(family).since} on`,
});

async function runCell(
  family: string,
  kernel: string,
  dir: string,
  files: readonly string[],
  signal: AbortSignal,
): Promise<Cell> {
  mkdirSync(dir, { recursive: true });
  const startNs = systemClock.monotonicNs();
  const log = join(dir, "run.log");
  const exitCode = await runSuites(
    ["--rig", `virtual-${family}`, "--kernel", kernel, "--out", dir, ...files],
    log,
    signal,
  );
  const done = { family, kernel, exitCode, dir, durationMs: (systemClock.monotonicNs() - startNs) / 1e6 };
  const record = existsSync(join(dir, RUN_FILE)) ? readRun(dir) : undefined;
  if (!record) return { ...done, note: lastLine(log) };
  const worst = record.tests.find(({ outcome }) => outcome !== "pass" && outcome !== "skipped");
  const note = worst ? `${worst.title}: ${worst.summary}` : record.trouble[0];
  return { ...done, counts: record.counts, ...(note !== undefined && { note }) };
}

/** A run of its own: what it says goes into its log. */
async function runSuites(args: readonly string[], log: string, signal: AbortSignal): Promise<number> {
  const entry = process.argv[1];
  if (entry === undefined) throw new UsageError("no-entry", "the matrix must be started as a command");
  const file = openSync(log, "w");
  const child = spawn(process.execPath, [entry, "run", ...args], { stdio: ["ignore", file, file] });
  const onAbort = () => child.kill("SIGINT");
  signal.addEventListener("abort", onAbort);
  try {
    return await new Promise((done) => child.once("exit", (code) => done(code ?? 2)));
  } finally {
    signal.removeEventListener("abort", onAbort);
    closeSync(file);
  }
}

const lastLine = (path: string): string => readFileSync(path, "utf8").trimEnd().split("\n").at(-1) ?? "no word";
