/** `npm run hot`: the loops in AssemblyScript -> modules that hold them as text, so that nothing has to be found at run time. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { main as compile } from "assemblyscript/asc";
import { RigFault } from "../../base/errors.ts";

export const LOOPS = ["ring", "text"] as const;

/** Folder of the sources, from here or from what was built. */
export const HOT_DIR = join(
  dirname(fileURLToPath(import.meta.url)).replace(/([\\/])dist[\\/]harness/, "$1harness"),
  ".",
);

function sourceOf(name: string): string | null {
  const path = join(HOT_DIR, name);
  return name.endsWith(".as.ts") && existsSync(path) ? readFileSync(path, "utf8") : null;
}

/** @returns text of the module that holds the loops. @throws RigFault `hot-compile` with what the compiler says. */
export async function moduleOf(name: string): Promise<string> {
  let code: Uint8Array | undefined;
  const { error, stderr } = await compile(
    [
      ...["source.ts", "--outFile", "out.wasm", "-O3", "--runtime", "stub", "--importMemory", "--noAssert"],
      ...["--enable", "simd"],
    ],
    {
      readFile: (path) => sourceOf(path === "source.ts" ? `${name}.as.ts` : path),
      writeFile: (_path, content) => {
        if (typeof content !== "string") code = content;
      },
      listFiles: () => [],
    },
  );
  if (error || !code) throw new RigFault("hot-compile", `${name}.as.ts: ${stderr.toString()}`);
  const lines = [`/** ${name}.as.ts, compiled: \`npm run hot\`. */`, `export const ${name.toUpperCase()}_WASM =`];
  return `${lines.join("\n")}\n  "${Buffer.from(code).toString("base64")}";\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of LOOPS) writeFileSync(join(HOT_DIR, `${name}-wasm.ts`), await moduleOf(name));
}
