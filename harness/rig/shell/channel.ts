/** Output and end of one command on an SSH channel. */
import { constants } from "node:os";
import type { ClientChannel } from "ssh2";
import { RigFault } from "../../base/errors.ts";
import type { ExecResult } from "./shell.ts";

/** More than any command of ours says; beyond it something runs wild, and it would fill our memory. */
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

export interface CollectOptions {
  readonly command: string;
  readonly timeoutMs: number;
  readonly where: string;
  readonly input?: string | Buffer | undefined;
  /** Rejects when the connection is lost. */
  readonly lost: Promise<never>;
}

/** How a channel ended: RFC 4254 section 6.10 knows exit-status and exit-signal, and a server may send neither. */
export interface ChannelEnd {
  readonly exitCode?: number;
  readonly signal?: string;
}

export interface OpenChannel {
  readonly channel: ClientChannel;
  /** Resolves at close, when both output streams are complete. */
  readonly end: Promise<ChannelEnd>;
}

/**
 * To be called at once when the channel opens: a quick command's exit status can stand in the very packet after, and
 * ssh2 emits it before any promise runs on.
 */
export function watchChannel(channel: ClientChannel): OpenChannel {
  channel.on("error", () => undefined);
  const end = new Promise<ChannelEnd>((resolve) => {
    let how: ChannelEnd = {};
    channel.on("exit", (code: number | null, signal?: string) => {
      how = typeof code === "number" ? { exitCode: code } : { ...(signal && { signal: normalise(signal) }) };
    });
    channel.once("close", () => resolve(how));
  });
  return { channel, end };
}

const normalise = (signal: string): string => (signal.startsWith("SIG") ? signal : `SIG${signal}`);

export async function collectOutput(open: OpenChannel, options: CollectOptions): Promise<ExecResult> {
  const { channel } = open;
  const { command, timeoutMs, where } = options;
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  let size = 0;
  let timer: NodeJS.Timeout | undefined;
  const stopped = new Promise<never>((_, reject) => {
    const stop = (code: string, what: string): void =>
      reject(
        new RigFault(
          code,
          `${where}: \`${command.slice(0, 100)}\` ${what}; it was cut off and may still run on the host`,
          {
            values: { timeoutMs },
          },
        ),
      );
    timer = setTimeout(() => stop("shell-timeout", `did not end within ${timeoutMs} ms`), timeoutMs);
    const keep = (into: Buffer[]) => (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_OUTPUT_BYTES) stop("shell-output", `wrote more than ${MAX_OUTPUT_BYTES} bytes`);
      else into.push(chunk);
    };
    channel.on("data", keep(out));
    channel.stderr.on("data", keep(err));
  });
  try {
    channel.end(options.input ?? "");
    const end = await Promise.race([open.end, stopped, options.lost]);
    return toResult(end, Buffer.concat(out).toString(), Buffer.concat(err).toString(), options);
  } catch (error) {
    abandon(channel);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function toResult(end: ChannelEnd, stdout: string, stderr: string, options: CollectOptions): ExecResult {
  if (end.exitCode !== undefined) return { exitCode: end.exitCode, stdout, stderr };
  if (end.signal) return { exitCode: 128 + (signalNumber(end.signal) ?? 0), signal: end.signal, stdout, stderr };
  throw new RigFault(
    "shell-lost",
    `${options.where}: \`${options.command.slice(0, 100)}\` ended without an exit status`,
  );
}

const signalNumber = (name: string): number | undefined =>
  Object.entries(constants.signals).find(([key]) => key === name)?.[1];

function abandon(channel: ClientChannel): void {
  try {
    channel.signal("KILL");
    channel.close();
  } catch {
    // The channel went with its connection.
  }
}
