import { createServer, type Server, type Socket } from "node:net";
import { describeError } from "../../base/errors.ts";
import type { DeviceLog } from "../log.ts";
import { listenOnSocket } from "../unix-socket.ts";
import { DmaRequests } from "./dma-requests.ts";
import { type Frame, FrameReader } from "./frame-reader.ts";
import { type Answer, answer, Session } from "./handlers.ts";
import {
  commandName,
  Errno,
  encodeFrame,
  FLAG_ERROR,
  FLAG_NO_REPLY,
  FLAG_REPLY,
  isReply,
  MAX_FRAME_BYTES,
  type Message,
} from "./message.ts";
import type { VfioTarget } from "./target.ts";

/** A client that sends and never reads: stop reading from it above this. */
const MAX_UNSENT_BYTES = 4 << 20;
/** How long a new client waits for the one before it to be gone: a killed QEMU's end comes a moment late. */
const HANDOVER_MS = 500;

/** One device behind one Unix socket, one client at a time. Each connection is a cold power-on. */
export class VfioUserServer {
  readonly #target: VfioTarget;
  readonly #log: DeviceLog;
  readonly #server: Server;
  #current: Socket | undefined;

  constructor(target: VfioTarget, log: DeviceLog) {
    this.#target = target;
    this.#log = log;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  get connected(): boolean {
    return this.#current !== undefined;
  }

  /** @throws UsageError for a path that is too long, RigFault where a live server holds it. */
  async listen(path: string): Promise<void> {
    await listenOnSocket(this.#server, path);
  }

  async close(): Promise<void> {
    this.#current?.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    socket.on("error", (error) => this.#log("vfio", `socket: ${error.message}`));
    if (this.#current) this.#queue(socket, this.#current);
    else this.#serve(socket);
  }

  /** A second client takes over when the first goes at once, and is turned away otherwise. */
  #queue(socket: Socket, current: Socket): void {
    const timer = setTimeout(() => {
      current.removeListener("close", takeOver);
      this.#log("vfio", "second client refused: one is connected", { what: "refused" });
      socket.destroy();
    }, HANDOVER_MS);
    const takeOver = () => {
      clearTimeout(timer);
      if (this.#current || socket.destroyed) socket.destroy();
      else this.#serve(socket);
    };
    current.once("close", takeOver);
  }

  #serve(socket: Socket): void {
    this.#current = socket;
    const connection = new Connection(socket, this.#target, this.#log);
    this.#log("vfio", "client connected", { what: "connect" });
    this.#target.connected(connection.dma);
    socket.on("data", (chunk) => connection.take(chunk));
    socket.on("close", () => {
      this.#current = undefined;
      this.#log("vfio", "client gone", { what: "disconnect" });
      connection.dma.close("the client has disconnected");
      this.#target.disconnected();
    });
  }
}

class Connection {
  readonly dma: DmaRequests;
  readonly #socket: Socket;
  readonly #target: VfioTarget;
  readonly #log: DeviceLog;
  readonly #reader = new FrameReader();
  readonly #session = new Session();
  #lost = false;

  constructor(socket: Socket, target: VfioTarget, log: DeviceLog) {
    this.#socket = socket;
    this.#target = target;
    this.#log = log;
    this.dma = new DmaRequests(
      (frame) => this.#send(frame),
      () => this.#session.maxTransferBytes,
    );
  }

  take(chunk: Buffer): void {
    if (this.#lost) return;
    this.#reader.append(chunk);
    this.#socket.cork();
    for (let frame = this.#reader.next(); frame; frame = this.#reader.next()) {
      if (!this.#handle(frame)) break;
    }
    this.#socket.uncork();
    if (this.#socket.writableLength > MAX_UNSENT_BYTES) {
      this.#socket.pause();
      this.#socket.once("drain", () => this.#socket.resume());
    }
  }

  /** False when the stream is lost. */
  #handle(frame: Frame): boolean {
    if (frame.kind === "message") {
      if (isReply(frame.message.flags)) this.#settle(frame.message);
      else this.#request(frame.message);
      return true;
    }
    const { header } = frame;
    const found = `${commandName(header.command)} announces a frame of ${header.size} bytes`;
    if (frame.kind === "too-long") {
      this.#refuse(
        header.id,
        header.command,
        header.flags,
        Errno.E2BIG,
        `${found}, at most ${MAX_FRAME_BYTES} are taken`,
      );
      return true;
    }
    this.#refuse(header.id, header.command, header.flags, Errno.EINVAL, `${found}, less than its header; closing`);
    this.#lost = true;
    this.#socket.end();
    return false;
  }

  #settle(message: Message): void {
    const why = this.dma.settle(message);
    if (why) this.#malformed(message.command, why);
  }

  #request(message: Message): void {
    const result = this.#answer(message);
    if ("errno" in result) {
      this.#refuse(message.id, message.command, message.flags, result.errno, result.why);
      return;
    }
    if ((message.flags & FLAG_NO_REPLY) !== 0) return;
    this.#send(encodeFrame({ id: message.id, command: message.command, flags: FLAG_REPLY, payload: result.payload }));
  }

  /** The target promises not to throw; should it, that is our bug, and the guest still gets an answer. */
  #answer(message: Message): Answer {
    try {
      return answer(message.command, message.payload, this.#session, this.#target);
    } catch (error) {
      return { errno: Errno.EIO, why: `internal error: ${describeError(error)}` };
    }
  }

  #refuse(id: number, command: number, flags: number, errno: Errno, why: string): void {
    this.#malformed(command, why, errno);
    if ((flags & FLAG_NO_REPLY) !== 0) return;
    this.#send(encodeFrame({ id, command, flags: FLAG_REPLY | FLAG_ERROR, errno }));
  }

  #malformed(command: number, why: string, errno?: Errno): void {
    this.#log("vfio", `${commandName(command)} refused: ${why}`, { what: "malformed", command, errno });
  }

  #send(frame: Buffer): void {
    if (this.#socket.writable) this.#socket.write(frame);
  }
}
