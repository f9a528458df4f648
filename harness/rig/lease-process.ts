/** Which process listens on an abstract Unix socket, from /proc: for a holder that cannot speak for itself. */
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";

export interface SocketProcess {
  readonly pid: number;
  readonly command: string;
  /** As in proc(5): running, sleeping, stopped. */
  readonly state: string;
  readonly since: string;
}

/** Undefined where /proc does not show it: another user's process, another network namespace. */
export function processBehind(abstractName: string): SocketProcess | undefined {
  const inode = listeningInode(abstractName);
  if (!inode) return undefined;
  const pid = pids().find((candidate) => holdsSocket(candidate, inode));
  return pid === undefined ? undefined : describeProcess(pid);
}

/** proc(5), /proc/net/unix: a leading @ is the NUL, and so is each @ after the name (the address is padded). */
function listeningInode(name: string): string | undefined {
  const LISTENING = "00010000";
  for (const line of read("/proc/net/unix").split("\n")) {
    const [, , , flags, , , inode, path] = line.trim().split(/\s+/);
    if (flags === LISTENING && path?.replace(/@+$/, "") === `@${name}`) return inode;
  }
  return undefined;
}

const pids = (): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

function holdsSocket(pid: number, inode: string): boolean {
  try {
    const dir = `/proc/${pid}/fd`;
    return readdirSync(dir).some((fd) => linkOf(`${dir}/${fd}`) === `socket:[${inode}]`);
  } catch {
    return false;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const STATES: Readonly<Record<string, string>> = {
  R: "running",
  S: "sleeping",
  D: "waiting",
  T: "stopped",
  t: "traced",
};

function describeProcess(pid: number): SocketProcess | undefined {
  const words = read(`/proc/${pid}/cmdline`).split("\0").slice(0, 3);
  const command = words.map((word) => word.split("/").at(-1) ?? "").join(" ");
  const letter = /\) (\w)/.exec(read(`/proc/${pid}/stat`))?.[1] ?? "?";
  try {
    const since = statSync(`/proc/${pid}`).ctime.toISOString();
    return { pid, command: command.replace(/[^\x20-\x7e]/g, "?").trim(), state: STATES[letter] ?? letter, since };
  } catch {
    return undefined;
  }
}
