/** The packages that modules are built from: a kernel's headers and source, and the compiler that its headers ask for. */
import { KERNEL_NOT_NEEDED, NOT_NEEDED, SUITE } from "../package-list.ts";
import { kernelSet, type PackageSet } from "../package-set.ts";

/** `version` as in `6.12`, `release` as in `6.12.117+deb13-amd64`. @throws UsageError `kernel-name` */
export function buildSet(version: string, release: string): PackageSet {
  const { suites } = kernelSet(version);
  return {
    folder: `build-${version}`,
    // backports bring the headers, the release the compiler
    suites: suites.includes("bookworm") ? suites : [...new Set([SUITE, ...suites])],
    notNeeded: [...NOT_NEEDED, ...KERNEL_NOT_NEEDED],
    wanted: [`linux-headers-${release}`, `linux-source-${version}`, "make", "binutils"],
  };
}
