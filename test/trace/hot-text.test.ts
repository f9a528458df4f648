/** The loop in WebAssembly takes what it knows of a text; without it TypeScript reads every line. Both must tell the same. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BatchNames } from "../../harness/trace/batch.ts";
import { HOT_ROWS } from "../../harness/trace/hot/hot-memory.ts";
import type { TraceEvent } from "../../harness/trace/mhi-events.ts";
import { TextEngine } from "../../harness/trace/text/engine.ts";

const DATA = fileURLToPath(new URL("../data/", import.meta.url));

function told(text: Uint8Array, capacity: number, chunkBytes: number) {
  const names = new BatchNames();
  const engine = new TextEngine(names, { capacity, fileName: "t" });
  const events: TraceEvent[] = [];
  const take = (): void => {
    for (let i = 0; i < engine.batch.length; i++) events.push(engine.batch.event(i));
    engine.batch.clear();
  };
  for (let at = 0; at < text.length; at += chunkBytes) {
    const chunk = text.slice(at, at + chunkBytes);
    for (let from = 0; from < chunk.length; ) {
      from = engine.append(chunk, from);
      take();
    }
  }
  for (let done = false; !done; ) {
    done = engine.finish();
    take();
  }
  const { gaps, form, notes, comms, generation, originNs, resolutionNs, ignoredLines } = engine;
  return { events, gaps, form, notes, comms, generation, originNs, resolutionNs, ignoredLines, lanes: names.lanes };
}

const both = (text: Uint8Array, chunkBytes: number): void =>
  expect(told(text, HOT_ROWS, chunkBytes)).toEqual(told(text, HOT_ROWS - 1, chunkBytes));

const texts = readdirSync(DATA, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(?:txt|log)$/.test(name))
  .map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(DATA, name))) }));
const lines = texts.flatMap(({ bytes }) =>
  Buffer.from(bytes)
    .toString("latin1")
    .split("\n")
    .filter((line) => /mhi_\w+: /.test(line)),
);

test("there are texts of the kernel and of trace-cmd to compare", () => {
  expect(texts.length).toBeGreaterThan(10);
  expect(lines.length).toBeGreaterThan(1000);
});

test.each(texts)("$name", ({ bytes }) => {
  for (const chunkBytes of [bytes.length || 1, 4096, 777]) both(bytes, chunkBytes);
});

const EXTRAS = [
  "",
  "",
  " ",
  "0",
  "9",
  "f",
  "G",
  ":",
  "\t",
  "\r",
  "0x",
  "[",
  "]",
  "-",
  ".",
  "M3_FAST",
  "(____ptrval____)",
];

test("lines with a character changed, cut, doubled or added anywhere", () => {
  const spoilt = fc.record({
    line: fc.nat(lines.length - 1),
    at: fc.nat(200),
    cut: fc.nat(3),
    extra: fc.constantFrom(...EXTRAS),
    upper: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(spoilt, { minLength: 5, maxLength: 60 }), (changes) => {
      const sound = lines.slice(0, 3);
      const all = changes.flatMap(({ line, at, cut, extra, upper }, i) => {
        const text = lines[line] ?? "";
        const own = upper ? text.replace(/0x[0-9a-f]+/g, (hex) => `0x${hex.slice(2).toUpperCase()}`) : text;
        const place = at % (own.length + 1);
        const changed = i % 3 === 0 ? own : own.slice(0, place) + extra + own.slice(place + cut);
        return i % 4 === 0 ? [changed, ""] : [changed];
      });
      const text = Buffer.from(`${[...sound, ...all].join("\n")}\n`, "latin1");
      both(new Uint8Array(text), text.length);
    }),
    { numRuns: 400, seed: 20261124 },
  );
});
