/** What a measured process says of itself, one line of JSON on its standard output. */
import { readFileSync } from "node:fs";

export interface WalkResult {
  readonly events: number;
  readonly checksum: number;
  /** Inside the process, without its start. */
  readonly ms?: number;
  readonly peakMib?: number;
  readonly unknown?: number;
  readonly backwards?: number;
  readonly gaps?: number;
}

export const printResult = (result: WalkResult): void => {
  process.stdout.write(`${JSON.stringify({ ...result, peakMib: peakMib() })}\n`);
};

/** The kernel's own high-water mark of this program; what getrusage tells would include the process that started it. */
function peakMib(): number {
  const kib = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  return Number(kib) / 1024;
}
