/**
 * A shell that runs host operations for real, by a POSIX sh of this machine, on a tree of plain files instead of /sys,
 * /proc and /tmp: what a script does is checked by the shells that hosts have (dash, busybox), without touching this one.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { RigFault } from "../../../harness/base/errors.ts";
import type { ExecOptions, ExecResult, Shell, ShellStream } from "../../../harness/rig/shell/shell.ts";

export const hostShells: readonly (readonly string[])[] = [
  ["/bin/sh", "-c"],
  ...(existsSync("/usr/bin/busybox") ? [["/usr/bin/busybox", "sh", "-c"]] : []),
];

export class TreeShell implements Shell {
  readonly root = mkdtempSync(join(tmpdir(), "mhi-hil-tree-"));
  readonly connected = true;
  readonly #argv: readonly string[];

  constructor(argv: readonly string[]) {
    this.#argv = argv;
    for (const dir of ["tmp", "proc"]) mkdirSync(join(this.root, dir));
    symlinkSync("/proc/uptime", join(this.root, "proc/uptime"));
  }

  file(path: string, content = ""): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), content);
  }

  link(path: string, target: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    symlinkSync(join(this.root, target), join(this.root, path));
  }

  exec(command: string, options: ExecOptions = {}): Promise<ExecResult> {
    const [program = "", ...args] = [...this.#argv, command.replace(/\/(sys|proc|tmp)\//g, `${this.root}/$1/`)];
    return new Promise((resolve, reject) => {
      const child = spawn(program, args);
      let stdout = "";
      let stderr = "";
      const timer = setTimeout(() => {
        child.kill("SIGKILL");
        reject(new RigFault("shell-timeout", "timed out"));
      }, options.timeoutMs ?? 10_000);
      child.stdout.on("data", (chunk) => {
        stdout += chunk;
      });
      child.stderr.on("data", (chunk) => {
        stderr += chunk;
      });
      child.on("close", (code) => {
        clearTimeout(timer);
        resolve({ exitCode: code ?? 137, stdout, stderr });
      });
      child.stdin.on("error", () => undefined);
      child.stdin.end(options.input ?? "");
    });
  }

  async run(command: string, options?: ExecOptions): Promise<string> {
    const result = await this.exec(command, options);
    if (result.exitCode !== 0) throw new RigFault("command-failed", result.stderr);
    return result.stdout;
  }

  stream = (): Promise<ShellStream> => Promise.reject(new Error("no streams on a tree"));
  upload = (): Promise<void> => Promise.reject(new Error("no uploads on a tree"));
  reconnect = async (): Promise<void> => undefined;
  onDisconnect = () => () => undefined;
  expectSilence = (): void => undefined;
  close = async (): Promise<void> => rmSync(this.root, { recursive: true, force: true });
}
