/** Writes rigs/rig.schema.json: `node dist/harness/rig/inventory/write-schema.js rigs/rig.schema.json`. */
import { writeFileSync } from "node:fs";
import { rigJsonSchema } from "./schema.ts";

export const rigJsonSchemaText = (): string => `${JSON.stringify(rigJsonSchema(), null, 2)}\n`;

if (process.argv[1]?.endsWith("write-schema.js")) {
  const target = process.argv[2] ?? "rigs/rig.schema.json";
  writeFileSync(target, rigJsonSchemaText());
  process.stdout.write(`wrote ${target}\n`);
}
