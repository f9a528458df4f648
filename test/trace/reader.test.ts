/** The reader's command line, run by a real shell on a FIFO, whose end of file can be had at will. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { waitFor } from "../../harness/base/wait.ts";
import { readerCommand } from "../../harness/trace/tracefs.ts";

let root: string;
let fifo: string;
let child: ChildProcess;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mhi-hil-reader-"));
  const folder = join(root, "instances", "own", "per_cpu", "cpu0");
  mkdirSync(folder, { recursive: true });
  fifo = join(folder, "trace_pipe_raw");
  execFileSync("mkfifo", [fifo]);
});
afterEach(() => {
  child.kill("SIGKILL");
  rmSync(root, { recursive: true });
});

/** The FIFO's writing end once somebody reads it; no blocking open, which would wait for ever where nobody does. */
function writingEnd(): number | undefined {
  try {
    return openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

function readerPid(): number | undefined {
  const reads = (pid: string): boolean => {
    try {
      return readlinkSync(`/proc/${pid}/fd/0`) === fifo;
    } catch {
      return false;
    }
  };
  const pid = readdirSync("/proc").find((name) => /^\d+$/.test(name) && reads(name));
  return pid === undefined ? undefined : Number(pid);
}

test("an end of file that is none is read over; a reader that was killed stays down", { timeout: 10_000 }, async () => {
  const started = spawn("sh", ["-c", readerCommand({ root, instance: "own" }, 0, 4096)], { stdio: "pipe" });
  child = started;
  const ended = once(started, "exit");
  let text = "";
  started.stdout.setEncoding("latin1").on("data", (part: string) => {
    text += part;
  });
  const opened = () => waitFor(writingEnd, { what: "somebody to read", timeoutMs: 2000 });
  for (const part of ["one ", "two ", "three"]) {
    const end = await opened();
    writeSync(end, part);
    closeSync(end); // this is the reader's end of file
    await waitFor(() => text.endsWith(part), { what: `"${part}" to come through`, timeoutMs: 2000 });
  }
  expect(text).toBe("one two three");
  const end = await opened();
  process.kill(await waitFor(readerPid, { what: "a process that reads", timeoutMs: 2000 }), "SIGKILL");
  const [code] = await ended;
  expect(code).toBe(137);
  closeSync(end);
});
