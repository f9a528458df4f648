/** `Shell` over SSH. See shell.ts for what is promised; connection.ts for how a connection comes about. */
import pRetry from "p-retry";
import type { ClientChannel } from "ssh2";
import { systemClock } from "../../base/clock.ts";
import { HilError, RigFault } from "../../base/errors.ts";
import { collectOutput, type OpenChannel, watchChannel } from "./channel.ts";
import { connectOnce, type SshConnection, type SshTarget } from "./connection.ts";
import { type ExecOptions, type ExecResult, quote, type Shell, type ShellStream } from "./shell.ts";
import { openStream } from "./stream.ts";

export interface SshShellOptions extends SshTarget {
  /** For the first connection; a host that boots refuses or hangs until then. Default 20 s. */
  readonly connectTimeoutMs?: number;
  /** Of one command, where it does not say otherwise. Default 30 s. */
  readonly commandTimeoutMs?: number;
  /** Silence after which the peer is taken for dead. Default 10 s. */
  readonly deadAfterMs?: number;
  readonly signal?: AbortSignal;
}

const WATCH_MS = 500;

export class SshShell implements Shell {
  readonly #options: SshShellOptions;
  readonly #listeners = new Set<(why: string) => void>();
  readonly #pending = new Set<(fault: RigFault) => void>();
  #connection: SshConnection | undefined;
  #closing = false;
  #silentUntilMs = 0;

  private constructor(options: SshShellOptions) {
    this.#options = options;
  }

