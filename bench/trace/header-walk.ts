/**
 * The floor: one process that reads every page of a trace.dat and walks only page heads and event headers, for the
 * number of events and their times; no field is read, no CPUs are merged. `node dist/bundle/header-walk.js FILE`
 */
import { describeError } from "../../harness/base/errors.ts";
import { ChunkFeed, PlainFeed } from "../../harness/trace/dat/feeds.ts";
import { FileView } from "../../harness/trace/dat/file-view.ts";
import { readDat } from "../../harness/trace/dat/read-dat.ts";
import { expanderOf } from "../../harness/trace/open/compression.ts";
import { printResult } from "./result.ts";

const BLOCK_BYTES = 1 << 20;
const PAGE_WORDS = 1024;
const HEAD_WORDS = 4;
const COMMIT_BYTES = 0x3fffffff;
const LAST_DATA = 28;
const PADDING = 29;
const TIME_EXTEND = 30;

const words = new Uint32Array(BLOCK_BYTES / 4);
const bytes = new Uint8Array(words.buffer);
let events = 0;
let sumNs = 0;

/** Pages of 4096 bytes with 16 of head, as all recordings here have them. */
function walkPages(pages: number): void {
  let count = 0;
  let sum = 0;
  for (let page = 0; page < pages * PAGE_WORDS; page += PAGE_WORDS) {
    let tNs = (words[page] ?? 0) + (words[page + 1] ?? 0) * 2 ** 32;
    const end = page + HEAD_WORDS + (((words[page + 2] ?? 0) & COMMIT_BYTES) >>> 2);
    for (let at = page + HEAD_WORDS; at < end; ) {
      const word = words[at] ?? 0;
      const type = word & 31;
      tNs += word >>> 5;
      if (type <= LAST_DATA) {
        at += type === 0 ? 1 + ((words[at + 1] ?? 0) >>> 2) : 1 + type;
        count++;
        sum += tNs;
      } else if (type === TIME_EXTEND) {
        tNs += (words[at + 1] ?? 0) * 2 ** 27;
        at += 2;
      } else if (type === PADDING) break;
      else at += 2;
    }
  }
  events += count;
  sumNs += sum;
}

async function main(path: string): Promise<void> {
  const startedAt = performance.now();
  const file = FileView.open(path);
  const { dat, expander } = await readDat(file, expanderOf);
  for (const { regions, compressed } of dat.buffers) {
    for (const region of regions) {
      const feed = compressed ? new ChunkFeed(file, region, expander) : new PlainFeed(file, region);
      for (let got = feed.fill(bytes); got > 0; got = feed.fill(bytes)) walkPages(Math.floor(got / (PAGE_WORDS * 4)));
    }
  }
  file.close();
  printResult({ events, checksum: sumNs, ms: performance.now() - startedAt });
}

main(process.argv[2] ?? "").catch((error: unknown) => {
  process.stderr.write(`header-walk: ${describeError(error)}\n`);
  process.exitCode = 2;
});
