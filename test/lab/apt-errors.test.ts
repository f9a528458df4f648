import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { aptFault, lastAptError } from "../../harness/lab/apt-errors.ts";

/** What apt-get 2.6 printed (`-qq`, C locale) for each kind of trouble. */
const recorded = (name: string): string => readFileSync(new URL(`../data/lab/${name}.txt`, import.meta.url), "utf8");

describe("apt's trouble as a sentence", () => {
  it.each([
    ["apt-refused", "mirror-unreachable", "Could not connect to 127.0.0.1:9"],
    ["apt-unresolved", "mirror-unreachable", "Could not resolve 'mirror.invalid'"],
    ["apt-no-release", "mirror-incomplete", "does not have a Release file"],
    ["apt-unsigned", "mirror-signature", "is not signed"],
    ["apt-no-package", "package-missing", "Unable to locate package no-such-package"],
  ])("%s is %s and keeps apt's own words", (name, code, words) => {
    const fault = aptFault("read the package lists", recorded(name), 100);
    expect(fault.code).toBe(code);
    expect(fault.message).toContain("could not read the package lists: ");
    expect(fault.message).toContain(words);
    expect(fault.message.split("\n")).toHaveLength(1);
  });

  it("knows a wrong hash and a full disk, whatever else apt says", () => {
    const hash =
      "E: Failed to fetch http://m/x.deb  Hash Sum mismatch\n   Hashes of expected file:\nE: Unable to fetch some archives";
    expect(aptFault("download the packages", hash, 100).code).toBe("package-hash");
    const full = "E: Failed to fetch http://m/x.deb  Error writing to file - write (28: No space left on device)";
    expect(aptFault("download the packages", full, 100).code).toBe("no-space");
  });

  it("tells the exit code when it knows nothing better", () => {
    const fault = aptFault("resolve the packages", "E: The moon is full", 100);
    expect(fault.code).toBe("apt-failed");
    expect(fault.message).toBe(
      "could not resolve the packages: apt-get ended with exit code 100. apt said: The moon is full",
    );
  });

  it("prefers the line that says what failed over the one that says that something failed", () => {
    expect(lastAptError(recorded("apt-refused"))).toMatch(/^Failed to fetch/);
    expect(lastAptError("")).toBe("no output");
  });
});
