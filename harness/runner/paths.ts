/** Where things are kept: the cache (XDG), the short-lived state of a rig, and the output of runs. */
import { lstatSync, mkdirSync } from "node:fs";
import { homedir, tmpdir, userInfo } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { RigFault } from "../base/errors.ts";

/** The project's root: the folder that holds package.json, seen from dist/harness/runner. */
export const projectRoot = resolve(fileURLToPath(new URL(".", import.meta.url)), "..", "..", "..");

export const cacheDir = (env: NodeJS.ProcessEnv = process.env): string =>
  join(xdg(env.XDG_CACHE_HOME) ?? join(homedir(), ".cache"), "mhi-hil");

/** XDG Base Directory Specification: an empty or relative path counts as none. */
const xdg = (path: string | undefined): string | undefined => (path && isAbsolute(path) ? path : undefined);

/**
 * A rig's short-lived folder (sockets, pty link), the user's own. Short, because a Unix socket's path has 107 bytes.
 *
 * @throws RigFault `state-dir-open`: others could write to it.
 */
export function rigStateDir(rigId: string, env: NodeJS.ProcessEnv = process.env): string {
  const base = xdg(env.XDG_RUNTIME_DIR) ?? tmpdir();
  const own = join(base, `mhi-hil-${userInfo().uid}`);
  const dir = join(own, rigId);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  checkOwn(own);
  return dir;
}

/** In /tmp anybody can have made it first: whoever can write to it can take the rig's place. */
function checkOwn(dir: string): void {
  const found = lstatSync(dir);
  if (found.isDirectory() && found.uid === userInfo().uid && (found.mode & 0o077) === 0) return;
  const mode = (found.mode & 0o777).toString(8);
  throw new RigFault(
    "state-dir-open",
    `${dir} must be a folder that is yours alone (mode 700), and has owner ${found.uid}, mode ${mode}; remove it, or set XDG_RUNTIME_DIR`,
  );
}

export const controlSocket = (rigId: string): string => join(rigStateDir(rigId), "keeper.sock");

/** Folders in which rig files are looked for: the caller's own first, then the project's. */
export const rigDirs = (cwd: string = process.cwd()): string[] => [
  ...new Set([join(cwd, "rigs"), join(projectRoot, "rigs")]),
];

export const reportsDir = (cwd: string = process.cwd()): string => join(cwd, "reports", "out");

/** `2026-11-23T1904-07`: sortable, unique enough for runs that start a second apart. */
export const runId = (now: Date): string =>
  now
    .toISOString()
    .slice(0, 19)
    .replace(/:(\d\d):/, "$1-");
