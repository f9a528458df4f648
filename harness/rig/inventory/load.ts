/** Finds and reads rig files. Synchronous, because Playwright's configuration needs the list of rigs while it loads. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { UsageError } from "../../base/errors.ts";
import { checkRigText } from "./check.ts";
import { nearest } from "./nearest.ts";
import type { RigFile } from "./schema.ts";

const EXTENSION = /\.ya?ml$/;
/** The id names a socket, a folder and a Playwright project. */
const ID = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/i;

export interface RigListing {
  readonly id: string;
  readonly path: string;
  /** Absent when the file is broken. */
  readonly rig?: RigFile;
  readonly error?: UsageError;
}

/**
 * Loads one rig by its id (a file name without `.yaml`, looked up in `dirs` in order) or by a path.
 *
 * @throws UsageError `unknown-rig`, `rig-file-unreadable`, `rig-file-syntax`, `rig-file-secret` or `rig-file-invalid`.
 */
export function loadRig(idOrPath: string, dirs: readonly string[]): RigFile {
  if (idOrPath.includes("/") || EXTENSION.test(idOrPath)) return readRigFile(idOrPath);
  const found = rigPaths(dirs).find((path) => idOf(path) === idOrPath);
  if (!found) throw unknownRig(idOrPath, dirs);
  return readRigFile(found);
}

/** Every rig file in `dirs`, the broken ones with their error. The first of two with one id wins, as in `loadRig`. */
export function listRigs(dirs: readonly string[]): RigListing[] {
  const byId = new Map<string, string>();
  for (const path of rigPaths(dirs)) if (!byId.has(idOf(path))) byId.set(idOf(path), path);
  return [...byId].map(([id, path]) => {
    try {
      return { id, path, rig: readRigFile(path) };
    } catch (error) {
      if (error instanceof UsageError) return { id, path, error };
      throw error;
    }
  });
}

const idOf = (path: string): string => basename(path).replace(EXTENSION, "");

function rigPaths(dirs: readonly string[]): string[] {
  return dirs.filter((dir) => existsSync(dir)).flatMap((dir) => entriesOf(dir).map((name) => join(dir, name)));
}

function entriesOf(dir: string): string[] {
  try {
    return readdirSync(dir)
      .filter((name) => EXTENSION.test(name) && !name.startsWith("."))
      .sort();
  } catch (cause) {
    throw new UsageError("rig-file-unreadable", `cannot list the rig files in ${dir}`, { cause });
  }
}

function unknownRig(id: string, dirs: readonly string[]): UsageError {
  const ids = [...new Set(rigPaths(dirs).map(idOf))];
  const near = nearest(id, ids);
  const there = ids.length > 0 ? `there are: ${ids.join(", ")}` : `no rig files in ${dirs.join(", ") || "any folder"}`;
  return new UsageError("unknown-rig", `no rig "${id}"${near ? `; did you mean "${near}"?` : ""}; ${there}`, {
    values: { rig: id },
  });
}

function readRigFile(path: string): RigFile {
  const id = idOf(path);
  if (!ID.test(id)) {
    throw new UsageError(
      "rig-file-invalid",
      `${path}: a rig's id is its file name, of letters, digits, "-", "_" and "."`,
    );
  }
  return { ...checkRigText(readText(path), path), id, path };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : "error";
    throw new UsageError("rig-file-unreadable", `${path}: cannot read this rig file (${reason})`, { cause });
  }
}
