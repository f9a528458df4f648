import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { HOT_DIR, LOOPS, moduleOf } from "../../harness/trace/hot/compile.ts";

test.each(LOOPS)("%s: what is run is what stands in the source", async (name) => {
  expect(readFileSync(join(HOT_DIR, `${name}-wasm.ts`), "utf8")).toBe(await moduleOf(name));
});