  /** @throws RigFault `shell-unreachable`, `host-key-mismatch`, `login-refused` ...; UsageError for an unusable login. */
  static async connect(options: SshShellOptions): Promise<SshShell> {
    const shell = new SshShell(options);
    await shell.reconnect({ timeoutMs: options.connectTimeoutMs ?? 20_000 });
    return shell;
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  get where(): string {
    return `${this.#options.user}@${this.#options.host}:${this.#options.port}`;
  }

  async exec(command: string, options: ExecOptions = {}): Promise<ExecResult> {
    const timeoutMs = options.timeoutMs ?? this.#options.commandTimeoutMs ?? 30_000;
    return this.#guarded(async (lost) => {
      const open = await this.#channel(command, timeoutMs, lost);
      return collectOutput(open, { command, timeoutMs, lost, where: this.where, input: options.input });
    });
  }

  async run(command: string, options?: ExecOptions): Promise<string> {
    const result = await this.exec(command, options);
    if (result.exitCode === 0) return result.stdout;
    const said = (result.stderr.trim() || result.stdout.trim()).slice(-500);
    throw new RigFault(
      "command-failed",
      `${this.where}: \`${shorten(command)}\` ended with ${result.signal ?? `exit code ${result.exitCode}`}` +
        (said ? `: ${said}` : " and said nothing"),
      { values: { exitCode: result.exitCode, command: shorten(command) } },
    );
  }

  async stream(command: string): Promise<ShellStream> {
    return this.#guarded(async (lost) => {
      const open = await this.#channel(command, this.#options.commandTimeoutMs ?? 30_000, lost);
      return openStream(open, (onLost) => this.#whileOpen(open.channel, onLost));
    });
  }

  async upload(path: string, data: Buffer, mode = 0o644): Promise<void> {
    const target = quote(path);
    const part = quote(`${path}.part`);
    // The size is checked on the host: a full file system may fail only at close.
    const script =
      `umask 077; cat > ${part} && [ "$(wc -c < ${part})" -eq ${data.length} ] && ` +
      `chmod ${mode.toString(8)} ${part} && mv ${part} ${target} || { rm -f ${part}; exit 1; }`;
    const result = await this.exec(script, { input: data, timeoutMs: 30_000 + Math.ceil(data.length / 100) });
    if (result.exitCode !== 0) {
      throw new RigFault(
        "upload-failed",
        `${this.where}: cannot write ${path} (${data.length} bytes): ${result.stderr.trim() || "no space left?"}`,
        { values: { path, lengthBytes: data.length } },
      );
    }
  }

  async reconnect({ timeoutMs }: { readonly timeoutMs: number }): Promise<void> {
    this.#drop("a new connection was asked for", false);
    this.#closing = false;
    this.#connection = await this.#connectUntil(performance.now() + timeoutMs, Math.round(timeoutMs));
    this.#silentUntilMs = 0;
    this.#watch(this.#connection);
  }

  onDisconnect(callback: (why: string) => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  expectSilence(ms: number): void {
    this.#silentUntilMs = performance.now() + ms;
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#drop("the shell was closed", false);
  }

  async #connectUntil(deadline: number, timeoutMs: number): Promise<SshConnection> {
    const started = systemClock.monotonicNs();
    let last: unknown;
    const attempt = async (): Promise<SshConnection> => {
      const remaining = deadline - performance.now();
      if (remaining <= 0) throw this.#unreachable(timeoutMs, last);
      return connectOnce(this.#options, remaining).catch((error: unknown) => {
        last = error;
        throw error instanceof Error ? error : new Error(String(error));
      });
    };
    try {
      return await pRetry(attempt, {
        retries: 1_000_000,
        minTimeout: 50,
        maxTimeout: 500,
        factor: 1.5,
        // A host that refuses the login or has another key will do so the next time.
        shouldRetry: ({ error }) => !(error instanceof HilError) && performance.now() < deadline,
        ...(this.#options.signal && { signal: this.#options.signal }),
      });
    } catch (error) {
      if (error instanceof HilError || this.#options.signal?.aborted) throw error;
      throw this.#unreachable(Math.round((systemClock.monotonicNs() - started) / 1e6), last);
    }
  }

  #unreachable(afterMs: number, last: unknown): RigFault {
    const reason = last instanceof Error ? last.message : "no attempt was made";
    return new RigFault(
      "shell-unreachable",
      `${this.where}: no SSH login within ${afterMs} ms; the last attempt: ${reason}. Look at the host's console`,
      { cause: last, values: { host: this.#options.host, port: this.#options.port } },
    );
  }

  /** Runs `work` with a promise that rejects as soon as the connection is lost. */
  async #guarded<T>(work: (lost: Promise<never>) => Promise<T>): Promise<T> {
    if (!this.#connection) throw this.#lostFault("not connected");
    let reject: (fault: RigFault) => void = () => undefined;
    const lost = new Promise<never>((_, fail) => {
      reject = fail;
    });
    lost.catch(() => undefined);
    this.#pending.add(reject);
    try {
      return await work(lost);
    } finally {
      this.#pending.delete(reject);
    }
  }

  #whileOpen(channel: ClientChannel, onLost: (fault: RigFault) => void): void {
    this.#pending.add(onLost);
    channel.once("close", () => this.#pending.delete(onLost));
  }

  #channel(command: string, timeoutMs: number, lost: Promise<never>): Promise<OpenChannel> {
    const opened = new Promise<OpenChannel>((resolve, reject) => {
      const timer = setTimeout(
        () =>
          reject(
            new RigFault(
              "shell-timeout",
              `${this.where}: no channel opened within ${timeoutMs} ms for \`${shorten(command)}\``,
            ),
          ),
        timeoutMs,
      );
      const settle = (error: Error | undefined, channel?: ClientChannel): void => {
        clearTimeout(timer);
        if (channel) resolve(watchChannel(channel));
        else
          reject(
            new RigFault("shell-refused", `${this.where}: the SSH server opens no channel: ${error?.message}`, {
              cause: error,
            }),
          );
      };
      try {
        this.#connection?.client.exec(command, settle);
      } catch (error) {
        settle(error instanceof Error ? error : new Error(String(error)));
      }
    });
    opened.catch(() => undefined);
    return Promise.race([opened, lost]);
  }

  #watch(connection: SshConnection): void {
    const { client, socket } = connection;
    const deadAfterMs = this.#options.deadAfterMs ?? 10_000;
    let seenBytes = socket.bytesRead;
    let seenAt = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      if (socket.bytesRead !== seenBytes || now < this.#silentUntilMs) {
        seenBytes = socket.bytesRead;
        seenAt = now;
      } else if (now - seenAt > deadAfterMs) {
        this.#lose(connection, `the host has not answered for ${Math.round(now - seenAt)} ms`);
      }
    }, WATCH_MS);
    timer.unref();
    let reason = "the host closed the connection";
    client.on("error", (error: Error) => {
      reason = error.message;
    });
    client.once("close", () => {
      clearInterval(timer);
      this.#lose(connection, reason);
    });
  }

  #lose(connection: SshConnection, why: string): void {
    if (this.#connection === connection) this.#drop(why, !this.#closing);
  }

  #drop(why: string, tell: boolean): void {
    const connection = this.#connection;
    if (!connection) return;
    this.#connection = undefined;
    connection.client.end();
    connection.socket.destroySoon();
    const fault = this.#lostFault(why);
    for (const reject of [...this.#pending]) reject(fault);
    this.#pending.clear();
    if (tell) for (const listener of [...this.#listeners]) listener(why);
  }

  #lostFault(why: string): RigFault {
    return new RigFault("shell-lost", `${this.where}: SSH connection lost: ${why}`, {
      values: { host: this.#options.host, port: this.#options.port },
    });
  }
}

const shorten = (command: string): string => {
  const line = command.replace(/\s+/g, " ").trim();
  return line.length > 100 ? `${line.slice(0, 97)}...` : line;
};
