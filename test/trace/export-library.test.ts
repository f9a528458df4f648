/** The examples of docs/trace-library.md do what the page says: each is taken out of the page and run. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const RECORDING = join(root, "test/data/trace/linux-6.12-sdx55/raw");
let folder = "";

interface Examples {
  resumes(path: string): Promise<string[]>;
  queuedBytes(path: string, channel: number): Promise<number>;
  toPerfetto(path: string, from: string, out: string): Promise<number>;
}
let examples: Examples;

/** The package's name stands for the source of its door: the page must not need a build to be tested. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mhi-hil-examples-"));
  const page = readFileSync(join(root, "docs/trace-library.md"), "utf8");
  const blocks = [...page.matchAll(/^```ts example\n([\s\S]*?)^```$/gm)].map(([, code]) => code ?? "");
  expect(blocks.length).toBeGreaterThanOrEqual(3);
  const made: Record<string, unknown> = {};
  for (const [at, code] of blocks.entries()) {
    const path = join(folder, `example-${at}.ts`);
    writeFileSync(path, code.replaceAll('"mhi-hil/trace"', JSON.stringify(join(root, "harness/trace/index.ts"))));
    Object.assign(made, await import(path));
  }
  examples = made as unknown as Examples;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a question to a recording", async () => {
  const found = await examples.resumes(RECORDING);
  expect(found.length).toBeGreaterThan(0);
  for (const line of found) expect(line).toMatch(/^mhi0 M0 after \d+\.\d ms$/);
});

test("the columns", async () => {
  expect(await examples.queuedBytes(RECORDING, 21)).toBeGreaterThan(0);
  expect(await examples.queuedBytes(RECORDING, 22)).toBe(0);
});

test("another form", async () => {
  const out = join(folder, "out.perfetto-trace");
  const all = await examples.toPerfetto(RECORDING, "+0", out);
  const wholeBytes = statSync(out).size;
  const fewer = await examples.toPerfetto(RECORDING, "+2", out);
  expect(fewer).toBeLessThan(all);
  expect(statSync(out).size).toBeLessThan(wholeBytes);
});
