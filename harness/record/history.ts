/**
 * Have we met this failure before? Each run leaves the signatures of its failures in a small file of its own beside its
 * record, so that months of runs are asked without reading their evidence; a run that is deleted is forgotten.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { RunRecord } from "./schema.ts";

export const SIGNATURES_FILE = "signatures.json";
const SCHEMA = "mhi-hil/signatures/1";
/** Newest first by name; a nightly rig's year, read in well under a second. */
const MAX_RUNS = 1000;

const fileSchema = z.object({
  schema: z.literal(SCHEMA),
  run: z.string(),
  startedAt: z.string(),
  rig: z.string(),
  signatures: z.array(z.string()),
});
type SignaturesFile = z.infer<typeof fileSchema>;

export interface Earlier {
  /** Runs in which it was seen. */
  readonly count: number;
  /** Day of the last of them, `2026-11-20`. */
  readonly lastDay: string;
  readonly lastRig: string;
}
export type EarlierLookup = (signature: string) => Earlier | undefined;

/** Writes the run's signatures into its folder; nothing for a run without failures. */
export function writeSignatures(folder: string, run: RunRecord): void {
  const found = run.tests.flatMap((test) => test.findings.flatMap((finding) => finding.signature ?? []));
  if (found.length === 0) return;
  const signatures = [...new Set(found)].sort();
  const file: SignaturesFile = { schema: SCHEMA, run: run.id, startedAt: run.startedAt, rig: run.rig.id, signatures };
  writeFileSync(join(folder, SIGNATURES_FILE), `${JSON.stringify(file)}\n`);
}

/**
 * Reads what the runs under `outFolder` left, once and when first asked. What cannot be read is passed over: a damaged
 * history must not stop a run from being told.
 *
 * @param before only runs that started earlier, as ISO 8601 text.
 */
export function earlierIn(outFolder: string, before: string): EarlierLookup {
  let table: Map<string, Earlier> | undefined;
  return (signature) => {
    table ??= readTable(outFolder, before);
    return table.get(signature);
  };
}

function readTable(outFolder: string, before: string): Map<string, Earlier> {
  const table = new Map<string, Earlier>();
  const names = existsSync(outFolder) ? readdirSync(outFolder).sort().reverse().slice(0, MAX_RUNS) : [];
  const files = names.flatMap((name) => readOne(join(outFolder, name, SIGNATURES_FILE)) ?? []);
  const earlier = files.filter(({ startedAt }) => startedAt < before);
  for (const { signatures, startedAt, rig } of earlier.sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1))) {
    for (const signature of signatures) {
      const count = (table.get(signature)?.count ?? 0) + 1;
      table.set(signature, { count, lastDay: startedAt.slice(0, 10), lastRig: rig });
    }
  }
  return table;
}

function readOne(path: string): SignaturesFile | undefined {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined; // most runs have none; one of a later version says nothing to this one
  }
}
