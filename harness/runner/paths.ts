/** Where things are kept: the cache (XDG), the short-lived state of a rig, and the output of runs. */
import { mkdirSync } from "node:fs";
import { homedir, tmpdir, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's root: the folder that holds package.json, seen from dist/harness/runner. */
export const projectRoot = resolve(fileURLToPath(new URL(".", import.meta.url)), "..", "..", "..");

export const cacheDir = (env: NodeJS.ProcessEnv = process.env): string =>
  join(env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "mhi-hil");

/**
 * A rig's short-lived folder (sockets, pty link), the user's own. Short, because a Unix socket's path has 107 bytes.
 */
export function rigStateDir(rigId: string, env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_RUNTIME_DIR ?? tmpdir();
  const dir = join(base, `mhi-hil-${userInfo().uid}`, rigId);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
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
