import { defineConfig } from "rolldown";

/** Programs that are started often: one file each, and a few that are loaded when they are needed. */
export default defineConfig({
  input: {
    "main-trace": "dist/harness/cli/main-trace.js",
    endpoint: "dist/harness/endpoint/main.js",
    "decode-all": "dist/bench/trace/decode-all.js",
    "header-walk": "dist/bench/trace/header-walk.js",
  },
  platform: "node",
  output: { dir: "dist/bundle", format: "esm", sourcemap: true, chunkFileNames: "[name].js" },
});
