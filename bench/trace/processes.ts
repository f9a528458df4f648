/** Programs under measurement: whole processes, timed from their start to their end. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { RigFault } from "../../harness/base/errors.ts";
import type { WalkResult } from "./result.ts";

const LOOK_EVERY_MS = 10;
const MAX_OUTPUT_CHARS = 64 << 10;

export interface Program {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  /** It prints a WalkResult; otherwise what it prints goes to /dev/null. */
  readonly tells?: boolean;
  /** Ten times the others' time and more. */
  readonly slow?: boolean;
}

export interface Run {
  readonly seconds: number;
  /** Of the whole process, as seen from outside every 10 ms; what a process says of itself is exact. */
  readonly peakMib: number;
  readonly result?: WalkResult;
}

/** @throws RigFault `bench-program` when it fails. */
export async function timed(program: Program): Promise<Run> {
  const [file, ...args] = program.argv;
  const startedAt = performance.now();
  const child = spawn(file, args, { stdio: ["ignore", program.tells ? "pipe" : "ignore", "pipe"] });
  let stdout = "";
  let stderr = "";
  let peakMib = 0;
  let seconds = 0;
  child.stdout?.on("data", (chunk: Buffer) => {
    stdout = `${stdout}${chunk}`.slice(-MAX_OUTPUT_CHARS);
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr = `${stderr}${chunk}`.slice(-MAX_OUTPUT_CHARS);
  });
  child.once("exit", () => {
    seconds = (performance.now() - startedAt) / 1000;
  });
  const looking = setInterval(() => {
    peakMib = Math.max(peakMib, child.pid === undefined ? 0 : peakOf(child.pid));
  }, LOOK_EVERY_MS);
  const stop = (): void => void child.kill();
  process.once("exit", stop);
  try {
    const [code] = await once(child, "close");
    if (code !== 0) throw failed(program, `exit code ${code}: ${stderr.trim().slice(-300)}`);
  } finally {
    clearInterval(looking);
    process.off("exit", stop);
  }
  if (!program.tells) return { seconds, peakMib };
  const result = resultOf(program, stdout);
  return { seconds, peakMib: result.peakMib ?? peakMib, result };
}

function resultOf(program: Program, stdout: string): WalkResult {
  try {
    return JSON.parse(stdout) as WalkResult;
  } catch (cause) {
    throw failed(program, `expected a line of JSON, found "${stdout.slice(0, 80)}"`, cause);
  }
}

const failed = (program: Program, how: string, cause?: unknown): RigFault =>
  new RigFault("bench-program", `${program.name} (${program.argv.join(" ")}) failed: ${how}`, { cause });

function peakOf(pid: number): number {
  try {
    const kib = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kib ?? 0) / 1024;
  } catch {
    return 0; // it has just ended
  }
}

/** How often a round runs a quick program, for one run of a slow one. */
const QUICK_RUNS = 3;

/**
 * A B A B, not A A B B: a slow stretch of the machine then meets all of them. A round's run of a quick program is the
 * median of several.
 */
export async function interleaved(programs: readonly Program[], runs: number): Promise<Map<string, Run[]>> {
  const all = new Map<string, Run[]>(programs.map(({ name }) => [name, []]));
  for (let round = 0; round < runs; round++) {
    const own = new Map<string, Run[]>(programs.map(({ name }) => [name, []]));
    for (let time = 0; time < QUICK_RUNS; time++) {
      for (const program of programs)
        if (time === 0 || !program.slow) own.get(program.name)?.push(await timed(program));
    }
    for (const [name, times] of own) {
      times.sort((a, b) => a.seconds - b.seconds);
      const middle = times[times.length >> 1];
      if (middle) all.get(name)?.push(middle);
    }
  }
  return all;
}
