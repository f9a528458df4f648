/** `mhi-hil decode` as a user starts it, in a process of its own whose memory is watched. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..", "..");

export interface Decoded {
  readonly code: number | null;
  readonly stderr: string;
  readonly peakMib: number;
  readonly seconds: number;
}

/** The kernel's own high-water mark, looked at while the process lives. */
function peakOf({ pid }: ChildProcess): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/**
 * @param path - `-` for what `feed` writes to the child's standard input.
 * @param feed - ends the child's standard input.
 */
export async function decodeInChild(path: string, feed?: (child: ChildProcess) => Promise<void>): Promise<Decoded> {
  const started = performance.now();
  const args = [join(root, "bin/mhi-hil.js"), "decode", "--stats", path];
  const child = spawn(process.execPath, args, { stdio: [feed ? "pipe" : "ignore", "ignore", "pipe"] });
  let stderr = "";
  let peakMib = 0;
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  const looking = setInterval(() => {
    peakMib = Math.max(peakMib, peakOf(child));
  }, 10);
  const closed = once(child, "close");
  await feed?.(child);
  const [code] = (await closed) as [number | null];
  clearInterval(looking);
  return { code, stderr: stderr.trim(), peakMib, seconds: (performance.now() - started) / 1000 };
}
