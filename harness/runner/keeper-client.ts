/** The typed way to a rig's keeper, and the ways to find or start one. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { DutFault, RigFault, UsageError } from "../base/errors.ts";
import { RpcClient } from "../base/rpc.ts";
import type { KeeperProcessOptions } from "./keeper-main.ts";
import * as protocol from "./keeper-protocol.ts";
import { controlSocket } from "./paths.ts";

export class KeeperClient {
  readonly #rpc: RpcClient;

  private constructor(rpc: RpcClient) {
    this.#rpc = rpc;
  }

  /** `undefined` when no keeper of that rig runs. */
  static async find(rigId: string): Promise<KeeperClient | undefined> {
    const rpc = await RpcClient.connect(controlSocket(rigId));
    return rpc && new KeeperClient(rpc);
  }

  status = async (): Promise<protocol.KeeperStatus> =>
    protocol.keeperStatusSchema.parse(await this.#rpc.call("status"));
  claim = (who: string, pid: number): Promise<unknown> => this.#rpc.call("claim", { who, pid });
  setPower = (state: "on" | "off"): Promise<unknown> => this.#rpc.call("power", { state }, 60_000);
  reset = (): Promise<unknown> => this.#rpc.call("reset");
  slot = (action: "unplug" | "plug"): Promise<unknown> => this.#rpc.call("slot", { action });
  wakeup = (): Promise<unknown> => this.#rpc.call("wakeup");
  setFault = (name: string, on: boolean, options?: Record<string, unknown>): Promise<unknown> =>
    this.#rpc.call("fault", { name, on, ...(options && { options }) });
  raiseSysErr = (): Promise<unknown> => this.#rpc.call("sys-err");
  deviceAsks = (what: protocol.DeviceAsk): Promise<unknown> => this.#rpc.call("device.asks", { for: what });
  setSlotPower = (value: "kept" | "lost"): Promise<unknown> => this.#rpc.call("slot-power", { value });
  setBroken = (reason: string | undefined): Promise<unknown> => this.#rpc.call("broken", { reason: reason ?? null });
  consoleWrite = (text: string): Promise<unknown> => this.#rpc.call("console.write", { text });
  shutdown = (): Promise<unknown> => this.#rpc.call("shutdown");

  async consoleSince(sinceNs: number): Promise<{ controllerNs: number; text: string }[]> {
    return protocol.consoleLinesSchema.parse(await this.#rpc.call("console.since", { sinceNs }));
  }

  onExit(callback: (note: protocol.ExitNote) => void): () => void {
    return this.#rpc.on("exit", (data) => callback(protocol.exitNoteSchema.parse(data)));
  }

  onConsole(callback: (line: { controllerNs: number; text: string }) => void): () => void {
    return this.#rpc.on("console", (data) => {
      const [line] = protocol.consoleLinesSchema.parse([data]);
      if (line) callback(line);
    });
  }

  onClose(callback: () => void): () => void {
    return this.#rpc.on("close", callback);
  }

  get closed(): boolean {
    return this.#rpc.closed;
  }

  unref = (): void => this.#rpc.unref();
  close = (): void => this.#rpc.close();
}

export interface StartedKeeper {
  readonly pid: number;
  /** Asks it to end and waits until it has; after `timeoutMs` it is killed. */
  stop(timeoutMs?: number): Promise<void>;
  /** Lets it live on by itself (`stay`). */
  detach(): void;
}

/**
 * Starts a keeper process and waits until it is ready.
 *
 * @throws RigFault, UsageError: what the keeper itself said was wrong.
 */
export async function startKeeper(
  options: KeeperProcessOptions,
  onProgress: (message: string, bytesDone?: number, bytesTotal?: number) => void,
  signal?: AbortSignal,
): Promise<StartedKeeper> {
  const entry = fileURLToPath(new URL("./keeper-main.js", import.meta.url));
  const child = fork(entry, [JSON.stringify(options)], {
    // A process group of its own: Ctrl-C reaches the run, and the run tells the keeper when it is done.
    detached: true,
    // One that stays must not hold the terminal or a pipe of the command that started it.
    stdio: ["ignore", "ignore", options.stay ? "ignore" : "inherit", "ipc"],
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const stop = async (timeoutMs = 15_000): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    if (child.connected) child.disconnect();
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    await exited;
    clearTimeout(timer);
  };
  const onAbort = () => void stop();
  signal?.addEventListener("abort", onAbort);
  await new Promise<void>((resolve, reject) => {
    child.on("message", (notice: protocol.KeeperNotice) => {
      if (notice.type === "progress") onProgress(notice.message, notice.bytesDone, notice.bytesTotal);
      else if (notice.type === "ready") resolve();
      else reject(errorOf(notice));
    });
    void exited.then((code) =>
      reject(new RigFault("keeper-ended", `the rig's keeper ended while starting (code ${code})`)),
    );
  }).finally(() => signal?.removeEventListener("abort", onAbort));
  return {
    pid: child.pid ?? 0,
    stop,
    detach: () => {
      child.disconnect();
      child.unref();
    },
  };
}

function errorOf(notice: { code: string; kind: string; message: string }): Error {
  if (notice.kind === "usage") return new UsageError(notice.code, notice.message);
  if (notice.kind === "dut") return new DutFault(notice.code, notice.message);
  if (notice.kind === "rig") return new RigFault(notice.code, notice.message);
  return new Error(notice.message);
}
