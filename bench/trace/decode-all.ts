/**
 * One process that decodes a recording of any form: every event typed, in columns, merged in time order. The columns are
 * read once over, as a judge would, and their order is checked. `node dist/bench/trace/decode-all.js FILE`
 */
import { describeError } from "../../harness/base/errors.ts";
import { Kind } from "../../harness/trace/batch.ts";
import { openTrace } from "../../harness/trace/open/open-trace.ts";
import { printResult } from "./result.ts";

async function main(path: string): Promise<void> {
  const startedAt = performance.now();
  const source = await openTrace(path);
  let events = 0;
  let unknown = 0;
  let backwards = 0;
  let checksum = 0;
  let lastNs = Number.NEGATIVE_INFINITY;
  for await (const { length, kind, tNs, a } of source.batches()) {
    events += length;
    for (let i = 0; i < length; i++) {
      const now = tNs[i] ?? 0;
      if (now < lastNs) backwards++;
      lastNs = now;
      if (kind[i] === Kind.OTHER) unknown++;
      checksum = (checksum + (a[i] ?? 0)) | 0;
    }
  }
  source.close();
  printResult({ events, checksum, unknown, backwards, gaps: source.gaps.length, ms: performance.now() - startedAt });
}

main(process.argv[2] ?? "").catch((error: unknown) => {
  process.stderr.write(`decode-all: ${describeError(error)}\n`);
  process.exitCode = 2;
});
