/** What the collector needs of a shell on the host; harness/rig's `Shell` has this shape. */
export interface TraceStream {
  onData(callback: (chunk: Buffer) => void): void;
  close(): void;
  /** Always fulfilled. `error`: the connection went away. */
  readonly done: Promise<{ readonly exitCode?: number; readonly error?: Error }>;
}

export interface TraceShell {
  /** Runs a command of POSIX sh as root. */
  exec(
    command: string,
    options?: { timeoutMs?: number; input?: string },
  ): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  stream(command: string): Promise<TraceStream>;
}
