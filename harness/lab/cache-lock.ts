/**
 * One writer at a time in a cache folder. The lock is an abstract Unix socket named for the folder: the kernel frees it
 * when its holder ends, however that happens, so there is no stale lock to break. Whoever connects is told who holds it.
 *
 * It does not reach across network namespaces (two containers that share a cache folder); there the atomic renames
 * still keep the cache whole, only the work is done twice.
 */
import { createHash } from "node:crypto";
import { connect, createServer, type Server } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { cancelled, throwIfCancelled } from "./run-program.ts";

const RETRY_MS = 200;

export interface CacheLock {
  release(): Promise<void>;
}

const addressOf = (dir: string): string =>
  `\0mhi-hil-cache-${createHash("sha256").update(dir).digest("hex").slice(0, 32)}`;

function tryListen(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.end(`pid ${process.pid}`);
    });
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(undefined) : reject(error),
    );
    server.listen(address, () => {
      server.unref();
      resolve(server);
    });
  });
}

function holder(address: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(address);
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    socket.once("error", () => resolve("another process"));
    socket.once("end", () => resolve(text === "" ? "another process" : text));
    socket.setTimeout(1000, () => {
      socket.destroy();
      resolve("another process");
    });
  });
}

/** Waits for as long as the other holder works; `onWait` is told once who that is. */
export async function lockCache(
  dir: string,
  options: { readonly signal?: AbortSignal; readonly onWait?: (holder: string) => void } = {},
): Promise<CacheLock> {
  const address = addressOf(dir);
  let told = false;
  for (;;) {
    throwIfCancelled(options.signal);
    const server = await tryListen(address);
    if (server) return { release: () => new Promise((resolve) => server.close(() => resolve())) };
    if (!told) options.onWait?.(await holder(address));
    told = true;
    await delay(RETRY_MS, undefined, options.signal ? { signal: options.signal } : {}).catch(() => {
      throw cancelled();
    });
  }
}
