/** The emulated device's process: started before the machine, outlives its power cycles, ends with the lab. */
import { type ChildProcess, spawn } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RigFault } from "../base/errors.ts";
import { EndpointClient } from "../endpoint/client.ts";
import type { PowerOnEe } from "../mhi/exec-env.ts";

/** A Unix socket's path has 108 bytes with its NUL (unix(7)). */
const MAX_SOCKET_PATH = 107;
const READY_MS = 10_000;
const END_MS = 2000;

export interface EndpointOptions {
  readonly stateDir: string;
  readonly logPath: string;
  /** In a lab with several: which one, from 0. */
  readonly index?: number;
  readonly profile: string;
  readonly powerOnEe?: PowerOnEe;
  readonly slotPower: "kept" | "lost";
  readonly faults: readonly string[];
}

export class EndpointProcess {
  readonly socketPath: string;
  readonly client: EndpointClient;
  /** Resolves with a sentence when the process ends, asked to or not. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, socketPath: string, client: EndpointClient, ended: Promise<string>) {
    this.#child = child;
    this.socketPath = socketPath;
    this.client = client;
    this.ended = ended;
  }

  /** @throws RigFault `endpoint-start` with the endpoint's own words, `state-dir-too-long`. */
  static async start(options: EndpointOptions): Promise<EndpointProcess> {
    await removeDeadSockets(options.stateDir);
    const place = options.index ? String(options.index) : "";
    const socketPath = join(options.stateDir, `dut${place}-${process.pid}.sock`);
    const controlPath = join(options.stateDir, `ctl${place}-${process.pid}.sock`);
    if (Buffer.byteLength(socketPath) > MAX_SOCKET_PATH) {
      throw new RigFault(
        "state-dir-too-long",
        `the lab's folder ${options.stateDir} is too long for a Unix socket (${Buffer.byteLength(socketPath)} bytes, ${MAX_SOCKET_PATH} fit); set XDG_RUNTIME_DIR to a shorter one`,
      );
    }
    const entry = fileURLToPath(new URL("../../bundle/endpoint.js", import.meta.url));
    const child = spawn(
      process.execPath,
      [
        entry,
        ...["--socket", socketPath, "--control", controlPath, "--log", options.logPath],
        ...["--profile", options.profile, "--slot-power", options.slotPower, "--exit-with-stdin"],
        ...(options.powerOnEe === undefined ? [] : ["--power-on-ee", options.powerOnEe]),
        ...options.faults.flatMap((fault) => ["--fault", fault]),
      ],
      { stdio: ["pipe", "pipe", "pipe"], detached: true },
    );
    const { ended } = await untilReady(child);
    const client = await EndpointClient.connect(controlPath);
    return new EndpointProcess(child, socketPath, client, ended);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  async close(): Promise<void> {
    this.client.close();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), END_MS);
    this.#child.stdin?.end();
    await this.ended;
    clearTimeout(timer);
  }
}

/** Waits for the line `ready`. */
async function untilReady(child: ChildProcess): Promise<{ readonly ended: Promise<string> }> {
  let stderr = "";
  child.stdin?.on("error", () => undefined);
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-4000);
  });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`the endpoint could not be started: ${error.message}`));
    child.once("close", (code, signal) => {
      const words = stderr.trim().split("\n").at(-1) ?? "";
      resolve(`the endpoint ended (${signal ?? `exit code ${code}`})${words === "" ? "" : `: ${words}`}`);
    });
  });
  let timer: NodeJS.Timeout | undefined;
  const outcome = await Promise.race([
    ended,
    new Promise<undefined>((resolve) => {
      let stdout = "";
      child.stdout?.setEncoding("utf8").on("data", (text: string) => {
        stdout += text;
        if (/^ready$/m.test(stdout)) resolve(undefined);
      });
    }),
    new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`the endpoint was not ready within ${READY_MS} ms`), READY_MS);
    }),
  ]);
  clearTimeout(timer);
  if (outcome === undefined) return { ended };
  child.kill("SIGKILL");
  throw new RigFault("endpoint-start", `the emulated device did not start: ${outcome}`);
}

/** Sockets of labs that were killed together with their endpoint. */
async function removeDeadSockets(stateDir: string): Promise<void> {
  for (const name of await readdir(stateDir)) {
    const pid = /^(?:dut|ctl)\d*-(\d+)\.sock$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(stateDir, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
