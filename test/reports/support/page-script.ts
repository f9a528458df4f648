import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

/** The page's script from its source, as the build makes it, so that a test never looks at an old build. */
export async function bundledPage(): Promise<string> {
  const input = fileURLToPath(new URL("../../../reports/html/browser/main.ts", import.meta.url));
  const bundle = await rolldown({ input, platform: "browser" });
  const { output } = await bundle.generate({ format: "iife", minify: true });
  await bundle.close();
  return output[0].code;
}
