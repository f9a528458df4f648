/** The loopback port that leads to the guest's SSH: a free one, or a given one if nobody holds it. */
import { readdir, readFile, readlink } from "node:fs/promises";
import { createServer } from "node:net";
import { RigFault } from "../base/errors.ts";

/** @throws RigFault `port-taken`, with the holder where /proc tells. */
export async function chooseSshPort(wanted: number | undefined): Promise<number> {
  const port = await tryPort(wanted ?? 0);
  if (port !== undefined) return port;
  throw await portTaken(wanted ?? 0);
}

export async function portTaken(port: number): Promise<RigFault> {
  const holder = await findPortHolder(port);
  return new RigFault(
    "port-taken",
    `TCP port ${port} on 127.0.0.1, wanted for the guest's SSH, is taken${holder ? ` by ${holder.command} (pid ${holder.pid})` : ""}; free it, or leave sshPort out of the rig file to have a free one chosen`,
    { values: { port, pid: holder?.pid } },
  );
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else
        reject(
          new RigFault("port-bind", `cannot bind TCP port ${port} on 127.0.0.1: ${error.message}`, { cause: error }),
        );
    });
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? address?.port : undefined));
    });
  });
}

export interface PortHolder {
  readonly pid: number;
  readonly command: string;
}

/** Inode numbers of the sockets that listen on `port`, from the text of /proc/net/tcp or tcp6 (state 0A = LISTEN). */
export function listeningInodes(procNetTcp: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return procNetTcp
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(suffix) && state === "0A")
    .flatMap((fields) => (fields[9] ? [fields[9]] : []));
}

/** Needs the holder to be the caller's own process (or root): else /proc hides it. */
export async function findPortHolder(port: number): Promise<PortHolder | undefined> {
  const tables = await Promise.all(
    ["tcp", "tcp6"].map((name) => readFile(`/proc/net/${name}`, "utf8").catch(() => "")),
  );
  const links = new Set(tables.flatMap((text) => listeningInodes(text, port)).map((inode) => `socket:[${inode}]`));
  if (links.size === 0) return undefined;
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    for (const fd of await readdir(`/proc/${name}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${name}/fd/${fd}`).catch(() => "");
      if (!links.has(target)) continue;
      const command = (await readFile(`/proc/${name}/comm`, "utf8").catch(() => "")).trim();
      return { pid: Number(name), command: command === "" ? "a process" : command };
    }
  }
  return undefined;
}
