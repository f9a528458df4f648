/**
 * The guest's root as an initramfs: busybox, dropbear, kmod, their libraries, the kernel's modules and a short init.
 * Kept in the cache under a hash of everything that goes into it; never compressed, because the guest would have to
 * inflate it under emulation.
 */
import { createHash } from "node:crypto";
import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { systemClock } from "../base/clock.ts";
import { lockCache } from "./cache-lock.ts";
import { type CpioEntry, parentDirs, writeCpio } from "./cpio.ts";
import { AFTER_RESUME, GROUP, INITTAB, initScript, PASSWD, PROFILE, SAY_READY, SHADOW, SHELLS } from "./guest-files.ts";
import { type ExtraModule, LATER_MODULES, NETWORK_MODULES, stageModules } from "./guest-modules.ts";
import type { LabKeys } from "./keys.ts";
import { sha256File } from "./manifest.ts";
import type { OnProgress } from "./progress.ts";
import { runProgram } from "./run-program.ts";
import type { Toolchain } from "./toolchain.ts";

/** Kept beside one another, for those who switch between kernels: 15 to 25 MB each. */
const KEPT_IMAGES = 16;

/** Raised when the way that the image is built changes without its inputs. */
const IMAGE_FORMAT = 1;

export interface GuestKernel {
  readonly image: string;
  readonly release: string;
  readonly modulesDir: string;
}

export interface ImageOptions {
  readonly cacheDir: string;
  readonly tools: Toolchain;
  readonly kernel: GuestKernel;
  readonly keys: LabKeys;
  /** Kernel modules that the guest must be able to load. */
  readonly modules: readonly string[];
  /** Modules beside the kernel's own, or instead of them. */
  readonly extraModules: readonly ExtraModule[];
  /** Names the exact set of unpacked packages. */
  readonly packagesId: string;
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal;
}

export interface GuestImage {
  readonly initrdPath: string;
  readonly id: string;
  readonly sizeBytes: number;
}

const recordSchema = z.object({ sha256: z.string(), sizeBytes: z.number().int() });

export async function ensureImage(options: ImageOptions): Promise<GuestImage> {
  const id = await imageId(options);
  const dir = join(options.cacheDir, "images", id);
  const known = await readImage(dir, id);
  if (known) return known;
  const lock = await lockCache(join(options.cacheDir, "images"), options.signal ? { signal: options.signal } : {});
  try {
    const made = (await readImage(dir, id)) ?? (await buildImage(options, dir, id));
    await removeOldest(join(options.cacheDir, "images"));
    return made;
  } finally {
    await lock.release();
  }
}

async function imageId(options: ImageOptions): Promise<string> {
  const { size, mtimeMs } = await lstat(options.kernel.image);
  const inputs = JSON.stringify([
    IMAGE_FORMAT,
    options.packagesId,
    [options.kernel.image, options.kernel.release, size, mtimeMs],
    [
      options.modules,
      options.extraModules.map(({ name, sha256 }) => [name, sha256]),
      initScript({ network: NETWORK_MODULES, later: LATER_MODULES }),
      INITTAB,
      SAY_READY,
      AFTER_RESUME,
      PROFILE,
    ],
    [options.keys.hostPublicKey, options.keys.userPublicKey],
  ]);
  return createHash("sha256").update(inputs).digest("hex").slice(0, 16);
}

async function readImage(dir: string, id: string): Promise<GuestImage | undefined> {
  const initrdPath = join(dir, "initrd.cpio");
  try {
    const record = recordSchema.parse(JSON.parse(await readFile(join(dir, "image.json"), "utf8")));
    if ((await sha256File(initrdPath)) !== record.sha256) return undefined;
    const now = systemClock.now();
    await utimes(dir, now, now).catch(() => undefined);
    return { initrdPath, id, sizeBytes: record.sizeBytes };
  } catch {
    return undefined;
  }
}

