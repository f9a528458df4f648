/** One short-lived program of the controller: arguments in, output and exit code out, ended when the caller gives up. */
import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { RigFault } from "../base/errors.ts";

export interface ProgramOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export interface ProgramResult {
  /** `null` when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How long a program that was asked to end may take before it is killed. */
const KILL_AFTER_MS = 2000;

/** First match of `name` on PATH (and in the sbin folders, which an ordinary user's PATH leaves out). */
export async function findProgram(name: string, env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  const dirs = [...(env.PATH ?? "").split(":"), "/usr/sbin", "/sbin"].filter((dir) => dir !== "");
  for (const dir of dirs) {
    const path = join(dir, name);
    const usable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (usable) return path;
  }
  return undefined;
}

/**
 * Runs to the end; a non-zero exit code is a result, not an error.
 *
 * @throws RigFault `lab-cancelled` when `signal` fires, `program-start` when it cannot be started,
 *   `program-timeout` when it takes longer than `timeoutMs`.
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  throwIfCancelled(options.signal);
  return await new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      stdio: ["ignore", "pipe", "pipe"],
      ...(options.cwd !== undefined && { cwd: options.cwd }),
      ...(options.env && { env: options.env }),
    });
    let stdout = "";
    let stderr = "";
    let ended: RigFault | undefined;
    let killTimer: NodeJS.Timeout | undefined;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const stop = (why: RigFault): void => {
      ended ??= why;
      child.kill("SIGTERM");
      killTimer ??= setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS);
    };
    const onAbort = (): void => stop(cancelled());
    options.signal?.addEventListener("abort", onAbort, { once: true });
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(
            () => stop(new RigFault("program-timeout", `${file} did not end within ${options.timeoutMs} ms`)),
            options.timeoutMs,
          );
    const settle = (): void => {
      clearTimeout(timer);
      clearTimeout(killTimer);
      options.signal?.removeEventListener("abort", onAbort);
    };
    child.once("error", (cause) => {
      settle();
      reject(new RigFault("program-start", `cannot start ${file}: ${cause.message}`, { cause }));
    });
    child.once("close", (code) => {
      settle();
      if (ended) reject(ended);
      else resolve({ code, stdout, stderr });
    });
  });
}

export const cancelled = (): RigFault => new RigFault("lab-cancelled", "setting up the lab was interrupted");

export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled();
}
