import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CACHE_FORMAT, type Manifest, readCacheState, recordFiles, verifyFiles } from "../../harness/lab/manifest.ts";
import { toolSet } from "../../harness/lab/package-set.ts";
import { ensurePackages } from "../../harness/lab/packages.ts";

let dir = "";
const root = () => join(dir, "root");

async function fill(): Promise<Manifest> {
  mkdirSync(join(root(), "usr/bin"), { recursive: true });
  writeFileSync(join(root(), "usr/bin/qemu"), "program");
  writeFileSync(join(root(), "vmlinuz"), "kernel");
  const manifest: Manifest = {
    format: CACHE_FORMAT,
    fetchedAt: "2026-11-23T20:00:00.000Z",
    mirror: "http://mirror.example/debian/",
    requested: ["kmod", "qemu-system-x86"],
    packages: [
      { name: "kmod", version: "1", suite: "trixie", filename: "k.deb", sizeBytes: 1, sha256: "0".repeat(64) },
    ],
    files: await recordFiles(root()),
  };
  writeFileSync(join(dir, "manifest.json"), JSON.stringify(manifest));
  return manifest;
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mhi-hil-test-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("the package cache", () => {
  it("is whole when every recorded file has its size", async () => {
    const manifest = await fill();
    expect(await readCacheState(dir, ["kmod"])).toEqual({ state: "whole", manifest });
  });

  it("is absent when there is no folder", async () => {
    expect(await readCacheState(join(dir, "nothing"), [])).toEqual({ state: "absent" });
  });

  it.each([
    ["without a manifest", () => rmSync(join(dir, "manifest.json")), "manifest.json is missing"],
    ["with half a manifest", () => writeFileSync(join(dir, "manifest.json"), '{"format":1,"fe'), "cannot be read"],
    ["of another format", () => writeFileSync(join(dir, "manifest.json"), '{"format":99}'), "cannot be read"],
    ["with a truncated file", () => writeFileSync(join(root(), "vmlinuz"), "ker"), "vmlinuz has 3 bytes instead of 6"],
    ["with a file gone", () => rmSync(join(root(), "usr/bin/qemu")), "usr/bin/qemu is missing"],
  ])("is damaged %s", async (_, damage, reason) => {
    await fill();
    damage();
    const state = await readCacheState(dir, ["kmod"]);
    expect(state.state).toBe("damaged");
    expect(state.state === "damaged" && state.reason).toContain(reason);
  });

  it("is damaged for who needs more than was fetched", async () => {
    await fill();
    expect(await readCacheState(dir, ["kmod", "xz-utils"])).toMatchObject({
      state: "damaged",
      reason: "it was fetched without xz-utils",
    });
  });

  it("shows a changed byte to verifyFiles, which sizes alone do not", async () => {
    const manifest = await fill();
    writeFileSync(join(root(), "vmlinuz"), "kernEl");
    expect((await readCacheState(dir, [])).state).toBe("whole");
    expect(await verifyFiles(root(), manifest.files)).toEqual([expect.stringMatching(/^vmlinuz has changed/)]);
  });

  it("is used without apt when it is whole", async () => {
    const cacheDir = dir;
    dir = join(cacheDir, `packages-v${CACHE_FORMAT}`);
    mkdirSync(dir);
    await fill();
    const said: string[] = [];
    // A mirror that does not exist: whoever asked it would fail.
    const packages = await ensurePackages({
      cacheDir,
      set: toolSet(["kmod"]),
      mirror: "http://127.0.0.1:9/debian",
      onProgress: (progress) => said.push(progress.message),
    });
    dir = cacheDir;
    expect(packages.fetched).toBe(false);
    expect(said).toEqual([]);
  });
});
