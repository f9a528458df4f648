import { homedir } from "node:os";
import { join } from "node:path";

/** `~/x` in the user's home folder; anything else as it is. */
export const expandHome = (path: string): string =>
  path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
