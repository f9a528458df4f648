/** Everything that a lab needs before its first power-on: packages, keys, image, and how the guest will be run. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { RigFault } from "../base/errors.ts";
import { type FamilyProfile, familyOn, knownTo } from "../mhi/families/family.ts";
import { familyById } from "../mhi/families/index.ts";
import { type AccelChoice, chooseAccel } from "./accel.ts";
import { ensureClient, ensureQaic } from "./build/ensure-modules.ts";
import { type UserDrivers, userModules } from "./build/user-modules.ts";
import { type ExtraModule, guestModules } from "./guest-modules.ts";
import { ensureImage, type GuestImage, type GuestKernel } from "./image.ts";
import { ensureKeys, type LabKeys } from "./keys.ts";
import type { Manifest } from "./manifest.ts";
import { isKernelImage, namedKernel } from "./named-kernel.ts";
import { DEFAULT_KERNEL, GUEST_PACKAGES, QEMU_PACKAGE } from "./package-list.ts";
import { kernelSet, toolSet } from "./package-set.ts";
import { ensurePackages, type Packages, type PackagesOptions } from "./packages.ts";
import type { OnProgress } from "./progress.ts";
import type { Accel } from "./qemu-args.ts";
import { namedQemu, packagedQemu, type QemuBinary } from "./qemu-binary.ts";
import { Toolchain } from "./toolchain.ts";

export interface AssetOptions {
  readonly cacheDir: string;
  /** Device family that the guest is to drive. */
  readonly profile: string;
  /** Families of the other devices in the guest. */
  readonly beside: readonly string[];
  readonly accel: "auto" | Accel;
  readonly memoryMb: number;
  readonly cpus: number;
  /** Debian's kernel of that version, `6.1`, or the path of an image; by default the user's own, then 6.12. */
  readonly kernel?: string;
  /** The lab's own MHI client in the guest, for LOOPBACK and RDDM. */
  readonly clientModule?: boolean;
  /** The user's own drivers in place of the kernel's. */
  readonly drivers?: UserDrivers;
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal;
  /** The user's own choices; by default from MHI_HIL_QEMU, MHI_HIL_KERNEL, MHI_HIL_MODULES, MHI_HIL_DEBIAN_MIRROR. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface LabAssets {
  readonly qemu: QemuBinary;
  readonly kernel: GuestKernel;
  readonly image: GuestImage;
  readonly keys: LabKeys;
  readonly accel: AccelChoice;
  /** For the run record. */
  readonly versions: Readonly<Record<string, string>>;
}

/** @throws RigFault, see `ensurePackages`, `namedQemu`, `namedKernel`, `chooseAccel`. */
export async function ensureAssets(options: AssetOptions): Promise<LabAssets> {
  const env = options.env ?? process.env;
  const common = {
    cacheDir: options.cacheDir,
    onProgress: options.onProgress,
    ...(options.signal && { signal: options.signal }),
  };
  const fetching = { ...common, ...(env.MHI_HIL_DEBIAN_MIRROR ? { mirror: env.MHI_HIL_DEBIAN_MIRROR } : {}) };
  const packages = await ensurePackages({ ...fetching, set: toolSet(packageNames(env)) });
  const tools = new Toolchain(packages.root);
  const version = (name: string) => packages.manifest.packages.find((record) => record.name === name)?.version ?? "?";
  const qemu = env.MHI_HIL_QEMU
    ? await namedQemu(env.MHI_HIL_QEMU)
    : packagedQemu(tools, upstreamVersion(version(QEMU_PACKAGE)));
  const given = options.kernel !== undefined && isKernelImage(options.kernel) ? options.kernel : undefined;
  const named = given ?? (options.kernel === undefined ? env.MHI_HIL_KERNEL : undefined);
  const debian = named === undefined ? (options.kernel ?? DEFAULT_KERNEL) : DEFAULT_KERNEL;
  const kernel = named
    ? await namedKernel(named, env.MHI_HIL_MODULES, given === undefined ? "MHI_HIL_KERNEL" : "--kernel")
    : await packagedKernel(await ensurePackages({ ...fetching, set: kernelSet(debian) }));
  await mkdir(join(options.cacheDir, "images"), { recursive: true });
  const keys = await ensureKeys(tools, options.cacheDir);
  const families = [...new Set([options.profile, ...options.beside])].map(familyById);
  const unknown = families.find((family) => !knownTo(family, kernel.release));
  if (unknown) throw unknownToKernel(unknown, kernel.release);
  const modules = [...new Set(families.flatMap((family) => guestModules(familyOn(family, kernel.release))))];
  const built = { version: debian, release: kernel.release };
  const extraModules = [
    ...(await outOfTreeModules(families, { ...built, named, kernel }, fetching)),
    ...(options.clientModule ? await clientModule({ ...built, named }, fetching) : []),
    ...(options.drivers ? await userModules(options.drivers, built, fetching) : []),
  ];
  const image = await ensureImage({
    ...common,
    tools,
    kernel,
    keys,
    modules,
    extraModules,
    packagesId: packagesId(packages),
  });
  const machine = {
    kernelPath: kernel.image,
    release: kernel.release,
    initrdPath: image.initrdPath,
    memoryMb: options.memoryMb,
    cpus: options.cpus,
  };
  const accel = await chooseAccel({ ...common, wanted: options.accel, qemu, machine, imageId: image.id });
  const versions = {
    qemu: qemu.version,
    kernel: kernel.release,
    busybox: version("busybox-static"),
    dropbear: version("dropbear-bin"),
    kmod: version("kmod"),
    ...Object.fromEntries((options.drivers ? extraModules : []).map(({ name, sha256 }) => [`module ${name}`, sha256])),
  };
  return { qemu, kernel, image, keys, accel, versions };
}

