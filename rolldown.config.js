import { defineConfig } from "rolldown";

/** Programs that are started often and read recordings: one file, and a few that are loaded when they are needed. */
export default defineConfig({
  input: ["dist/harness/cli/main-trace.js", "dist/bench/trace/decode-all.js", "dist/bench/trace/header-walk.js"],
  platform: "node",
  output: { dir: "dist/bundle", format: "esm", sourcemap: true, chunkFileNames: "[name].js" },
});
