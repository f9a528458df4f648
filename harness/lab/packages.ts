/**
 * The lab's packages: fetched once, verified, unpacked into the cache folder, and from then on only looked at.
 *
 *   cache/packages-v1/manifest.json   what was fetched, written last
 *   cache/packages-v1/root            the unpacked files
 *   cache/kernel-6.12-v1/             the same for a kernel; as many beside one another as have been asked for
 *   cache/apt/                        apt's private folder while a fetch is under way; a broken-off one is taken up again
 *   cache/tmp-*                       an unpack under way; cleaned by the next run when it was broken off
 */
import { mkdir, mkdtemp, readdir, rename, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../base/clock.ts";
import { RigFault } from "../base/errors.ts";
import { PrivateApt, type ResolvedPackage } from "./apt.ts";
import { lockCache } from "./cache-lock.ts";
import {
  CACHE_FORMAT,
  type CacheState,
  MANIFEST_NAME,
  type Manifest,
  readCacheState,
  recordFiles,
  sha256File,
  verifyFiles,
} from "./manifest.ts";
import { kernelVersions, newestKernelPackage, type PackageSet } from "./package-set.ts";
import type { OnProgress } from "./progress.ts";
import { throwIfCancelled } from "./run-program.ts";
import { unpackDeb } from "./unpack-deb.ts";

/** The lists of trixie, unpacked by apt, before anything else is fetched. */
const LISTS_BYTES = 150 << 20;

export interface PackagesOptions {
  readonly cacheDir: string;
  /** What to ask apt for; dependencies come along. */
  readonly set: PackageSet;
  /** Debian archive to use instead of the one in the machine's apt configuration. */
  readonly mirror?: string;
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal;
}

export interface Packages {
  readonly root: string;
  readonly manifest: Manifest;
  /** True when this call had to fetch. */
  readonly fetched: boolean;
}

const packagesDir = (cacheDir: string, set: PackageSet): string => join(cacheDir, `${set.folder}-v${CACHE_FORMAT}`);

/** A kernel's folder is named for it: what is in it was asked for by another name, the newest of that day. */
const mustHold = ({ wanted }: PackageSet): readonly string[] => ("kernel" in wanted ? [] : wanted);

export const packagesState = (cacheDir: string, set: PackageSet): Promise<CacheState> =>
  readCacheState(packagesDir(cacheDir, set), mustHold(set));

/** Reads every cached file; an empty list means that all are as they were unpacked. */
export async function verifyPackages(cacheDir: string, set: PackageSet): Promise<string[]> {
  const state = await packagesState(cacheDir, set);
  if (state.state === "absent") return ["nothing has been fetched yet"];
  if (state.state === "damaged") return [state.reason];
  return await verifyFiles(join(packagesDir(cacheDir, set), "root"), state.manifest.files);
}

/**
 * Whole cache: no apt, no network, a few milliseconds. Else fetches under the cache's lock.
 *
 * @throws RigFault: `no-apt`, `unsupported-machine`, `keyring-missing`, `no-mirror`, `mirror-*`, `package-*`, `no-space`,
 *   `lab-cancelled`.
 */
export async function ensurePackages(options: PackagesOptions): Promise<Packages> {
  const dir = packagesDir(options.cacheDir, options.set);
  const before = await packagesState(options.cacheDir, options.set);
  if (before.state === "whole") return { root: join(dir, "root"), manifest: before.manifest, fetched: false };
  await mkdir(options.cacheDir, { recursive: true }).catch((cause: Error) => {
    throw new RigFault("cache-dir", `cannot make the cache folder ${options.cacheDir}: ${cause.message}`, { cause });
  });
  const lock = await lockCache(options.cacheDir, {
    ...(options.signal && { signal: options.signal }),
    onWait: (holder) => say(options, `waiting for ${holder}, which is filling the cache`),
  });
  try {
    const now = await packagesState(options.cacheDir, options.set);
    if (now.state === "whole") return { root: join(dir, "root"), manifest: now.manifest, fetched: false };
    if (now.state === "damaged") say(options, `the cached packages are not whole (${now.reason}); fetching them again`);
    const manifest = await fetchPackages(options, dir);
    return { root: join(dir, "root"), manifest, fetched: true };
  } finally {
    await lock.release();
  }
}

const say = (options: PackagesOptions, message: string, bytesDone?: number, bytesTotal?: number): void =>
  options.onProgress({
    phase: "packages",
    message,
    ...(bytesDone !== undefined && { bytesDone }),
    ...(bytesTotal !== undefined && { bytesTotal }),
  });

async function fetchPackages(options: PackagesOptions, dir: string): Promise<Manifest> {
  await removeLeftovers(options.cacheDir);
  await requireSpace(options.cacheDir, LISTS_BYTES);
  const aptDir = join(options.cacheDir, "apt");
  const apt = await PrivateApt.prepare({
    dir: aptDir,
    set: options.set,
    ...(options.mirror !== undefined && { mirror: options.mirror }),
    ...(options.signal && { signal: options.signal }),
  });
  say(options, `reading package lists from ${apt.mirror}`);
  await apt.update();
  const requested = await packageNames(apt, options.set);
  const resolved = await apt.resolve(requested);
  const downloadBytes = sum(resolved.map((record) => record.sizeBytes));
  await requireSpace(options.cacheDir, downloadBytes + sum(resolved.map((record) => record.installedBytes)));
  const debs = await downloadAll(apt, requested, resolved, options);
  const manifest = await unpackAll(debs, { requested, resolved, mirror: apt.mirror }, options, dir);
  await rm(aptDir, { recursive: true, force: true });
  return manifest;
}

/** @throws RigFault `kernel-not-there` naming the kernels that the archive has. */
async function packageNames(apt: PrivateApt, { wanted, suites }: PackageSet): Promise<readonly string[]> {
  if (!("kernel" in wanted)) return wanted;
  const all = await apt.kernelPackages();
  const newest = newestKernelPackage(all, wanted.kernel);
  if (newest !== undefined) return [newest];
  throw new RigFault(
    "kernel-not-there",
    `Debian's ${suites.join(", ")} at ${apt.mirror} has no kernel ${wanted.kernel}; it has ${kernelVersions(all).join(", ") || "none at all"}`,
  );
}

async function downloadAll(
  apt: PrivateApt,
  requested: readonly string[],
  resolved: readonly ResolvedPackage[],
  options: PackagesOptions,
): Promise<string[]> {
  const totalBytes = sum(resolved.map((record) => record.sizeBytes));
  const what = `downloading ${resolved.length} packages`;
  say(options, what, 0, totalBytes);
  const timer = setInterval(() => {
    apt.downloadedBytes().then(
      (bytes) => say(options, what, Math.min(bytes, totalBytes), totalBytes),
      () => undefined,
    );
  }, 500);
  try {
    await apt.download(requested);
    const wrong = await findDebs(apt.archivesDir, resolved);
    if (wrong.bad.length > 0) {
      // apt trusts a file of the right size that an earlier run left behind: fetch those again, once.
      for (const path of wrong.bad) await rm(path, { force: true });
      await apt.download(requested);
    }
  } finally {
    clearInterval(timer);
  }
  const { good, bad, missing } = await findDebs(apt.archivesDir, resolved);
  const culprit = bad[0] ?? missing[0];
  if (culprit !== undefined) {
    throw new RigFault(
      "package-hash",
      `could not download the packages: ${culprit} has not the sha256 that the signed package list gives; try again, or another mirror`,
    );
  }
  say(options, what, totalBytes, totalBytes);
  return good;
}

/** apt names a file `name_version_arch.deb`, with the version's colon as `%3a`. */
const archiveName = (record: ResolvedPackage): string => {
  const arch = /_([a-z0-9]+)\.deb$/.exec(record.filename)?.[1] ?? "amd64";
  return `${record.name}_${record.version.replaceAll(":", "%3a")}_${arch}.deb`;
};

async function findDebs(archives: string, resolved: readonly ResolvedPackage[]) {
  const good: string[] = [];
  const bad: string[] = [];
  const missing: string[] = [];
  for (const record of resolved) {
    const path = join(archives, archiveName(record));
    const sha256 = await sha256File(path).catch(() => undefined);
    if (sha256 === undefined) missing.push(path);
    else if (sha256 === record.sha256) good.push(path);
    else bad.push(path);
  }
  return { good, bad, missing };
}

async function unpackAll(
  debs: readonly string[],
  source: {
    readonly requested: readonly string[];
    readonly resolved: readonly ResolvedPackage[];
    readonly mirror: string;
  },
  options: PackagesOptions,
  dir: string,
): Promise<Manifest> {
  const temp = await mkdtemp(join(options.cacheDir, "tmp-"));
  try {
    const root = join(temp, "root");
    await mkdir(root);
    for (const [index, deb] of debs.entries()) {
      throwIfCancelled(options.signal);
      if (index % 10 === 0) say(options, `unpacking package ${index + 1} of ${debs.length}`);
      await unpackDeb(deb, root, options.signal);
    }
    const manifest: Manifest = {
      format: CACHE_FORMAT,
      fetchedAt: systemClock.now().toISOString(),
      mirror: source.mirror,
      requested: [...source.requested],
      packages: source.resolved.map(({ installedBytes: _, ...record }) => record),
      files: await recordFiles(root),
    };
    await writeFile(join(temp, MANIFEST_NAME), `${JSON.stringify(manifest, null, 1)}\n`);
    throwIfCancelled(options.signal);
    await rm(dir, { recursive: true, force: true });
    await rename(temp, dir);
    return manifest;
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

/** Folders of fetches that were killed; the caller holds the lock, so nobody works in them. */
async function removeLeftovers(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    if (name.startsWith("tmp-")) await rm(join(cacheDir, name), { recursive: true, force: true });
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;

async function requireSpace(dir: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dir);
  const freeBytes = bavail * bsize;
  if (freeBytes >= neededBytes) return;
  throw new RigFault(
    "no-space",
    `the cache folder ${dir} has ${megabytes(freeBytes)} free, ${megabytes(neededBytes)} are needed; free some space, or set XDG_CACHE_HOME to a folder with more`,
    { values: { freeBytes, neededBytes } },
  );
}
