/**
 * QEMU's monitor (QMP): one JSON object a line each way. QEMU greets, `qmp_capabilities` opens the session, commands are
 * answered in any order by their id, events come in between.
 */
import type { Readable, Writable } from "node:stream";
import { z } from "zod";
import { RigFault } from "../base/errors.ts";

const messageSchema = z.object({
  QMP: z.unknown().optional(),
  id: z.number().optional(),
  return: z.unknown().optional(),
  error: z.object({ class: z.string(), desc: z.string() }).optional(),
  event: z.string().optional(),
  data: z.record(z.string(), z.unknown()).optional(),
});
type QmpMessage = z.infer<typeof messageSchema>;

export interface QmpEvent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** QEMU answers at once; only a wedged one does not. */
const ANSWER_MS = 5000;

interface Waiting {
  readonly command: string;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class QmpClient {
  readonly #output: Writable;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(event: QmpEvent) => void>();
  readonly #onGreeting: () => void;
  readonly #greeted: Promise<void>;
  #nextId = 1;
  #rest = "";
  #closed = false;

  /** `input` is what QEMU says, `output` what it hears: a socket twice, or the process's stdout and stdin. */
  constructor(input: Readable, output: Writable) {
    this.#output = output;
    let greet: () => void = () => undefined;
    this.#greeted = new Promise((resolve) => {
      greet = resolve;
    });
    this.#onGreeting = greet;
    input.setEncoding("utf8");
    input.on("data", (text: string) => this.#take(text));
    input.on("close", () => this.#fail());
    input.on("error", () => this.#fail());
    output.on("error", () => this.#fail());
  }

  /** @throws RigFault `qmp-timeout`, `qmp-closed`. */
  async negotiate(timeoutMs: number): Promise<void> {
    await deadline(this.#greeted, timeoutMs, "QEMU's monitor did not greet");
    await this.execute("qmp_capabilities");
  }

  /** @throws RigFault `qmp-error` with QEMU's own words, `qmp-timeout`, `qmp-closed`. */
  async execute(command: string, args: Record<string, unknown> = {}, timeoutMs = ANSWER_MS): Promise<unknown> {
    if (this.#closed) throw closed(command);
    const id = this.#nextId++;
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { command, resolve, reject });
    });
    this.#output.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    try {
      return await deadline(answer, timeoutMs, `QEMU did not answer ${command}`);
    } finally {
      this.#waiting.delete(id);
    }
  }

  onEvent(listener: (event: QmpEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Resolves with the first event of that name after the call: call it before the command that causes the event.
   *
   * @throws RigFault `qmp-timeout`.
   */
  async nextEvent(
    name: string,
    timeoutMs: number,
    accept: (data: QmpEvent["data"]) => boolean = () => true,
  ): Promise<QmpEvent> {
    let stop = (): void => undefined;
    const event = new Promise<QmpEvent>((resolve) => {
      stop = this.onEvent((candidate) => {
        if (candidate.name === name && accept(candidate.data)) resolve(candidate);
      });
    });
    try {
      return await deadline(event, timeoutMs, `QEMU reported no ${name}`);
    } finally {
      stop();
    }
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") this.#dispatch(line);
  }

  #dispatch(line: string): void {
    const message = parseMessage(line);
    if (!message) return; // not QMP: QEMU or its loader printed something
    if (message.QMP !== undefined) this.#onGreeting();
    if (message.event !== undefined) {
      const event = { name: message.event, data: message.data ?? {} };
      for (const listener of [...this.#listeners]) listener(event);
      return;
    }
    const waiting = this.#waiting.get(message.id ?? -1);
    if (!waiting) return;
    if (message.error) {
      const why = `QEMU refused ${waiting.command}: ${message.error.desc}`;
      waiting.reject(new RigFault("qmp-error", why, { values: { class: message.error.class } }));
    } else waiting.resolve(message.return);
  }

  #fail(): void {
    this.#closed = true;
    for (const { command, reject } of this.#waiting.values()) reject(closed(command));
    this.#waiting.clear();
  }
}

const closed = (command: string): RigFault =>
  new RigFault("qmp-closed", `QEMU ended before it answered ${command}`, { values: { command } });

function parseMessage(line: string): QmpMessage | undefined {
  try {
    return messageSchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

async function deadline<T>(work: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new RigFault("qmp-timeout", `${what} within ${timeoutMs} ms`, { values: { timeoutMs } })),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
