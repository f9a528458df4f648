/**
 * The host's serial console: drained from the moment it is opened, each line stamped with the controller's monotonic
 * clock, kept in a ring and appended to a log. The port may go away (a USB adapter replugged, a virtual machine ended);
 * it is opened again when it is back, and the hole is a line of its own.
 */
import { createWriteStream, type WriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { SerialPort } from "serialport";
import { type Clock, type Nanoseconds, systemClock } from "../../base/clock.ts";
import { RigFault, UsageError } from "../../base/errors.ts";
import { LineSplitter } from "./line-splitter.ts";

export interface ConsoleLine {
  readonly controllerNs: Nanoseconds;
  /** Printable: see printable.ts. */
  readonly text: string;
  /** Not the host's: the port was away. */
  readonly gap?: boolean;
}

export interface SerialConsoleOptions {
  readonly path: string;
  readonly baudRate?: number;
  /** JSON lines are appended: `{"controllerNs":1,"text":"..."}`. */
  readonly logFile?: string;
  /** Lines kept for `lines` and `linesSince`. Default 10000. */
  readonly keepLines?: number;
  /** For the port to open the first time. Default 5 s. */
  readonly openTimeoutMs?: number;
  readonly clock?: Clock;
}

const REOPEN_MS = 250;
/**
 * A tty whose other end is gone (USB unplugged, virtual machine ended) reads as an endless end of file, which serialport
 * 13 reads again and again without ever saying so. Its device node goes at once, so that is what is looked at.
 */
const CHECK_MS = 250;
/** A line without its end (a prompt) counts as a line after this long. */
const QUIET_MS = 300;

export class SerialConsole {
  readonly path: string;
  readonly #options: SerialConsoleOptions;
  readonly #clock: Clock;
  readonly #listeners = new Set<(line: ConsoleLine) => void>();
  readonly #log: WriteStream | undefined;
  #splitter = new LineSplitter();
  #lines: ConsoleLine[] = [];
  #port: SerialPort | undefined;
  #quiet: NodeJS.Timeout | undefined;
  #reopen: NodeJS.Timeout | undefined;
  #check: NodeJS.Timeout | undefined;
  #closed = false;
  #logTrouble: string | undefined;

  private constructor(options: SerialConsoleOptions) {
    this.#options = options;
    this.path = options.path;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.logFile === undefined ? undefined : createWriteStream(options.logFile, { flags: "a" });
    this.#log?.on("error", (error) => {
      this.#logTrouble ??= error.message;
    });
  }

  /** @throws RigFault `console-open`: no such port, no permission, held by another program. */
  static async open(options: SerialConsoleOptions): Promise<SerialConsole> {
    const console = new SerialConsole(options);
    const deadline = performance.now() + (options.openTimeoutMs ?? 5000);
    for (;;) {
      const error = await console.#openPort();
      if (!error) return console;
      if (performance.now() >= deadline) {
        await console.close();
        throw openFault(options.path, error);
      }
      await new Promise((resolve) => setTimeout(resolve, REOPEN_MS));
    }
  }

  /** False while the port is away. */
  get open(): boolean {
    return this.#port !== undefined;
  }

  /** Why the log file is not complete, if it is not. */
  get logTrouble(): string | undefined {
    return this.#logTrouble;
  }

  /** The last lines, oldest first. */
  get lines(): readonly ConsoleLine[] {
    return this.#lines;
  }

  linesSince(sinceNs: Nanoseconds): ConsoleLine[] {
    return this.#lines.filter((line) => line.controllerNs >= sinceNs);
  }

  /** Returns how to take the callback away. */
  onLine(callback: (line: ConsoleLine) => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  /** @throws RigFault `console-lost` while the port is away. */
  async write(text: string): Promise<void> {
    const port = this.#port;
    if (!port) throw new RigFault("console-lost", `console ${this.path}: the port is away; nothing was written`);
    await new Promise<void>((resolve, reject) => {
      port.write(text, (error) => {
        if (error) reject(new RigFault("console-lost", `console ${this.path}: ${error.message}`, { cause: error }));
        else resolve();
      });
    });
  }

  /**
   * The first line from now on (or from `sinceNs` on) that matches.
   *
   * @throws RigFault `console-timeout` with the last line that came instead.
   */
  waitForLine(pattern: RegExp, options: { timeoutMs: number; sinceNs?: Nanoseconds }): Promise<ConsoleLine> {
    const matches = (line: ConsoleLine): boolean =>
      !line.gap && new RegExp(pattern, pattern.flags.replace(/[gy]/g, "")).test(line.text);
    const earlier = options.sinceNs === undefined ? undefined : this.linesSince(options.sinceNs).find(matches);
    if (earlier) return Promise.resolve(earlier);
    return new Promise((resolve, reject) => {
      const stop = this.onLine((line) => {
        if (!matches(line)) return;
        clearTimeout(timer);
        stop();
        resolve(line);
      });
      const timer = setTimeout(() => {
        stop();
        const last = this.#lines.at(-1)?.text;
        const found = last === undefined ? "nothing at all" : `last "${last.slice(0, 120)}"`;
        const sentence = `console ${this.path}: expected a line like ${pattern} within ${options.timeoutMs} ms; found ${found}`;
        reject(new RigFault("console-timeout", sentence));
      }, options.timeoutMs);
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#reopen);
    clearInterval(this.#check);
    const port = this.#port;
    this.#port = undefined;
    if (port?.isOpen) await new Promise<void>((resolve) => port.close(() => resolve()));
    this.#flush();
    const log = this.#log;
    if (log && !log.destroyed) await new Promise<void>((resolve) => log.end(() => resolve()));
  }

  #openPort(): Promise<Error | undefined> {
    const { path, baudRate = 115_200 } = this.#options;
    return new Promise((resolve) => {
      const port = new SerialPort({ path, baudRate, autoOpen: false });
      port.on("error", () => undefined);
      port.open((error) => {
        if (error) return resolve(error);
        if (this.#closed) return port.close(() => resolve(undefined));
        this.#port = port;
        port.on("data", (chunk: Buffer) => this.#take(chunk));
        port.once("close", () => this.#lost(port));
        void this.#watch(port);
        resolve(undefined);
      });
    });
  }

  async #watch(port: SerialPort): Promise<void> {
    const opened = await nodeOf(this.path);
    const check = async (): Promise<void> => {
      if ((await nodeOf(this.path)) !== opened && port.isOpen) port.close();
    };
    if (this.#port !== port) return;
    clearInterval(this.#check);
    this.#check = setInterval(() => void check(), CHECK_MS);
  }

  #lost(port: SerialPort): void {
    if (this.#closed || this.#port !== port) return;
    clearInterval(this.#check);
    this.#port = undefined;
    this.#flush();
    const goneNs = this.#clock.monotonicNs();
    this.#emit({ controllerNs: goneNs, text: "[the console's port went away]", gap: true });
    const retry = async (): Promise<void> => {
      if (this.#closed) return;
      if (await this.#openPort()) {
        this.#reopen = setTimeout(() => void retry(), REOPEN_MS);
        return;
      }
      const backNs = this.#clock.monotonicNs();
      const awayMs = Math.round((backNs - goneNs) / 1e6);
      this.#emit({ controllerNs: backNs, text: `[the console's port is back after ${awayMs} ms]`, gap: true });
    };
    this.#reopen = setTimeout(() => void retry(), REOPEN_MS);
  }

  #take(chunk: Buffer): void {
    clearTimeout(this.#quiet);
    const atNs = this.#clock.monotonicNs();
    for (const line of this.#splitter.push(chunk, atNs)) this.#emit({ controllerNs: line.atNs, text: line.text });
    if (this.#splitter.pending !== "") this.#quiet = setTimeout(() => this.#flush(), QUIET_MS);
  }

  #flush(): void {
    clearTimeout(this.#quiet);
    for (const line of this.#splitter.flush()) this.#emit({ controllerNs: line.atNs, text: line.text });
  }

  #emit(line: ConsoleLine): void {
    this.#lines.push(line);
    const keep = this.#options.keepLines ?? 10_000;
    if (this.#lines.length > keep * 1.25) this.#lines = this.#lines.slice(-keep);
    if (!this.#logTrouble) this.#log?.write(`${JSON.stringify(line)}\n`);
    for (const listener of [...this.#listeners]) listener(line);
  }
}

/** Identity of the device node behind a path, through links; undefined when there is none. */
const nodeOf = (path: string): Promise<string | undefined> =>
  stat(path).then(
    ({ dev, ino, rdev }) => `${dev}:${ino}:${rdev}`,
    () => undefined,
  );

function openFault(path: string, error: Error): RigFault | UsageError {
  const why = error.message.replace(/^Error: /, "").replace(/, cannot open.*$/, "");
  if (/permission denied/i.test(why)) {
    return new UsageError(
      "console-open",
      `console ${path}: no permission; add this user to the port's group (dialout)`,
      {
        cause: error,
      },
    );
  }
  const next = /lock|busy/i.test(why) ? "another program holds it: end that first" : "check the path and the cable";
  return new RigFault("console-open", `console ${path}: cannot be opened: ${why}; ${next}`, { cause: error });
}