async function buildImage(options: ImageOptions, dir: string, id: string): Promise<GuestImage> {
  options.onProgress({ phase: "image", message: `building the guest image for kernel ${options.kernel.release}` });
  await mkdir(join(options.cacheDir, "images"), { recursive: true });
  const temp = await mkdtemp(join(options.cacheDir, "images", "tmp-"));
  try {
    const archive = writeCpio(await imageEntries(options, join(temp, "stage")));
    await rm(join(temp, "stage"), { recursive: true, force: true });
    const sha256 = createHash("sha256").update(archive).digest("hex");
    await writeFile(join(temp, "initrd.cpio"), archive, { mode: 0o600 });
    await writeFile(join(temp, "image.json"), JSON.stringify({ sha256, sizeBytes: archive.length }));
    await rm(dir, { recursive: true, force: true });
    await rename(temp, dir);
    return { initrdPath: join(dir, "initrd.cpio"), id, sizeBytes: archive.length };
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

/** Those not used for longest, and leftovers of killed builds; a running QEMU has read its image long ago. */
async function removeOldest(imagesDir: string): Promise<void> {
  const usedAt = new Map<string, number>();
  for (const name of await readdir(imagesDir)) {
    usedAt.set(name, name.startsWith("tmp-") ? 0 : (await lstat(join(imagesDir, name))).mtimeMs);
  }
  const byAge = [...usedAt].sort(([, a], [, b]) => b - a);
  for (const [index, [name, at]] of byAge.entries()) {
    if (index >= KEPT_IMAGES || at === 0) await rm(join(imagesDir, name), { recursive: true, force: true });
  }
}

/** Programs of the guest: where they lie in the packages and where in the guest. */
const PROGRAMS = [
  ["usr/bin/busybox", "bin/busybox"],
  ["usr/sbin/dropbear", "usr/sbin/dropbear"],
  ["usr/bin/kmod", "usr/bin/kmod"],
] as const;

const KMOD_NAMES = ["modprobe", "insmod", "rmmod", "lsmod", "modinfo", "depmod"] as const;

async function imageEntries(options: ImageOptions, stageDir: string): Promise<CpioEntry[]> {
  const { tools, kernel, keys } = options;
  const modules = await stageModules(tools, kernel, { wanted: options.modules, extra: options.extraModules }, stageDir);
  const text = (path: string, content: string, mode = 0o644): CpioEntry => file(path, Buffer.from(content), mode);
  const entries = [
    text("init", initScript(modules), 0o755),
    text("etc/inittab", INITTAB),
    text("etc/say-ready", SAY_READY, 0o755),
    text("etc/mhi-hil/after-resume", AFTER_RESUME, 0o755),
    text("etc/passwd", PASSWD),
    text("etc/group", GROUP),
    text("etc/shadow", SHADOW, 0o600),
    text("etc/shells", SHELLS),
    text("etc/profile", PROFILE),
    text("root/.ssh/authorized_keys", `${keys.userPublicKey}\n`, 0o600),
    file("etc/dropbear/host_key", await readFile(keys.hostKeyPath), 0o600),
    ...(await programEntries(tools)),
    ...(await treeEntries(join(stageDir, "lib"), "lib")),
  ];
  return [...directories(entries), ...devices(), ...entries];
}

const file = (path: string, data: Uint8Array, mode: number): CpioEntry => ({ path, type: "file", mode, data });

async function programEntries(tools: Toolchain): Promise<CpioEntry[]> {
  const entries: CpioEntry[] = [];
  const libraries = new Set<string>();
  for (const [from, to] of PROGRAMS) {
    entries.push(file(to, await readFile(tools.path(from)), 0o755));
    for (const name of await tools.librariesOf(from)) libraries.add(name);
  }
  for (const name of libraries) {
    entries.push(
      file(`lib/x86_64-linux-gnu/${basename(name)}`, await readFile(join(tools.libraryDir, basename(name))), 0o755),
    );
  }
  entries.push(file("lib64/ld-linux-x86-64.so.2", await readFile(tools.loader), 0o755));
  for (const name of KMOD_NAMES) entries.push({ path: `usr/sbin/${name}`, type: "link", target: "../bin/kmod" });
  // A static program: it runs as it is, and the loader would refuse it.
  const list = await runProgram(tools.path("usr/bin/busybox"), ["--list"]);
  for (const name of list.stdout.split("\n")) {
    if (name === "" || name === "busybox" || (KMOD_NAMES as readonly string[]).includes(name)) continue;
    entries.push({ path: `bin/${name}`, type: "link", target: "busybox" });
  }
  entries.push({ path: "sbin/init", type: "link", target: "../bin/busybox" });
  return entries;
}

async function treeEntries(dir: string, path: string): Promise<CpioEntry[]> {
  const entries: CpioEntry[] = [];
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const below = `${path}/${entry.name}`;
    if (entry.isDirectory()) entries.push(...(await treeEntries(join(dir, entry.name), below)));
    else entries.push(file(below, await readFile(join(dir, entry.name)), 0o644));
  }
  return entries;
}

const EMPTY_DIRS = ["dev", "proc", "sys", "run", "tmp", "mnt", "var", "lib/firmware", "root"] as const;

function directories(entries: readonly CpioEntry[]): CpioEntry[] {
  const paths = parentDirs([...entries.map((entry) => entry.path), ...EMPTY_DIRS.map((dir) => `${dir}/x`)]);
  return paths.map((path) => ({ path, type: "dir", mode: path.startsWith("root") ? 0o700 : 0o755 }));
}

/** init's standard streams, before /dev is mounted. */
const devices = (): CpioEntry[] => [
  { path: "dev/console", type: "char", mode: 0o600, major: 5, minor: 1 },
  { path: "dev/null", type: "char", mode: 0o666, major: 1, minor: 3 },
];
