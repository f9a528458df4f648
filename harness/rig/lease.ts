/**
 * The exclusive claim on a rig, for as long as the process that holds it lives.
 *
 * It is an abstract Unix socket (unix(7)): the kernel lets one process bind the name and frees it when that process
 * ends, however it ended, so nothing can be left behind and nothing has to be cleaned up. Whoever finds the name taken
 * connects to it and is told by whom. It holds within one machine and network namespace: a rig has one controller.
 */
import { createServer, connect as netConnect, type Server, type Socket } from "node:net";
import { userInfo } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { systemClock } from "../base/clock.ts";
import { RigFault } from "../base/errors.ts";
import { processBehind } from "./lease-process.ts";

const ANSWER_DEADLINE_MS = 1000;
const MAX_ANSWER_BYTES = 4096;
/** The holder may end between our bind and our question: then the name is free and we try again. */
const ATTEMPTS = 5;

const printable = z
  .string()
  .max(300)
  .regex(/^[\x20-\x7e]*$/);

const holderSchema = z.object({
  who: printable,
  user: printable,
  pid: z.int().positive(),
  command: printable,
  since: z.iso.datetime(),
});
/** Who holds a rig: what the holder said of itself. */
export type LeaseHolder = z.infer<typeof holderSchema>;

export interface Lease {
  readonly rigId: string;
  readonly holder: LeaseHolder;
  /** Frees the rig; safe to call more than once. */
  release(): Promise<void>;
}

const socketName = (rigId: string): string => `\0mhi-hil/lease/${rigId}`;

/**
 * Claims a rig for this process.
 *
 * @param who what is done with it, for others to read: `mhi-hil run`
 * @throws RigFault `lease-taken`: by whom and since when. Never waits longer than about a second for an answer.
 */
export async function acquireLease(rigId: string, who: string): Promise<Lease> {
  const holder = describeSelf(who);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const server = await bind(rigId, holder);
    if (server) return { rigId, holder, release: server };
    const found = await readHolder(rigId);
    if (found !== "gone") throw taken(rigId, found);
    await delay(20);
  }
  throw taken(rigId, "silent");
}

/** Who holds the rig now, `silent` for a holder that does not answer, or undefined when it is free. */
export async function leaseHolder(rigId: string): Promise<LeaseHolder | "silent" | undefined> {
  const found = await readHolder(rigId);
  return found === "gone" ? undefined : found;
}

const toPrintable = (text: string): string => text.replace(/[^\x20-\x7e]/g, "?").slice(0, 300);

function describeSelf(who: string): LeaseHolder {
  // Options may hold what is nobody's business: the program and its first word are enough to know it by.
  const command = process.argv.slice(1, 3).map((word) => word.split("/").at(-1) ?? "");
  return {
    who: toPrintable(who),
    user: toPrintable(userName()),
    pid: process.pid,
    command: toPrintable(command.join(" ")),
    since: systemClock.now().toISOString(),
  };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without a passwd entry, as in many containers.
    return `uid ${process.getuid?.() ?? "?"}`;
  }
}

/** Resolves with how to free the name; undefined when it is taken. */
function bind(rigId: string, holder: LeaseHolder): Promise<(() => Promise<void>) | undefined> {
  const asking = new Set<Socket>();
  const server = createServer((socket) => {
    asking.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => asking.delete(socket));
    socket.unref();
    // Read, though nothing is to come: the end of a socket that is not read is never seen.
    socket.resume();
    socket.end(`${JSON.stringify(holder)}\n`);
  });
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code === "EADDRINUSE") resolve(undefined);
      else reject(new RigFault("lease-bind", `cannot claim rig ${rigId}: ${cause.message}`, { cause }));
    });
    server.listen(socketName(rigId), () => {
      server.unref();
      resolve(() => close(server, asking));
    });
  });
}

function close(server: Server, asking: ReadonlySet<Socket>): Promise<void> {
  for (const socket of asking) socket.destroy();
  return new Promise((resolve) => server.close(() => resolve()));
}

function readHolder(rigId: string): Promise<LeaseHolder | "silent" | "gone"> {
  return new Promise((resolve) => {
    const socket = netConnect(socketName(rigId));
    let answer = "";
    const finish = (result: LeaseHolder | "silent" | "gone"): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => finish("silent"), ANSWER_DEADLINE_MS);
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      answer += chunk;
      if (answer.includes("\n") || answer.length > MAX_ANSWER_BYTES) finish(parseHolder(answer));
    });
    socket.on("end", () => finish(answer === "" ? "gone" : parseHolder(answer)));
    // EAGAIN: a holder that is stopped, with a full backlog. ECONNREFUSED: nobody listens (any more).
    socket.on("error", (error: NodeJS.ErrnoException) => finish(error.code === "ECONNREFUSED" ? "gone" : "silent"));
  });
}

function parseHolder(answer: string): LeaseHolder | "silent" {
  try {
    return holderSchema.parse(JSON.parse(answer));
  } catch {
    return "silent";
  }
}

function taken(rigId: string, holder: LeaseHolder | "silent"): RigFault {
  if (holder === "silent") return takenBySilent(rigId);
  const { who, user, pid, command, since } = holder;
  return new RigFault(
    "lease-taken",
    `rig ${rigId} is in use by ${who} (user ${user}, pid ${pid}, ${command}) since ${since}; ` +
      "wait until it is done, or end that process",
    { values: { rig: rigId, who, user, pid, since } },
  );
}

function takenBySilent(rigId: string): RigFault {
  const known = processBehind(socketName(rigId).slice(1));
  const what = known
    ? `pid ${known.pid} (${known.command}, ${known.state}, started ${known.since})`
    : "a process of another user";
  return new RigFault(
    "lease-taken",
    `rig ${rigId} is in use by ${what}, which did not say since when within ${ANSWER_DEADLINE_MS} ms; ` +
      "it may be stopped: continue it (kill -CONT) or end it",
    { values: { rig: rigId, pid: known?.pid } },
  );
}
