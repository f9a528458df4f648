/** What the Playwright configuration needs. */
export { listRigs } from "../rig/inventory/load.ts";
export { projectRoot, rigDirs } from "./paths.ts";
export { readRunEnv } from "./run-env.ts";
