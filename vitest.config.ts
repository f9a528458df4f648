import { defineConfig } from "vitest/config";

/** Unit tests: they prove the harness and need no rig. `vitest.rig.config.ts` holds those that boot the virtual rig. */
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/on-rig/**"],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    maxWorkers: 2,
  },
});
