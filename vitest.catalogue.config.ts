import { defineConfig } from "vitest/config";

/** The fault catalogue, verdict by verdict: some nine minutes, apart from the other tests on the rig. */
export default defineConfig({
  test: {
    include: ["test/on-rig/catalogue/verdicts.ts"],
    testTimeout: 900_000,
    fileParallelism: false,
    maxWorkers: 1,
  },
});
