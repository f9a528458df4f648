import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { RigFault } from "../../harness/base/errors.ts";

/** Beside this file when it runs from dist; in dist when it runs from its source. */
const PLACES = ["./page.js", "../../dist/reports/html/page.js"];

/**
 * The browser code, bundled to one file by the build from reports/html/browser.
 *
 * @throws RigFault `page-script-missing`
 */
export function pageScript(): string {
  for (const place of PLACES) {
    const path = fileURLToPath(new URL(place, import.meta.url));
    if (existsSync(path)) return readFileSync(path, "utf8");
  }
  throw new RigFault(
    "page-script-missing",
    "the report's page script is not built: expected page.js beside the compiled reports/html; run: npm run build",
  );
}
