/**
 * What lies in the package cache and how it got there. The manifest is the last thing written before the folder gets
 * its final name, so a folder without a readable one is not whole.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

/** Layout of the cache folder; another number means another folder, so versions never read each other's. */
export const CACHE_FORMAT = 2;

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

export const packageSchema = z.object({
  name: z.string(),
  version: z.string(),
  suite: z.string(),
  /** Path on the mirror. */
  filename: z.string(),
  sizeBytes: z.number().int().positive(),
  sha256: sha256Schema,
});
export type PackageRecord = z.infer<typeof packageSchema>;

export const manifestSchema = z.object({
  format: z.literal(CACHE_FORMAT),
  /** Wall clock of the controller, ISO 8601. */
  fetchedAt: z.string(),
  mirror: z.string(),
  /** What was asked for, without the dependencies. */
  requested: z.array(z.string()),
  packages: z.array(packageSchema),
  /** Regular files below `root`, by relative path. */
  files: z.record(z.string(), z.object({ sizeBytes: z.number().int(), sha256: sha256Schema })),
});
export type Manifest = z.infer<typeof manifestSchema>;
export type FileRecords = Manifest["files"];

export const MANIFEST_NAME = "manifest.json";

export type CacheState =
  | { readonly state: "absent" }
  | { readonly state: "damaged"; readonly reason: string }
  | { readonly state: "whole"; readonly manifest: Manifest };

/** Looks at names and sizes only: a few milliseconds. `verifyFiles` reads the contents too. */
export async function readCacheState(dir: string, requested: readonly string[]): Promise<CacheState> {
  const text = await readFile(join(dir, MANIFEST_NAME), "utf8").catch(() => undefined);
  if (text === undefined) {
    const exists = await lstat(dir).catch(() => undefined);
    return exists ? { state: "damaged", reason: `${MANIFEST_NAME} is missing` } : { state: "absent" };
  }
  const manifest = parseManifest(text);
  if (!manifest) return { state: "damaged", reason: `${MANIFEST_NAME} cannot be read` };
  const missing = requested.filter((name) => !manifest.requested.includes(name));
  if (missing.length > 0) return { state: "damaged", reason: `it was fetched without ${missing.join(", ")}` };
  const wrong = await firstWrongSize(join(dir, "root"), manifest.files);
  return wrong ? { state: "damaged", reason: wrong } : { state: "whole", manifest };
}

function parseManifest(text: string): Manifest | undefined {
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function firstWrongSize(root: string, files: FileRecords): Promise<string | undefined> {
  for (const [path, record] of Object.entries(files)) {
    const found = await lstat(join(root, path)).catch(() => undefined);
    if (!found?.isFile()) return `${path} is missing`;
    if (found.size !== record.sizeBytes) return `${path} has ${found.size} bytes instead of ${record.sizeBytes}`;
  }
  return undefined;
}

/** Reads every file and returns those that are missing or changed, as sentences. */
export async function verifyFiles(root: string, files: FileRecords): Promise<string[]> {
  const wrong: string[] = [];
  for (const [path, record] of Object.entries(files)) {
    const sha256 = await sha256File(join(root, path)).catch(() => undefined);
    if (sha256 === undefined) wrong.push(`${path} is missing`);
    else if (sha256 !== record.sha256)
      wrong.push(`${path} has changed (sha256 ${sha256.slice(0, 12)}..., ${record.sha256.slice(0, 12)}... expected)`);
  }
  return wrong;
}

/** Size and hash of every regular file below `root`; symbolic links are left out, they have no content of their own. */
export async function recordFiles(root: string): Promise<FileRecords> {
  const files: FileRecords = {};
  for (const entry of await readdir(root, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const { size } = await lstat(path);
    files[path.slice(root.length + 1)] = { sizeBytes: size, sha256: await sha256File(path) };
  }
  return files;
}

export async function sha256File(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
