import { createConnection, type Socket } from "node:net";
import { RigFault } from "../base/errors.ts";
import type { ControlOp, ControlOps, ControlReply, EndpointStatus, SlotPower } from "./control-protocol.ts";
import type { FaultStatus } from "./faults/board.ts";
import type { SysErrVia } from "./faults/fault.ts";
import type { Signalled } from "./mhi-device/device.ts";

export type { EndpointStatus, SlotPower } from "./control-protocol.ts";
export type { FaultStatus } from "./faults/board.ts";

interface Waiting {
  readonly op: string;
  readonly timer: NodeJS.Timeout;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/**
 * Speaks to a running endpoint process over its control socket.
 *
 * Every call ends within the time-out given to `connect`: with the result, or with a RigFault whose code is the
 * endpoint's own (`unknown-fault`, `bad-args`, ...), `endpoint-timeout` or `endpoint-gone`.
 */
export class EndpointClient {
  readonly #socket: Socket;
  readonly #path: string;
  readonly #timeoutMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #rest = "";

  private constructor(socket: Socket, path: string, timeoutMs: number) {
    this.#socket = socket;
    this.#path = path;
    this.#timeoutMs = timeoutMs;
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => this.#take(text));
    socket.on("error", () => {}); // "close" follows
    socket.on("close", () => this.#fail());
  }

  /** @throws RigFault `endpoint-gone` where nothing listens on `path`. */
  static connect(path: string, options: { readonly timeoutMs?: number } = {}): Promise<EndpointClient> {
    const timeoutMs = options.timeoutMs ?? 5000;
    return new Promise((resolve, reject) => {
      const socket = createConnection(path);
      socket.once("connect", () => {
        socket.removeAllListeners("error");
        resolve(new EndpointClient(socket, path, timeoutMs));
      });
      socket.once("error", (error) =>
        reject(new RigFault("endpoint-gone", `no endpoint listens on ${path}: ${error.message}`, { cause: error })),
      );
    });
  }

  status(): Promise<EndpointStatus> {
    return this.#call("status", {});
  }

  /** Arms a fault, afresh where it is armed. */
  armFault(name: string, options: Readonly<Record<string, string | number>> = {}): Promise<readonly FaultStatus[]> {
    return this.#call("fault.set", { name, on: true, options });
  }

  disarmFault(name: string): Promise<readonly FaultStatus[]> {
    return this.#call("fault.set", { name, on: false });
  }

  /** All faults that the endpoint knows, armed or not. */
  listFaults(): Promise<readonly FaultStatus[]> {
    return this.#call("fault.list", {});
  }

  setSlotPower(value: SlotPower): Promise<EndpointStatus> {
    return this.#call("slot-power.set", { value });
  }

  /** SYS_ERR now. `signalled: false` where the host could not be told (no event ring yet, or asleep). */
  raiseSysErr(via: SysErrVia = "event"): Promise<Signalled> {
    return this.#call("sys-err", { via });
  }

  /** The device posts M1, the host may answer with M2. */
  requestLowPower(): Promise<Signalled> {
    return this.#call("low-power", {});
  }

  /** Asleep in D3hot, the device asks to be woken. */
  requestWake(): Promise<Signalled> {
    return this.#call("wake", {});
  }

  deviceGone(): Promise<EndpointStatus> {
    return this.#call("device.gone", {});
  }

  deviceBack(): Promise<EndpointStatus> {
    return this.#call("device.back", {});
  }

  close(): void {
    this.#socket.destroy();
  }

  #call<K extends ControlOp>(op: K, args: ControlOps[K]["args"]): Promise<ControlOps[K]["result"]> {
    return new Promise((resolve, reject) => {
      if (!this.#socket.writable) {
        reject(new RigFault("endpoint-gone", `the endpoint on ${this.#path} has closed its control socket`));
        return;
      }
      const id = this.#nextId++;
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        const why = `the endpoint on ${this.#path} did not answer "${op}" within ${this.#timeoutMs} ms`;
        reject(new RigFault("endpoint-timeout", why));
      }, this.#timeoutMs);
      this.#waiting.set(id, { op, timer, resolve: resolve as (result: unknown) => void, reject });
      this.#socket.write(`${JSON.stringify({ id, op, args })}\n`);
    });
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#settle(JSON.parse(line) as ControlReply); // our own process wrote it
  }

  #settle(reply: ControlReply): void {
    const waiting = this.#waiting.get(reply.id ?? -1);
    if (!waiting) return;
    this.#waiting.delete(reply.id ?? -1);
    clearTimeout(waiting.timer);
    if (reply.ok) waiting.resolve(reply.result);
    else waiting.reject(new RigFault(reply.error.code, `endpoint, ${waiting.op}: ${reply.error.message}`));
  }

  #fail(): void {
    for (const { op, timer, reject } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new RigFault("endpoint-gone", `the endpoint on ${this.#path} ended before it answered "${op}"`));
    }
    this.#waiting.clear();
  }
}