/** @throws RigFault `module-build`, `no-module-source` */
async function outOfTreeModules(
  families: readonly FamilyProfile[],
  {
    version,
    named,
    kernel,
  }: { readonly version: string; readonly named: string | undefined; readonly kernel: GuestKernel },
  fetching: Omit<PackagesOptions, "set">,
): Promise<readonly ExtraModule[]> {
  const family = families.find(({ outOfTree }) => outOfTree !== undefined);
  if (!family || existsSync(join(kernel.modulesDir, "kernel/drivers/accel/qaic"))) return [];
  if (named === undefined) return await ensureQaic({ version, release: kernel.release }, fetching);
  throw new RigFault(
    "no-module-source",
    `family ${family.id} needs the module ${family.outOfTree}, which ${kernel.modulesDir} has not; build it into that kernel, or choose one of Debian's with --kernel`,
  );
}

/** @throws RigFault `module-build`, `no-module-source` */
async function clientModule(
  { named, ...kernel }: { readonly version: string; readonly release: string; readonly named: string | undefined },
  fetching: Omit<PackagesOptions, "set">,
): Promise<readonly ExtraModule[]> {
  if (named === undefined) return await ensureClient(kernel, fetching);
  throw new RigFault(
    "no-module-source",
    `\`clientModule\` of the rig file is compiled against headers of Debian's kernels, and ${named} is your own; choose one of Debian's with --kernel, or leave clientModule out`,
  );
}

const unknownToKernel = ({ id, since }: FamilyProfile, release: string): RigFault =>
  new RigFault(
    "family-unknown-to-kernel",
    `kernel ${release} has no driver that knows family ${id}; it came with ${since}: choose a newer one with --kernel`,
  );

/** What has to be fetched beside a kernel; what the user names is left out. */
export function packageNames(env: NodeJS.ProcessEnv): string[] {
  return [...GUEST_PACKAGES, ...(env.MHI_HIL_QEMU ? [] : [QEMU_PACKAGE])];
}

/** `1:11.1.3+ds-1~bpo13+1` -> `11.1.3`. */
const upstreamVersion = (version: string): string => /^(?:\d+:)?(\d+(?:\.\d+)*)/.exec(version)?.[1] ?? version;

const packagesId = ({ manifest }: { readonly manifest: Manifest } & Packages): string =>
  createHash("sha256")
    .update(manifest.packages.map((record) => record.sha256).join())
    .digest("hex")
    .slice(0, 16);

async function packagedKernel({ root }: Packages): Promise<GuestKernel> {
  const unpacked = new Toolchain(root);
  const { image, release } = await unpacked.kernel();
  return { image, release, modulesDir: unpacked.modulesDir(release) };
}
