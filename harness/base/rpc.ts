/**
 * Requests and events as JSON lines over a Unix socket: how the processes of one controller speak to each other.
 *
 *   -> {"id":1,"op":"power","args":{"state":"on"}}
 *   <- {"id":1,"ok":true,"result":{}}            or {"id":1,"ok":false,"error":{"code","kind","message"}}
 *   <- {"event":"console","data":{...}}          pushed, to every client
 *
 * The socket's folder must be the user's own (0700): whoever can connect can drive the rig.
 */
import { chmodSync, existsSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { DutFault, describeError, HilError, RigFault, UsageError } from "./errors.ts";

/** A line longer than this is nobody's honest request; the connection is closed. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;
/** sun_path of struct sockaddr_un without its end (unix(7)): a longer one is cut without a word. */
const MAX_PATH_BYTES = 107;

export type RpcHandler = (args: unknown, client: RpcPeer) => unknown | Promise<unknown>;

export interface RpcPeer {
  push(event: string, data: unknown): void;
  onClose(callback: () => void): void;
}

/** Splits a byte stream into lines and hands each over. */
function onLines(socket: Socket, handle: (line: string) => void): void {
  let pending = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    pending += chunk;
    let end = pending.indexOf("\n");
    while (end >= 0) {
      const line = pending.slice(0, end);
      pending = pending.slice(end + 1);
      if (line.trim() !== "") handle(line);
      end = pending.indexOf("\n");
    }
    if (pending.length > MAX_LINE_BYTES) socket.destroy();
  });
}

function errorPayload(error: unknown): { code: string; kind: string; message: string } {
  if (error instanceof HilError) return { code: error.code, kind: error.kind, message: describeError(error) };
  return { code: "internal", kind: "bug", message: describeError(error) };
}

function parseRequest(line: string): { readonly id?: unknown; readonly op?: unknown; readonly args?: unknown } {
  const request = parseObject(line);
  if (request) return request;
  throw new UsageError("bad-request", `a request is one JSON object on a line; found ${line.slice(0, 60)}`);
}

