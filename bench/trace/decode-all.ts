/**
 * One process that decodes a recording of any form: every event typed, in columns, merged in time order: what the judge is
 * given. With `--rows` every row is looked at too: that its kind is known and that time goes on; no figure is taken then.
 * `node dist/bundle/decode-all.js FILE [--rows]`
 */
import { describeError } from "../../harness/base/errors.ts";
import { type EventBatch, Kind } from "../../harness/trace/batch.ts";
import { openTrace } from "../../harness/trace/open/open-trace.ts";
import { printResult } from "./result.ts";

async function main(path: string, rows: boolean): Promise<void> {
  const startedAt = performance.now();
  const source = await openTrace(path);
  const look = new RowLook();
  let events = 0;
  let checksum = 0;
  for await (const batch of source.batches()) {
    const { length, a } = batch;
    events += length;
    checksum = (checksum + (a[length - 1] ?? 0)) | 0;
    if (rows) look.at(batch);
  }
  source.close();
  const ms = performance.now() - startedAt;
  printResult({ events, checksum, gaps: source.gaps.length, ms, ...(rows ? look.found : {}) });
}

class RowLook {
  readonly found = { unknown: 0, backwards: 0 };
  #lastNs = Number.NEGATIVE_INFINITY;

  at({ length, kind, tNs }: EventBatch): void {
    for (let i = 0; i < length; i++) {
      const now = tNs[i] ?? 0;
      if (now < this.#lastNs) this.found.backwards++;
      this.#lastNs = now;
      if (kind[i] === Kind.OTHER) this.found.unknown++;
    }
  }
}

main(process.argv[2] ?? "", process.argv[3] === "--rows").catch((error: unknown) => {
  process.stderr.write(`decode-all: ${describeError(error)}\n`);
  process.exitCode = 2;
});
