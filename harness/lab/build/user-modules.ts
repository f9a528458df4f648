/** A user's own drivers in the guest: built from a kernel tree of his, or modules that he has built himself. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { UsageError } from "../../base/errors.ts";
import { sha256 } from "../../mhi/firmware-image.ts";
import type { PackagesOptions } from "../packages.ts";
import { asModule, type BuiltModule, buildModules } from "./build-modules.ts";
import { type BuildKernel, buildTreeFor } from "./ensure-modules.ts";

export interface UserDrivers {
  /** A kernel tree; its drivers/bus/mhi is built. */
  readonly kernelTree?: string;
  /** Folder of `.ko` files. */
  readonly modules?: string;
}

const MHI = "drivers/bus/mhi";

/**
 * Modules that take the place of the kernel's own. A tree is built anew each time: it is what the user is working on.
 *
 * @throws UsageError `kernel-tree`, `modules-folder`: what was looked for and not found; RigFault `module-build`
 */
export async function userModules(
  { kernelTree, modules }: UserDrivers,
  kernel: BuildKernel,
  options: Omit<PackagesOptions, "set">,
): Promise<readonly BuiltModule[]> {
  return [
    ...(kernelTree === undefined ? [] : await buildMhi(resolve(kernelTree), kernel, options)),
    ...(modules === undefined ? [] : await readyModules(resolve(modules))),
  ];
}

async function buildMhi(
  dir: string,
  kernel: BuildKernel,
  options: Omit<PackagesOptions, "set">,
): Promise<readonly BuiltModule[]> {
  const sourceDir = join(dir, MHI);
  if (!existsSync(join(sourceDir, "Makefile"))) {
    throw new UsageError("kernel-tree", `${dir} is no kernel tree: it has no ${MHI}/Makefile`);
  }
  const tree = await buildTreeFor(kernel, options);
  return await buildModules(tree, {
    ...options,
    what: `${MHI} of ${dir}`,
    sourceDir,
    config: ["CONFIG_DEBUG_INFO_BTF_MODULES="],
    // trace.h names itself ../../drivers/bus/mhi/host/trace.h, from whichever folder of the tree
    includes: [join(dir, "drivers/bus")],
    outDir: join(options.cacheDir, `modules-${kernel.version}`, `tree-${sha256(Buffer.from(dir)).slice(0, 12)}`),
    release: kernel.release,
  });
}

async function readyModules(dir: string): Promise<BuiltModule[]> {
  const names = await readdir(dir).catch(() => {
    throw new UsageError("modules-folder", `${dir} cannot be read: name a folder of .ko files`);
  });
  const files = names.filter((name) => name.endsWith(".ko")).sort();
  if (files.length > 0) return await Promise.all(files.map((name) => asModule(join(dir, name))));
  throw new UsageError("modules-folder", `${dir} holds no .ko file`);
}
