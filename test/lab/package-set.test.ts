import { describe, expect, it } from "vitest";
import { kernelSet, kernelVersions, newestKernelPackage, toolSet } from "../../harness/lab/package-set.ts";

/** `apt-cache pkgnames linux-image-` over bookworm and trixie-backports, November 2026, shortened. */
const NAMES = [
  "linux-image-amd64",
  "linux-image-6.1.0-47-amd64",
  "linux-image-6.1.0-50-amd64",
  "linux-image-6.1.0-9-amd64",
  "linux-image-6.1.0-50-cloud-amd64",
  "linux-image-6.1.0-50-amd64-unsigned",
  "linux-image-6.12.90+deb12-amd64",
  "linux-image-6.12.90+deb12.1-amd64",
  "linux-image-7.2.9+deb13-amd64",
  "linux-image-7.2.12+deb13-amd64",
  "linux-image-7.2.12+deb13-amd64-dbg",
  "linux-image-7.2.12+deb13-rt-amd64",
  "linux-image-7.3~rc4-amd64",
];

describe("a kernel of Debian", () => {
  it("is the newest build of its version, by number and not by letters", () => {
    expect(newestKernelPackage(NAMES, "6.1")).toBe("linux-image-6.1.0-50-amd64");
    expect(newestKernelPackage(NAMES, "6.12")).toBe("linux-image-6.12.90+deb12.1-amd64");
    expect(newestKernelPackage(NAMES, "7.2")).toBe("linux-image-7.2.12+deb13-amd64");
  });

  it("is not guessed from a like one: 7.1, 6.1 for 6.12, a release candidate", () => {
    expect(newestKernelPackage(NAMES, "7.1")).toBeUndefined();
    expect(newestKernelPackage(NAMES, "7.3")).toBeUndefined();
    expect(newestKernelPackage(["linux-image-6.12.90+deb12-amd64"], "6.1")).toBeUndefined();
  });

  it("can be chosen among those that are there", () => {
    expect(kernelVersions(NAMES)).toEqual(["6.1", "6.12", "7.2"]);
  });

  it("has a folder of its own, so that several lie side by side", () => {
    const folders = ["6.1", "6.12", "7.2"].map((version) => kernelSet(version).folder);
    expect(new Set([...folders, toolSet([]).folder]).size).toBe(4);
  });

  it("comes from the release that has it as its own, else from backports", () => {
    expect(kernelSet("6.1").suites).toEqual(["bookworm"]);
    expect(kernelSet("6.12").suites).toEqual(["trixie"]);
    expect(kernelSet("7.2").suites).toEqual(["trixie-backports"]);
  });

  it.each(["", "6", "v6.1", "6.1.0-50-amd64", "../6.1", "6.1 "])("is refused by the name %j", (name) => {
    expect(() => kernelSet(name)).toThrow(/is no kernel version; expected one like 6\.1, 6\.12, 7\.2/);
  });
});
