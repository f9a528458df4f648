/** The lab's packages come in sets, each in a cache folder of its own: QEMU and the guest's programs, and a set a kernel. */
import { UsageError } from "../base/errors.ts";
import { BACKPORTS_SUITE, KERNEL_NOT_NEEDED, NOT_NEEDED, SUITE } from "./package-list.ts";

export interface PackageSet {
  /** Name of its folder in the cache, before the format's version. */
  readonly folder: string;
  /** Releases of Debian that it is taken from; backports rank below a release. */
  readonly suites: readonly string[];
  /** Declared as installed, so that apt does not fetch them. */
  readonly notNeeded: readonly string[];
  /** Names to ask apt for; of a kernel the name is found in the archive: the newest build of its version. */
  readonly wanted: readonly string[] | { readonly kernel: string };
}

export const toolSet = (requested: readonly string[]): PackageSet => ({
  folder: "packages",
  suites: [SUITE, BACKPORTS_SUITE],
  notNeeded: NOT_NEEDED,
  wanted: requested,
});

/** The release that has it as its own kernel; whatever else there is comes from backports. */
const KERNEL_SUITES: Readonly<Record<string, string>> = { "6.1": "bookworm", "6.12": SUITE };

/** Kernels that are tried: before the mhi_host events, the default, and the newest. Others of backports work as well. */
export const KNOWN_KERNELS = ["6.1", "6.12", "7.2"] as const;

/** @throws UsageError `kernel-name` when `version` is not like `6.12`. */
export function kernelSet(version: string): PackageSet {
  if (!/^\d{1,2}\.\d{1,3}$/.test(version)) {
    throw new UsageError(
      "kernel-name",
      `"${version}" is no kernel version; expected one like ${KNOWN_KERNELS.join(", ")} (a kernel of your own is named by MHI_HIL_KERNEL)`,
    );
  }
  return {
    folder: `kernel-${version}`,
    suites: [KERNEL_SUITES[version] ?? BACKPORTS_SUITE],
    notNeeded: [...NOT_NEEDED, ...KERNEL_NOT_NEEDED],
    wanted: { kernel: version },
  };
}

const PLAIN_IMAGE = /^linux-image-(\d+\.\d+)[\d.]*(?:-\d+|\+\w+(?:\.\d+)?)*-amd64$/;

/** Names of kernel packages -> the newest build of `version`; those for clouds and real time are left out. */
export const newestKernelPackage = (names: readonly string[], version: string): string | undefined =>
  names
    .filter((name) => PLAIN_IMAGE.exec(name)?.[1] === version)
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
    .at(-1);

/** Versions among the names of kernel packages, oldest first. */
export const kernelVersions = (names: readonly string[]): string[] =>
  [...new Set(names.flatMap((name) => PLAIN_IMAGE.exec(name)?.[1] ?? []))].sort((a, b) =>
    a.localeCompare(b, "en", { numeric: true }),
  );
