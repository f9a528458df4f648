/** A root shell on the host: what host operations, the trace collector and the fixtures are written against. */

export interface ExecResult {
  /** 128 + signal number where the command died of a signal, as a POSIX shell gives it. */
  readonly exitCode: number;
  readonly signal?: string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ExecOptions {
  /** Default: the shell's own (`commandMs` of the rig). */
  readonly timeoutMs?: number;
  /** Written to the command's standard input, which is then closed. */
  readonly input?: string | Buffer;
}

export interface StreamEnd {
  readonly exitCode?: number;
  readonly signal?: string;
  /** The connection went away before the command ended. */
  readonly error?: Error;
  /** Last of what the command wrote to its standard error, at most 4 KiB. */
  readonly stderr?: string;
}

export interface ShellStream {
  /** Standard output. Nothing is lost before the first callback is there: until then the channel is held back. */
  onData(callback: (chunk: Buffer) => void): void;
  write(data: string | Buffer): void;
  /** Ends standard input. */
  end(): void;
  /** Closes the channel; the command is sent SIGTERM, which it may ignore. `done` follows within half a second. */
  close(): void;
  /** Always fulfilled, never rejected. */
  readonly done: Promise<StreamEnd>;
}

export interface Shell {
  readonly connected: boolean;
  /**
   * Runs a command of POSIX sh and waits for its end.
   *
   * @throws RigFault `shell-timeout` (the channel is closed; the command may live on), `shell-lost` (connection gone),
   * `shell-output` (more than 16 MiB), `shell-refused` (the server opens no channel).
   */
  exec(command: string, options?: ExecOptions): Promise<ExecResult>;
  /** `exec`, for commands that must succeed: standard output. @throws RigFault `command-failed` on a non-zero exit. */
  run(command: string, options?: ExecOptions): Promise<string>;
  /** Starts a command that goes on: a binary pipe. */
  stream(command: string): Promise<ShellStream>;
  /** Writes a file, complete or not at all. Needs no SFTP on the host. */
  upload(path: string, data: Buffer, mode?: number): Promise<void>;
  /** Drops what is left of the connection and makes a new one. */
  reconnect(options: { readonly timeoutMs: number }): Promise<void>;
  /** Called once for each connection that is lost (not for `close`); returns how to take the callback away. */
  onDisconnect(callback: (why: string) => void): () => void;
  /** The host will not answer for this long (it sleeps): until then silence is not taken for a dead peer. 0: awake again. */
  expectSilence(ms: number): void;
  close(): Promise<void>;
}

/** One argument for POSIX sh: whatever it holds, it stays one word and nothing in it is run. */
export function quote(argument: string): string {
  // NUL cannot be in an argument at all; anything else is literal between single quotes.
  if (argument.includes("\0")) throw new TypeError("a shell argument cannot hold a NUL byte");
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
