import { lstatSync, rmSync } from "node:fs";
import { createConnection, type Server } from "node:net";
import { RigFault, UsageError } from "../base/errors.ts";

/** sun_path of a Unix socket address, without the NUL. */
const MAX_SOCKET_PATH_BYTES = 107;

/** Listens on a Unix socket; takes the place of a dead server's left-over socket file. */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    throw new UsageError(
      "socket-path-too-long",
      `the socket path ${path} has ${Buffer.byteLength(path)} bytes; a Unix socket takes at most ${MAX_SOCKET_PATH_BYTES}: use a shorter folder`,
    );
  }
  if (await isServed(path)) {
    throw new RigFault("socket-taken", `the socket ${path} is served by another process: end it, or name another path`);
  }
  removeSocket(path);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) =>
      reject(new RigFault("socket-listen", `cannot listen on ${path}: ${error.message}`, { cause: error })),
    );
    server.listen(path, () => {
      server.on("error", () => {}); // no descriptor for one more client: that client is refused, no more
      resolve();
    });
  });
}

const isServed = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createConnection(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.on("error", () => resolve(false));
  });

/** Removes a socket file and nothing else; quiet where there is none. */
function removeSocket(path: string): void {
  try {
    if (lstatSync(path).isSocket()) rmSync(path);
  } catch {
    // not there, or not ours: listening will say so
  }
}
