/**
 * Spoils recordings of every form, case after case, and reads them: `npm run fuzz -- --cases 100000 --seed 1`.
 *
 * A case is its number and the run's seed: `--only N` does one again and prints what was done to which file. A violation
 * goes to standard error as one line of JSON; keep its `damage` in test/data/trace/fuzz-seeds.json once it is mended.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { CaseRunner } from "./case-runner.ts";
import { dataReader, fuzzInputs } from "./inputs.ts";
import { damageOf } from "./mutations.ts";
import { inputOf, seedOf, type WorkerMessage, type WorkerTask } from "./worker.ts";

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
    input: { type: "string", multiple: true, default: [] },
    /** A case that takes longer counts as hanging. */
    "hang-ms": { type: "string", default: "20000" },
    "slow-ms": { type: "string", default: "2000" },
    /** Growth of the process that is too much, MiB. */
    "memory-mib": { type: "string", default: "400" },
    root: { type: "string", default: process.cwd() },
  },
});

const root = resolve(values.root);
const seed = Number(values.seed);
const cases = Number(values.cases);
const POLL_MS = 250;

interface Tally {
  violations: number;
  hangs: number;
  peakMib: number;
  slowestMs: number;
  slowest: number;
  readonly outcomes: Record<string, number>;
}

function complain(tally: Tally, index: number, told: readonly string[]): void {
  tally.violations++;
  const inputs = chosenInputs();
  const input = inputOf(inputs, index);
  const damage = damageOf(input, seedOf(seed, index));
  process.stderr.write(`${JSON.stringify({ index, seed, told, damage })}\n`);
}

const chosenInputs = () =>
  [...fuzzInputs(dataReader(root)).values()].filter(
    ({ name }) => values.input.length === 0 || values.input.includes(name),
  );

/** Runs cases up to the end or to one that hangs. @returns the next case to run. */
function leg(from: number, folder: string, tally: Tally): Promise<number> {
  const shared = new SharedArrayBuffer(8);
  const state = new Int32Array(shared);
  const task: WorkerTask = {
    root,
    folder,
    seed,
    from,
    to: cases,
    inputs: values.input,
    shared,
    slowMs: Number(values["slow-ms"]),
  };
  Atomics.store(state, 0, from);
  const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: task });
  return new Promise((done) => {
    let last = from;
    let since = performance.now();
    const watch = setInterval(() => {
      const index = Atomics.load(state, 0);
      tally.peakMib = Math.max(tally.peakMib, Atomics.load(state, 1));
      if (index !== last) [last, since] = [index, performance.now()];
      else if (performance.now() - since > Number(values["hang-ms"])) {
        tally.hangs++;
        complain(tally, index, [`hangs: no end after ${values["hang-ms"]} ms`]);
        end(index + 1);
      }
    }, POLL_MS);
    const end = (next: number): void => {
      clearInterval(watch);
      void worker.terminate().then(() => done(next));
    };
    worker.on("message", (message: WorkerMessage) => {
      if (message.kind === "violation") return complain(tally, message.index, message.told);
      for (const [outcome, count] of Object.entries(message.outcomes))
        tally.outcomes[outcome] = (tally.outcomes[outcome] ?? 0) + count;
      if (message.slowestMs > tally.slowestMs) [tally.slowestMs, tally.slowest] = [message.slowestMs, message.slowest];
      end(cases);
    });
    worker.on("error", (error) => {
      const index = Atomics.load(state, 0);
      complain(tally, index, [`ends the thread: ${error.stack}`]);
      end(index + 1);
    });
  });
}

async function only(index: number, folder: string): Promise<void> {
  const input = inputOf(chosenInputs(), index);
  const damage = damageOf(input, seedOf(seed, index));
  console.log(JSON.stringify(damage));
  const reading = await new CaseRunner(folder).read(input, damage);
  console.log(JSON.stringify({ ...reading, events: reading.events.length }, null, 2));
}

const openFiles = (): number => readdirSync("/proc/self/fd").length;

async function all(folder: string): Promise<void> {
  const tally: Tally = { violations: 0, hangs: 0, peakMib: 0, slowestMs: 0, slowest: -1, outcomes: {} };
  const started = performance.now();
  const filesBefore = openFiles();
  const baseMib = Math.round(process.memoryUsage().rss / 2 ** 20);
  for (let next = 0; next < cases; ) next = await leg(next, folder, tally);
  if (tally.peakMib - baseMib > Number(values["memory-mib"])) {
    tally.violations++;
    process.stderr.write(`${JSON.stringify({ told: [`memory grew from ${baseMib} to ${tally.peakMib} MiB`] })}\n`);
  }
  const leftOpen = openFiles() - filesBefore;
  if (leftOpen > 5) {
    tally.violations++;
    process.stderr.write(`${JSON.stringify({ told: [`${leftOpen} files are left open`] })}\n`);
  }
  console.log(
    JSON.stringify(
      { cases, seed, seconds: Math.round((performance.now() - started) / 1000), baseMib, leftOpen, ...tally },
      null,
      2,
    ),
  );
  if (tally.violations > 0) process.exitCode = 1;
}

const folder = mkdtempSync(join(tmpdir(), "mhi-hil-fuzz-"));
try {
  if (values.only === undefined) await all(folder);
  else await only(Number(values.only), folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
