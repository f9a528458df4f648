/** The command as a user runs it: to the first verdict, and to its end. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../harness/runner/paths.ts";
import type { Figure } from "./figures.ts";

const ROUNDS = 3;

interface Round {
  readonly firstVerdictS: number;
  readonly wholeS: number;
}

export async function benchSuite(): Promise<Figure[]> {
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await runOnce());
  return [
    { name: "command to first verdict", unit: "s", values: rounds.map((round) => round.firstVerdictS) },
    { name: "whole default suite", unit: "s", values: rounds.map((round) => round.wholeS) },
  ];
}

async function runOnce(): Promise<Round> {
  const out = mkdtempSync(join(tmpdir(), "mhi-hil-bench-"));
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  const child = spawn(process.execPath, [join(projectRoot, "bin", "mhi-hil.js"), "run", "--out", out], {
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let firstVerdictS = 0;
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    if (firstVerdictS === 0 && /^ {2}(ok|FAIL|incon|infra|flaky) /m.test(text)) firstVerdictS = seconds();
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  rmSync(out, { recursive: true, force: true });
  if (code !== 0) throw new Error(`the default suite ended with ${code}, so its time means nothing:\n${text}`);
  return { firstVerdictS, wholeS: seconds() };
}
