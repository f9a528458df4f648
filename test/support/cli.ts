/** Runs the command as a user would, in a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { findingSchema, outcomeSchema } from "../../harness/record/schema.ts";

export const root = resolve(import.meta.dirname, "..", "..");

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

export interface RunningCli {
  readonly child: ChildProcess;
  readonly done: Promise<CliResult>;
  /** Resolves as soon as stderr and stdout together match. */
  seen(pattern: RegExp, timeoutMs: number): Promise<void>;
}

export function startCli(
  args: readonly string[],
  env: Record<string, string> = {},
  stdin: "ignore" | "pipe" = "ignore",
): RunningCli {
  const started = performance.now();
  const child = spawn(process.execPath, [join(root, "bin", "mhi-hil.js"), ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: "1", ...env },
    stdio: [stdin, "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const done = new Promise<CliResult>((resolve) => {
    child.once("close", (code) => resolve({ code, stdout, stderr, seconds: (performance.now() - started) / 1000 }));
  });
  const seen = async (pattern: RegExp, timeoutMs: number): Promise<void> => {
    const deadline = performance.now() + timeoutMs;
    while (!pattern.test(stdout + stderr)) {
      if (performance.now() > deadline) throw new Error(`never saw ${pattern} in:\n${stdout}\n${stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { child, done, seen };
}

export const cli = (args: readonly string[], env: Record<string, string> = {}): Promise<CliResult> =>
  startCli(args, env).done;

const briefRunSchema = z.object({
  exitCode: z.number(),
  dir: z.string(),
  counts: z.record(z.string(), z.number()),
  trouble: z.array(z.string()),
  tests: z.array(
    z.object({
      title: z.string(),
      outcome: outcomeSchema,
      summary: z.string(),
      story: z.string(),
      findings: z.array(findingSchema),
    }),
  ),
});
export type BriefRun = z.infer<typeof briefRunSchema>;

/** `mhi-hil run --json ...` into a folder of its own; the record's summary beside the process's result. */
export async function runSuite(args: readonly string[]): Promise<{ run: BriefRun; result: CliResult }> {
  const out = mkdtempSync(join(tmpdir(), "mhi-hil-run-"));
  try {
    const result = await cli(["run", "--json", "--out", out, ...args]);
    return { run: parseRun(result), result };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

export function parseRun(result: CliResult): BriefRun {
  try {
    return briefRunSchema.parse(JSON.parse(result.stdout));
  } catch (cause) {
    throw new Error(`no run record on stdout (exit ${result.code}):\n${result.stdout}\n${result.stderr}`, { cause });
  }
}
