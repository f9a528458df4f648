import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { firstError, knownBuild, recordBuild } from "../../harness/lab/build/build-modules.ts";
import { buildSet } from "../../harness/lab/build/build-set.ts";
import { userModules } from "../../harness/lab/build/user-modules.ts";
import { guestModules } from "../../harness/lab/guest-modules.ts";
import { familyById } from "../../harness/mhi/families/index.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mhi-hil-build-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("the packages to build with", () => {
  test.each([
    ["6.1", "6.1.0-50-amd64", ["bookworm"]],
    ["6.12", "6.12.117+deb13-amd64", ["trixie"]],
    ["7.2", "7.2.12+deb13-amd64", ["trixie", "trixie-backports"]],
  ])("of %s: headers of the very release, source, and the compiler's release", (version, release, suites) => {
    const set = buildSet(version, release);
    expect(set.suites).toEqual(suites);
    expect(set.wanted).toEqual([`linux-headers-${release}`, `linux-source-${version}`, "make", "binutils"]);
  });
});

describe("the first error of a build", () => {
  const of = (...lines: string[]) => firstError(lines.join("\n"), "/cache/build", "/home/me/linux/drivers/bus/mhi");

  test.each([
    [
      "the compiler's, relative",
      ["  CC [M]  host/pm.o", "host/pm.c:916:16: error: expected ';' before 'if'", "make[3]: *** [host/pm.o] Error 1"],
      "/home/me/linux/drivers/bus/mhi/host/pm.c:916:16: error: expected ';' before 'if'",
    ],
    [
      "the compiler's, absolute",
      ["/cache/build/host/pm.c:1:10: fatal error: no.h: No such file or directory"],
      "/home/me/linux/drivers/bus/mhi/host/pm.c:1:10: fatal error: no.h: No such file or directory",
    ],
    [
      "modpost's",
      ['ERROR: modpost: "gone" [x.ko] undefined!', "make: *** Error 2"],
      'ERROR: modpost: "gone" [x.ko] undefined!',
    ],
    ["make's", ["make: *** No rule to make target 'x'.  Stop."], "make: *** No rule to make target 'x'.  Stop."],
    ["none of these", ["something", "last words", ""], "last words"],
    ["nothing at all", [""], "no reason was given"],
  ])("%s", (_name, lines, expected) => {
    expect(of(...lines)).toBe(expected);
  });
});

describe("drivers of the user's", () => {
  const kernel = { version: "6.12", release: "6.12.117+deb13-amd64" };
  const options = { cacheDir: "/nowhere", onProgress: () => undefined };

  test("a folder that is no kernel tree", async () => {
    await expect(userModules({ kernelTree: dir }, kernel, options)).rejects.toMatchObject({
      kind: "usage",
      code: "kernel-tree",
      message: `${dir} is no kernel tree: it has no drivers/bus/mhi/Makefile`,
    });
  });

  test("a folder without modules, and none at all", async () => {
    writeFileSync(join(dir, "mhi.ko.xz"), "");
    await expect(userModules({ modules: dir }, kernel, options)).rejects.toMatchObject({ code: "modules-folder" });
    await expect(userModules({ modules: join(dir, "none") }, kernel, options)).rejects.toMatchObject({
      message: `${join(dir, "none")} cannot be read: name a folder of .ko files`,
    });
  });

  test("modules are named as the kernel names them", async () => {
    writeFileSync(join(dir, "mhi-pci-generic.ko"), "elf");
    const [module] = await userModules({ modules: dir }, kernel, options);
    expect(module).toMatchObject({ name: "mhi_pci_generic", path: join(dir, "mhi-pci-generic.ko") });
  });
});

describe("what an earlier build left", () => {
  const module = { name: "qaic", path: "", sha256: "8b4f2a0e1c3d" };

  test("nothing, another kernel's, or changed since: built again", async () => {
    mkdirSync(join(dir, "out"));
    expect(await knownBuild(join(dir, "out"), "qaic 6.12")).toBeUndefined();
    await recordBuild(join(dir, "out"), "qaic 6.12", [module]);
    expect(await knownBuild(join(dir, "out"), "qaic 6.12"), "the file is not there").toBeUndefined();
    writeFileSync(join(dir, "out", "qaic.ko"), "changed");
    expect(await knownBuild(join(dir, "out"), "qaic 6.12"), "another content").toBeUndefined();
    expect(await knownBuild(join(dir, "out"), "qaic 7.2")).toBeUndefined();
  });

  test("whole: used", async () => {
    writeFileSync(join(dir, "qaic.ko"), "elf");
    const [built] = await userModules(
      { modules: dir },
      { version: "6.12", release: "x" },
      { cacheDir: dir, onProgress: () => undefined },
    );
    if (!built) throw new Error("no module");
    await recordBuild(dir, "qaic 6.12", [built]);
    expect(await knownBuild(dir, "qaic 6.12")).toEqual([built]);
  });
});

describe("modules of a guest", () => {
  test.each([
    ["sdx55", ["mhi_pci_generic", "mhi_net", "qrtr_mhi"], ["ath11k_pci", "qaic"]],
    ["wcn6855", ["ath11k_pci", "qrtr_mhi"], ["qaic", "ath12k"]],
    ["wcn7850", ["ath12k_wifi7"], ["ath11k_pci"]],
    ["aic100", ["mhi"], ["qaic"]], // not the kernel's: it comes as an extra
  ])("%s", (id, there, absent) => {
    const modules = guestModules(familyById(id));
    for (const name of there) expect(modules).toContain(name);
    for (const name of absent) expect(modules).not.toContain(name);
    expect(new Set(modules).size).toBe(modules.length);
  });
});
