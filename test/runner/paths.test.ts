import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { homedir, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RigFault, UsageError } from "../../harness/base/errors.ts";
import { cacheDir, reportsDir, rigDirs, rigStateDir, runId } from "../../harness/runner/paths.ts";
import { RUN_ENV, readRunEnv, writeRunEnv } from "../../harness/runner/run-env.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mhi-hil-paths-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("folders", () => {
  test("the cache follows XDG; an empty or relative path counts as none", () => {
    expect(cacheDir({ XDG_CACHE_HOME: "/var/cache/me" })).toBe("/var/cache/me/mhi-hil");
    for (const value of [undefined, "", "cache"]) {
      expect(cacheDir({ XDG_CACHE_HOME: value })).toBe(join(homedir(), ".cache", "mhi-hil"));
    }
  });

  test("a rig's state is the user's alone, and the same on every call", () => {
    const env = { XDG_RUNTIME_DIR: folder };
    const dir = rigStateDir("rack-3", env);
    expect(dir).toBe(join(folder, `mhi-hil-${userInfo().uid}`, "rack-3"));
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, "..")).mode & 0o777).toBe(0o700);
    expect(rigStateDir("rack-3", env)).toBe(dir);
    expect(rigStateDir("rack-4", env)).not.toBe(dir);
  });

  test("one that others can write to is refused, and so is a link that somebody laid", () => {
    const own = join(folder, `mhi-hil-${userInfo().uid}`);
    mkdirSync(own);
    chmodSync(own, 0o777);
    expect(() => rigStateDir("rack-3", { XDG_RUNTIME_DIR: folder })).toThrow(RigFault);
    expect(() => rigStateDir("rack-3", { XDG_RUNTIME_DIR: folder })).toThrow(/yours alone.*mode 777/);
    rmSync(own, { recursive: true });
    mkdirSync(join(folder, "elsewhere"), { mode: 0o700 });
    symlinkSync(join(folder, "elsewhere"), own);
    expect(() => rigStateDir("rack-3", { XDG_RUNTIME_DIR: folder })).toThrow(RigFault);
  });

  test("the caller's own rigs come before the project's; in the project itself they are one", () => {
    const dirs = rigDirs(folder);
    expect(dirs).toHaveLength(2);
    expect(dirs[0]).toBe(join(folder, "rigs"));
    expect(rigDirs(join(dirs[1] ?? "", ".."))).toHaveLength(1);
    expect(reportsDir(folder)).toBe(join(folder, "reports", "out"));
    expect(existsSync(reportsDir(folder))).toBe(false);
  });
});

test("a run's id sorts as time does", () => {
  expect(runId(new Date("2026-11-23T19:04:07.999Z"))).toBe("2026-11-23T1904-07");
  const ids = ["2026-11-23T19:04:07Z", "2026-11-23T19:04:08Z", "2026-11-23T20:00:00Z", "2027-01-01T00:00:00Z"].map(
    (text) => runId(new Date(text)),
  );
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(4);
});

describe("what a run hands to its processes", () => {
  const run = {
    id: "2026-11-23T1904-07",
    dir: "/tmp/a b",
    rig: "/rigs/r.yaml",
    faults: ['sys-err:after="x"'],
    command: ["run", "--grep", "S3 \u00e4"],
    startedAt: "2026-11-23T19:04:07.000Z",
    startNs: 123_456_789,
    json: true,
    suites: "/suites",
  };

  test("comes back as it was", () => {
    expect(readRunEnv(writeRunEnv(run))).toEqual(run);
    expect(readRunEnv({})).toBeUndefined();
  });

  test.each(["", "{", "null", "{}", JSON.stringify({ ...run, startNs: "soon" })])("%j is refused in words", (text) => {
    expect(() => readRunEnv({ [RUN_ENV]: text })).toThrow(UsageError);
    expect(() => readRunEnv({ [RUN_ENV]: text })).toThrow(/MHI_HIL_RUN holds no run of this version/);
  });
});
