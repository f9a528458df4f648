import { defineConfig } from "@playwright/test";
import { listRigs, projectRoot, readRunEnv, rigDirs } from "mhi-hil/runner";

/** One project a rig file; a run names one rig, and without a run each rig is a project to choose from. */
const run = readRunEnv();
const rigs = run ? [run.rig] : listRigs(rigDirs(projectRoot)).flatMap((rig) => (rig.error ? [] : [rig.path]));

export default defineConfig<object, { rigPath: string }>({
  testDir: run?.suites ?? "suites",
  testMatch: "**/*.spec.ts",
  outputDir: run ? `${run.dir}/tests` : "reports/out/by-hand",
  reporter: [["./dist/harness/runner/reporter.js"]],
  // One device, one test at a time.
  workers: 1,
  fullyParallel: false,
  timeout: 180_000,
  expect: { timeout: 60_000 },
  forbidOnly: true,
  projects: rigs.map((rig) => ({ name: rig.replace(/^.*\/|\.ya?ml$/g, ""), use: { rigPath: rig } })),
});
