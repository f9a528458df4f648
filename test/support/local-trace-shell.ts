/** A shell on this very machine, for the collector's tests against the kernel that runs them. */
import { spawn } from "node:child_process";
import type { TraceShell, TraceStream } from "../../harness/trace/trace-shell.ts";

export class LocalTraceShell implements TraceShell {
  exec(command: string): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    const child = spawn("sh", ["-c", command], { stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve({ exitCode: code ?? 128, stdout, stderr }));
    });
  }

  async stream(command: string): Promise<TraceStream> {
    const child = spawn("sh", ["-c", command], { stdio: ["ignore", "pipe", "ignore"] });
    const done = new Promise<{ exitCode?: number }>((resolve) => {
      child.on("close", (code) => resolve(code === null ? {} : { exitCode: code }));
    });
    return {
      onData: (callback) => void child.stdout.on("data", callback),
      close: () => void child.kill("SIGKILL"),
      done,
    };
  }
}
