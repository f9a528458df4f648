/** Modules that Debian does not ship, and the lab's own, built once a kernel and kept in the cache. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256 } from "../../mhi/firmware-image.ts";
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

/** Seen from dist/harness/lab/build. */
const CLIENT_DIR = fileURLToPath(new URL("../../../../harness/lab/guest", import.meta.url));

/** The lab's own MHI client, for LOOPBACK and RDDM: built anew when its source has changed. */
export async function ensureClient(kernel: BuildKernel, options: Options): Promise<readonly BuiltModule[]> {
  const outDir = join(options.cacheDir, `modules-${kernel.version}`, "mhi_hil_client");
  const source = await readFile(join(CLIENT_DIR, "mhi_hil_client.c"));
  const id = `mhi_hil_client ${kernel.release} ${sha256(source)}`;
  const known = await knownBuild(outDir, id);
  if (known) return known;
  const built = await buildModules(await buildTreeFor(kernel, options), {
    ...options,
    what: "the lab's MHI client",
    sourceDir: CLIENT_DIR,
    config: ["CONFIG_DEBUG_INFO_BTF_MODULES="],
    outDir,
    release: kernel.release,
  });
  await recordBuild(outDir, id, built);
  return built;
}
