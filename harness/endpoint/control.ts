import { createServer, type Server, type Socket } from "node:net";
import { type ControlReply, MAX_LINE_BYTES } from "./control-protocol.ts";
import type { Endpoint } from "./endpoint.ts";
import { listenOnSocket } from "./unix-socket.ts";

/**
 * The control socket: any number of clients, each answered in the order of its requests.
 * The operations with their schemas are loaded at the first request, so that the process listens sooner.
 */
export class ControlServer {
  readonly #endpoint: Endpoint;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** @throws UsageError for a path that is too long, RigFault where a live server holds it. */
  async listen(path: string): Promise<void> {
    await listenOnSocket(this.#server, path);
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    this.#clients.add(socket);
    socket.on("close", () => this.#clients.delete(socket));
    socket.on("error", () => {}); // a client that went away
    let rest = "";
    let answered = Promise.resolve();
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines.filter((entry) => entry.trim() !== "")) {
        answered = answered.then(() => this.#answer(socket, line));
      }
      if (rest.length > MAX_LINE_BYTES) this.#cutOff(socket);
    });
  }

  async #answer(socket: Socket, line: string): Promise<void> {
    const { answerLine } = await import("./control-ops.ts");
    this.#send(socket, answerLine(line, this.#endpoint));
  }

  #cutOff(socket: Socket): void {
    const message = `a request line of more than ${MAX_LINE_BYTES} bytes; expected one JSON object a line`;
    this.#send(socket, { id: null, ok: false, error: { code: "line-too-long", message } });
    socket.end();
    socket.removeAllListeners("data");
    socket.resume();
  }

  #send(socket: Socket, reply: ControlReply): void {
    if (socket.writable) socket.write(`${JSON.stringify(reply)}\n`);
  }
}