function parseObject(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

export class RpcServer {
  readonly path: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #handlers: Readonly<Record<string, RpcHandler>>;

  private constructor(path: string, handlers: Readonly<Record<string, RpcHandler>>) {
    this.path = path;
    this.#handlers = handlers;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /** @throws RigFault `socket-path`, `socket-bind` when the path cannot be bound. */
  static async listen(path: string, handlers: Readonly<Record<string, RpcHandler>>): Promise<RpcServer> {
    const length = Buffer.byteLength(path);
    if (length > MAX_PATH_BYTES) {
      throw new RigFault(
        "socket-path",
        `${path} has ${length} bytes, a Unix socket's path at most ${MAX_PATH_BYTES}; set XDG_RUNTIME_DIR to a shorter folder`,
      );
    }
    const server = new RpcServer(path, handlers);
    if (existsSync(path)) unlinkSync(path);
    await new Promise<void>((resolve, reject) => {
      server.#server.once("error", (cause) =>
        reject(new RigFault("socket-bind", `cannot listen on ${path}: ${cause.message}`, { cause })),
      );
      server.#server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
    return server;
  }

  broadcast(event: string, data: unknown): void {
    const line = `${JSON.stringify({ event, data })}\n`;
    for (const socket of this.#sockets) socket.write(line);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    if (existsSync(this.path)) unlinkSync(this.path);
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    const onCloses: (() => void)[] = [];
    const peer: RpcPeer = {
      push: (event, data) => void socket.write(`${JSON.stringify({ event, data })}\n`),
      onClose: (callback) => void onCloses.push(callback),
    };
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#sockets.delete(socket);
      for (const callback of onCloses) callback();
    });
    onLines(socket, (line) => void this.#answer(line, peer, socket));
  }

  async #answer(line: string, peer: RpcPeer, socket: Socket): Promise<void> {
    let id: unknown = null;
    let reply: string;
    try {
      const request = parseRequest(line);
      id = request.id ?? null;
      const result = (await this.#handler(request.op)(request.args, peer)) ?? null;
      reply = JSON.stringify({ id, ok: true, result });
    } catch (error) {
      reply = JSON.stringify({ id, ok: false, error: errorPayload(error) });
    }
    if (!socket.destroyed) socket.write(`${reply}\n`);
  }

  #handler(op: unknown): RpcHandler {
    const handler = typeof op === "string" && Object.hasOwn(this.#handlers, op) ? this.#handlers[op] : undefined;
    if (!handler) throw new UsageError("unknown-op", `no operation "${String(op)}"`);
    return handler;
  }
}

interface Message {
  readonly id?: number;
  readonly ok?: boolean;
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly kind: string; readonly message: string };
  readonly event?: string;
  readonly data?: unknown;
}

interface Pending {
  readonly op: string;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class RpcClient {
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Map<string, Set<(data: unknown) => void>>();
  #nextId = 1;
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    onLines(socket, (line) => this.#take(line));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#fail());
  }

  /** `undefined` when nobody listens there (no such socket, or a dead one). */
  static async connect(path: string): Promise<RpcClient | undefined> {
    return await new Promise((resolve) => {
      const socket = connect(path);
      socket.once("error", () => resolve(undefined));
      socket.once("connect", () => {
        socket.removeAllListeners("error");
        resolve(new RpcClient(socket));
      });
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * @throws HilError as the other side raised it; RigFault `rpc-timeout` or `rpc-closed` when it does not answer.
   */
  async call(op: string, args: unknown = {}, timeoutMs = 30_000): Promise<unknown> {
    if (this.#closed) throw new RigFault("rpc-closed", `the rig's keeper is gone; "${op}" was not done`);
    const id = this.#nextId++;
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new RigFault("rpc-timeout", `"${op}" was not answered within ${timeoutMs} ms`));
      }, timeoutMs);
      const settle = <T>(done: (value: T) => void) => {
        return (value: T) => {
          clearTimeout(timer);
          this.#pending.delete(id);
          done(value);
        };
      };
      this.#pending.set(id, { op, resolve: settle(resolve), reject: settle(reject) });
      this.#socket.write(`${JSON.stringify({ id, op, args })}\n`);
    });
  }

  on(event: string, callback: (data: unknown) => void): () => void {
    const set = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, set);
    set.add(callback);
    return () => void set.delete(callback);
  }

  close(): void {
    this.#socket.end();
    this.#socket.destroy();
  }

  /** Keeps the process from staying alive for this connection alone. */
  unref(): void {
    this.#socket.unref();
  }

  #take(line: string): void {
    const message: Message | undefined = parseObject(line);
    // Whatever listens there does not speak this language; its calls end with `rpc-closed`.
    if (!message) return void this.#socket.destroy();
    if (message.event !== undefined) {
      for (const callback of this.#listeners.get(message.event) ?? []) callback(message.data);
      return;
    }
    const pending = message.id === undefined ? undefined : this.#pending.get(message.id);
    if (!pending) return;
    if (message.ok) pending.resolve(message.result);
    else
      pending.reject(errorFromPayload(message.error ?? { code: "internal", kind: "bug", message: "no reason given" }));
  }

  #fail(): void {
    this.#closed = true;
    for (const pending of this.#pending.values()) {
      pending.reject(new RigFault("rpc-closed", `the rig's keeper ended while it was asked for "${pending.op}"`));
    }
    for (const callback of this.#listeners.get("close") ?? []) callback(undefined);
  }
}

function errorFromPayload(payload: { code: string; kind: string; message: string }): Error {
  if (payload.kind === "rig") return new RigFault(payload.code, payload.message);
  if (payload.kind === "dut") return new DutFault(payload.code, payload.message);
  if (payload.kind === "usage") return new UsageError(payload.code, payload.message);
  return new Error(payload.message);
}
