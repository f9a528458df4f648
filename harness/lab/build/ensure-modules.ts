/** Modules that Debian does not ship, built once a kernel and kept in the cache. */
import { join } from "node:path";
import { ensurePackages, type PackagesOptions } from "../packages.ts";
import { type BuiltModule, buildModules, knownBuild, recordBuild } from "./build-modules.ts";
import { buildSet } from "./build-set.ts";
import { type BuildTree, ensureBuildTree } from "./build-tree.ts";

export interface BuildKernel {
  /** `6.12` */
  readonly version: string;
  readonly release: string;
}

type Options = Omit<PackagesOptions, "set">;

/** Fetches compiler, headers and source (some 250 MB, once a kernel) and makes them usable. */
export async function buildTreeFor(
  kernel: BuildKernel,
  options: Options,
): Promise<BuildTree & { readonly id: string }> {
  const { root, manifest } = await ensurePackages({ ...options, set: buildSet(kernel.version, kernel.release) });
  const dir = join(options.cacheDir, `tree-${kernel.version}`);
  const tree = await ensureBuildTree({ ...options, packagesRoot: root, dir, release: kernel.release });
  const source = manifest.packages.find(({ name }) => name.startsWith("linux-source"));
  return { ...tree, id: `${kernel.release} ${source?.sha256 ?? "?"}` };
}

/** `qaic.ko` of the kernel's own source: Debian has it switched off. */
export async function ensureQaic(kernel: BuildKernel, options: Options): Promise<readonly BuiltModule[]> {
  const outDir = join(options.cacheDir, `modules-${kernel.version}`, "qaic");
  const id = `qaic ${kernel.release}`;
  const known = await knownBuild(outDir, id);
  if (known) return known;
  const tree = await buildTreeFor(kernel, options);
  const built = await buildModules(tree, {
    ...options,
    what: `qaic of Debian's linux-source-${kernel.version}`,
    sourceDir: join(tree.sourceDir, "drivers/accel/qaic"),
    config: ["CONFIG_DRM_ACCEL_QAIC=m", "CONFIG_DEBUG_INFO_BTF_MODULES="],
    outDir,
    release: kernel.release,
  });
  await recordBuild(outDir, id, built);
  return built;
}
