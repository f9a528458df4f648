/** One QEMU process from power-on to power-off. It dies with the process that started it, however that ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, type WriteStream } from "node:fs";
import { z } from "zod";
import { RigFault } from "../base/errors.ts";
import { CONSOLE_ID } from "./qemu-args.ts";
import type { QemuBinary } from "./qemu-binary.ts";
import { QmpClient } from "./qmp.ts";

export interface QemuEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const chardevsSchema = z.array(z.object({ label: z.string(), filename: z.string() }));

/** Loading 50 shared libraries on a busy machine with two cores. */
const START_MS = 20_000;
const QUIT_MS = 2000;

/**
 * setpriv (util-linux, essential in Debian) has the kernel kill QEMU when the thread that started it ends: even SIGKILL of
 * the lab leaves no machine running.
 */
export function spawnQemu(
  binary: QemuBinary,
  args: readonly string[],
  stdio: ["pipe" | "ignore", "pipe" | "ignore", "pipe"],
): ChildProcess {
  return spawn("setpriv", ["--pdeathsig", "KILL", binary.file, ...binary.prefix, ...args], {
    stdio,
    env: { ...process.env, ...binary.env },
    // Its own process group: Ctrl-C reaches the lab, which then ends QEMU in order.
    detached: true,
  });
}

export class Qemu {
  readonly qmp: QmpClient;
  readonly ended: Promise<QemuEnd>;
  readonly #child: ChildProcess;
  readonly #stderr: string[];

  private constructor(child: ChildProcess, qmp: QmpClient, ended: Promise<QemuEnd>, stderr: string[]) {
    this.#child = child;
    this.qmp = qmp;
    this.ended = ended;
    this.#stderr = stderr;
  }

  /**
   * Starts QEMU with its processors stopped; QMP is ready when this returns.
   *
   * @throws RigFault `qemu-start` with QEMU's own last line.
   */
  static async start(binary: QemuBinary, args: readonly string[], logPath: string): Promise<Qemu> {
    const child = spawnQemu(binary, args, ["pipe", "pipe", "pipe"]);
    const stderr: string[] = [];
    keepStderr(child, stderr, createWriteStream(logPath, { flags: "a" }));
    const ended = new Promise<QemuEnd>((resolve) => {
      child.once("error", (error) => {
        stderr.push(error.message);
        resolve({ code: null, signal: null });
      });
      child.once("close", (code, signal) => resolve({ code, signal }));
    });
    if (!child.stdout || !child.stdin) throw new RigFault("qemu-start", "QEMU has no monitor: its pipes are missing");
    const qemu = new Qemu(child, new QmpClient(child.stdout, child.stdin), ended, stderr);
    try {
      const endedFirst = ended.then(() => {
        throw new RigFault("qemu-start", `QEMU did not start: ${qemu.lastWords()}`);
      });
      await Promise.race([qemu.qmp.negotiate(START_MS), endedFirst]);
    } catch (error) {
      await qemu.kill();
      throw error instanceof RigFault && error.code !== "qmp-closed"
        ? error
        : new RigFault("qemu-start", `QEMU did not start: ${qemu.lastWords()}`, { cause: error });
    }
    return qemu;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The last line that QEMU wrote to standard error. */
  lastWords(): string {
    const line = this.#stderr.join("").trim().split("\n").at(-1) ?? "";
    return line === "" ? "it said nothing" : line.replace(/^qemu\S*: /, "");
  }

  /** Path of the pty behind the guest's serial port. */
  async consolePty(): Promise<string> {
    const chardevs = chardevsSchema.parse(await this.qmp.execute("query-chardev"));
    const filename = chardevs.find(({ label }) => label === CONSOLE_ID)?.filename;
    const path = filename?.startsWith("pty:") ? filename.slice("pty:".length) : undefined;
    if (path === undefined)
      throw new RigFault("qemu-console", `QEMU gave the console no pty (${filename ?? "no chardev"})`);
    return path;
  }

  /** Ends QEMU at once, in order if it answers, else by SIGKILL. The guest notices nothing: its power is gone. */
  async quit(): Promise<QemuEnd> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), QUIT_MS);
    try {
      await this.qmp.execute("quit", {}, QUIT_MS).catch(() => undefined);
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }

  async kill(): Promise<QemuEnd> {
    this.#child.kill("SIGKILL");
    return await this.ended;
  }
}

function keepStderr(child: ChildProcess, kept: string[], log: WriteStream): void {
  log.on("error", () => undefined); // a full disk must not end the machine; the last lines are kept in memory
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    log.write(text);
    kept.push(text);
    if (kept.length > 50) kept.shift();
  });
  child.once("close", () => log.end());
}
