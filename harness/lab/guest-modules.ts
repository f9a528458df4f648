/**
 * The kernel modules of the guest: those asked for and all that they need, uncompressed (inflating xz under emulation
 * costs more than the room), with depmod's data made afresh for just these.
 */
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { RigFault } from "../base/errors.ts";
import { clientModules, driverModule, type FamilyProfile } from "../mhi/families/family.ts";
import type { Toolchain } from "./toolchain.ts";

/**
 * In every guest: MHI, the modems' driver, what binds to their channels, and what the guest itself needs (network, panic
 * reports, a power button).
 */
const GUEST_MODULES = [
  "mhi",
  "mhi_pci_generic",
  "wwan",
  "mhi_wwan_ctrl",
  "mhi_wwan_mbim",
  "mhi_net",
  "qrtr",
  "qrtr_mhi",
  "virtio_pci",
  "virtio_net",
  "pvpanic_pci",
  "button",
] as const;

/** All that a guest with a device of that family must be able to load. */
export const guestModules = (family: FamilyProfile): string[] => [
  ...new Set([...GUEST_MODULES, ...(family.outOfTree ? [] : [driverModule(family)]), ...clientModules(family)]),
];

/** Loaded by the guest's init; the MHI modules are the harness's to load, once the trace is armed. */
export const NETWORK_MODULES = ["virtio_pci", "virtio_net"] as const;
/** Loaded beside the rest: a panic in the first tenths of a second is still seen as a reset. */
export const LATER_MODULES = ["pvpanic_pci"] as const;

/** Module names as the kernel prints them: file name without suffixes, `-` as `_`. */
export const moduleName = (path: string): string =>
  basename(path)
    .replace(/\.ko(\.(xz|zst|gz))?$/, "")
    .replaceAll("-", "_");

/** `path: needed needed ...` lines of modules.dep, by module name. */
export function parseModulesDep(text: string): Map<string, { path: string; needs: string[] }> {
  const modules = new Map<string, { path: string; needs: string[] }>();
  for (const line of text.split("\n")) {
    const [path, needs] = line.split(":");
    if (!path || needs === undefined) continue;
    modules.set(moduleName(path), { path, needs: needs.split(" ").filter((part) => part !== "") });
  }
  return modules;
}

/**
 * Paths of the modules and of all that they need, each once, needed ones first.
 *
 * @throws RigFault `no-module` naming those that the kernel has neither as a module nor built in.
 */
export function closeOverModules(
  wanted: readonly string[],
  dep: ReturnType<typeof parseModulesDep>,
  builtin: ReadonlySet<string>,
): string[] {
  const missing = wanted.filter((name) => !dep.has(name) && !builtin.has(name));
  if (missing.length > 0) {
    throw new RigFault(
      "no-module",
      `the kernel has no module ${missing.join(", ")}; use a kernel built with the MHI host drivers`,
    );
  }
  const ordered = new Set<string>();
  for (const name of wanted) {
    const module = dep.get(name);
    // modules.dep lists what a module needs completely, nearest first.
    for (const path of module ? [...module.needs].reverse().concat(module.path) : []) ordered.add(path);
  }
  return [...ordered];
}

export interface StagedModules {
  /** Folder with `lib/modules/RELEASE` below it. */
  readonly dir: string;
  /** In `insmod` order, as absolute paths in the guest. */
  readonly network: readonly string[];
  readonly later: readonly string[];
}

/** What goes into a guest beside its kernel's own modules; one of the same name takes the place of the kernel's. */
export interface ExtraModule {
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
}

/** Fills `dir` with the wanted modules of `release`, those in `extra`, and depmod's data. */
export async function stageModules(
  tools: Toolchain,
  source: { readonly modulesDir: string; readonly release: string },
  modules: { readonly wanted: readonly string[]; readonly extra: readonly ExtraModule[] },
  dir: string,
): Promise<StagedModules> {
  const own = new Set(modules.extra.map(({ name }) => name));
  const needed = await Promise.all(modules.extra.map(({ path }) => neededBy(tools, path)));
  const wanted = [...modules.wanted, ...needed.flat()].filter((name) => !own.has(name));
  const dep = await readModulesDep(tools, source, dir);
  const builtin = await readBuiltin(source.modulesDir);
  const target = join(dir, "lib/modules", source.release);
  await mkdir(target, { recursive: true });
  for (const path of closeOverModules(wanted, dep, builtin)) {
    if (own.has(moduleName(path))) continue;
    await inflate(tools, join(source.modulesDir, path), join(target, plain(path)));
  }
  for (const { name, path } of modules.extra) {
    await mkdir(join(target, "updates"), { recursive: true });
    await copyFile(path, join(target, "updates", `${name}.ko`));
  }
  for (const name of ["modules.builtin", "modules.builtin.modinfo", "modules.order"]) {
    await copyFile(join(source.modulesDir, name), join(target, name)).catch(() => undefined);
  }
  await depmod(tools, dir, dir, source.release);
  const inGuest = (names: readonly string[]) =>
    closeOverModules(names, dep, builtin).map((path) => `/lib/modules/${source.release}/${plain(path)}`);
  return { dir, network: inGuest(NETWORK_MODULES), later: inGuest(LATER_MODULES) };
}

const plain = (path: string): string => path.replace(/\.(xz|zst|gz)$/, "");

const depmod = (tools: Toolchain, base: string, out: string, release: string): Promise<unknown> =>
  tools.run("usr/bin/kmod", ["-b", base, "-m", "/lib/modules", "-o", out, release], { argv0: "depmod" });

/** The packages bring no modules.dep: it is made when a kernel is installed. */
async function readModulesDep(
  tools: Toolchain,
  source: { readonly modulesDir: string; readonly release: string },
  dir: string,
): Promise<ReturnType<typeof parseModulesDep>> {
  const scratch = join(dir, "depmod");
  await mkdir(scratch, { recursive: true });
  await depmod(tools, dirname(dirname(dirname(source.modulesDir))), scratch, source.release);
  const text = await readFile(join(scratch, "lib/modules", source.release, "modules.dep"), "utf8");
  await rm(scratch, { recursive: true });
  return parseModulesDep(text);
}

/** Names of the modules that a module file says it depends on. */
async function neededBy(tools: Toolchain, path: string): Promise<string[]> {
  const { stdout } = await tools.run("usr/bin/kmod", ["-F", "depends", path], { argv0: "modinfo" });
  return stdout
    .trim()
    .split(",")
    .filter((name) => name !== "")
    .map((name) => name.replaceAll("-", "_"));
}

async function readBuiltin(modulesDir: string): Promise<Set<string>> {
  const text = await readFile(join(modulesDir, "modules.builtin"), "utf8").catch(() => "");
  return new Set(
    text
      .split("\n")
      .filter((line) => line !== "")
      .map(moduleName),
  );
}

async function inflate(tools: Toolchain, from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  if (from.endsWith(".ko")) return await copyFile(from, to);
  const packed = `${to}.xz`;
  if (!from.endsWith(".xz")) {
    throw new RigFault(
      "module-format",
      `${from} is compressed in a way that the lab does not know; expected .ko or .ko.xz`,
    );
  }
  await writeFile(packed, await readFile(from));
  await tools.run("usr/bin/xz", ["--decompress", "--force", packed]);
}
