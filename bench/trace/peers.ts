/** The others: Debian's trace-cmd, and a few lines of C over its library, built when needed. */
import { access } from "node:fs/promises";
import { join } from "node:path";
import { RigFault, UsageError } from "../../harness/base/errors.ts";
import { findProgram, runProgram } from "../../harness/lab/run-program.ts";
import { projectRoot } from "../../harness/runner/paths.ts";
import type { Program } from "./processes.ts";

const HEADERS: readonly (readonly [string, string])[] = [
  ["libtracecmd-dev", "/usr/include/trace-cmd/trace-cmd.h"],
  ["libtracefs-dev", "/usr/include/tracefs/tracefs.h"],
  ["libtraceevent-dev", "/usr/include/traceevent/event-parse.h"],
];
const CONVERT_MS = 600_000;

export interface Peers {
  /** As it names itself. */
  readonly version: string;
  report(path: string): Program;
  fieldWalk(path: string): Program;
  /** A file of version 7 from one of version 6. */
  convert(from: string, to: string, compression: "none" | "zstd"): Promise<void>;
}

/** @throws UsageError `bench-peers` says which packages are missing. */
export async function findPeers(dir: string): Promise<Peers> {
  const missing: string[] = [];
  for (const name of ["trace-cmd", "gcc"]) if (!(await findProgram(name))) missing.push(name);
  for (const [name, header] of HEADERS) {
    await access(header).catch(() => void missing.push(name));
  }
  if (missing.length > 0) {
    throw new UsageError(
      "bench-peers",
      `missing to compare with: ${missing.join(", ")}; install them with: apt-get install ${missing.join(" ")}, or leave the comparison out with --peers no`,
    );
  }
  const walker = join(dir, "field-walk");
  await run("gcc", ["-O2", ...includes(), fieldWalkSource, "-o", walker, ...LIBRARIES]);
  const version = (await run("trace-cmd", ["--version"], true)).match(/version (\S+)/)?.[1] ?? "?";
  return {
    version,
    report: (path) => ({ name: "trace-cmd report", argv: ["trace-cmd", "report", path], slow: true }),
    fieldWalk: (path) => ({ name: "C field walk", argv: [walker, path], tells: true }),
    convert: async (from, to, compression) => {
      const form = ["--file-version", "7", "--compression", compression];
      await run("trace-cmd", ["convert", "-i", from, "-o", to, ...form]);
    },
  };
}

const LIBRARIES = ["-ltracecmd", "-ltracefs", "-ltraceevent"];
const fieldWalkSource = join(projectRoot, "bench", "trace", "field-walk.c");
const includes = (): string[] => ["trace-cmd", "tracefs", "traceevent"].map((name) => `-I/usr/include/${name}`);

async function run(file: string, args: readonly string[], anyCode = false): Promise<string> {
  const { code, stdout, stderr } = await runProgram(file, args, { timeoutMs: CONVERT_MS });
  if (code === 0 || anyCode) return stdout;
  throw new RigFault("bench-program", `${file} ${args.join(" ")} ended with exit code ${code}: ${stderr.slice(-300)}`);
}
