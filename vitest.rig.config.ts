import { defineConfig } from "vitest/config";

/** Tests that run the product as a user would, on the virtual rig: one at a time, each with its own deadline. */
export default defineConfig({
  test: {
    include: ["test/on-rig/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    fileParallelism: false,
    maxWorkers: 1,
  },
});
