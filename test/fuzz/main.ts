/**
 * Spoils recordings of every form, case after case, and reads them:
 *
 *   npm run fuzz -- --cases 100000 --seed 1      random damage
 *   npm run fuzz -- --every-byte                 small recordings cut at every byte, one bit of every byte flipped
 *   npm run fuzz -- --seed 1 --only 4711         one case again: what was done, and what came of it
 *
 * A violation goes to standard error as one line of JSON. Once it is mended, its `damage` is kept in
 * test/data/trace/fuzz/seeds.json, which a test reads: see docs/fuzzing.md.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { CaseRunner } from "./case-runner.ts";
import { type Cases, casesOf, type Plan } from "./cases.ts";
import { isPlant } from "./plants.ts";
import type { WorkerMessage, WorkerTask } from "./worker.ts";

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    "every-byte": { type: "boolean", default: false },
    only: { type: "string" },
    input: { type: "string", multiple: true, default: [] },
    /** A reader that does wrong on purpose, to see that it is seen: see plants.ts. */
    plant: { type: "string" },
    /** A case that takes longer of the processor's time, or six times as long asleep, counts as hanging. */
    "hang-ms": { type: "string", default: "20000" },
    "slow-ms": { type: "string", default: "2000" },
    /** Growth of the process that is too much. */
    "memory-mib": { type: "string", default: "400" },
    root: { type: "string", default: process.cwd() },
  },
});

const POLL_MS = 250;
/** How much longer a case may sleep than work. */
const ASLEEP = 6;
/** Streams of the last cases may still be closing. */
const MAX_LEFT_OPEN = 5;

const plan: Plan = {
  root: resolve(values.root),
  seed: Number(values.seed),
  cases: Number(values.cases),
  inputs: values.input,
  everyByte: values["every-byte"],
  ...(values.plant !== undefined && isPlant(values.plant) ? { plant: values.plant } : {}),
};

interface Tally {
  violations: number;
  hangs: number;
  peakMib: number;
  slowestMs: number;
  slowest: number;
  readonly outcomes: Record<string, number>;
}

/** Of the process: this thread only waits. */
function now(): { readonly cpuMs: number; readonly wallMs: number } {
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1000, wallMs: performance.now() };
}

class FuzzRun {
  readonly #cases: Cases;
  readonly #folder: string;
  readonly tally: Tally = { violations: 0, hangs: 0, peakMib: 0, slowestMs: 0, slowest: -1, outcomes: {} };

  constructor(cases: Cases, folder: string) {
    this.#cases = cases;
    this.#folder = folder;
  }

  complain(told: readonly string[], index?: number): void {
    this.tally.violations++;
    const found = index === undefined ? {} : { index, damage: this.#cases.at(index).damage };
    process.stderr.write(`${JSON.stringify({ told, ...found })}\n`);
  }

  async all(): Promise<void> {
    for (let next = 0; next < this.#cases.count; ) next = await this.#leg(next);
  }

  /** Runs cases up to the end or to one that hangs. @returns the next case to run. */
  #leg(from: number): Promise<number> {
    const shared = new SharedArrayBuffer(8);
    const state = new Int32Array(shared);
    Atomics.store(state, 0, from);
    const task: WorkerTask = { plan, folder: this.#folder, from, shared, slowMs: Number(values["slow-ms"]) };
    const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: task });
    return new Promise((resolveLeg) => {
      const end = (next: number): void => {
        clearInterval(watch);
        void worker.terminate().then(() => resolveLeg(next));
      };
      const watch = this.#watch(state, end);
      worker.on("message", (message: WorkerMessage) => {
        if (message.kind === "violation") return this.complain(message.told, message.index);
        this.#count(message);
        end(this.#cases.count);
      });
      worker.on("error", (error) => {
        const index = Atomics.load(state, 0);
        this.complain([`ends the thread: ${error.stack}`], index);
        end(index + 1);
      });
    });
  }

  #count({ outcomes, slowestMs, slowest }: WorkerMessage & { kind: "done" }): void {
    const { tally } = this;
    for (const [outcome, count] of Object.entries(outcomes))
      tally.outcomes[outcome] = (tally.outcomes[outcome] ?? 0) + count;
    if (slowestMs > tally.slowestMs) [tally.slowestMs, tally.slowest] = [slowestMs, slowest];
  }

  #watch(state: Int32Array, end: (next: number) => void): NodeJS.Timeout {
    const hangMs = Number(values["hang-ms"]);
    let last = -1;
    let since = now();
    return setInterval(() => {
      const index = Atomics.load(state, 0);
      this.tally.peakMib = Math.max(this.tally.peakMib, Atomics.load(state, 1));
      if (index !== last) [last, since] = [index, now()];
      else if (since.cpuMs + hangMs < now().cpuMs || since.wallMs + ASLEEP * hangMs < now().wallMs) {
        this.tally.hangs++;
        this.complain([`hangs: no end after ${hangMs} ms`], index);
        end(index + 1);
      }
    }, POLL_MS);
  }
}

async function only(cases: Cases, index: number, folder: string): Promise<void> {
  const { input, damage } = cases.at(index);
  console.log(JSON.stringify(damage));
  const reading = await new CaseRunner(folder).read(input, damage);
  console.log(JSON.stringify({ ...reading, events: reading.events.length }, null, 2));
}

const openFiles = (): number => readdirSync("/proc/self/fd").length;

async function all(cases: Cases, folder: string): Promise<void> {
  const started = performance.now();
  const filesBefore = openFiles();
  const baseMib = Math.round(process.memoryUsage().rss / 2 ** 20);
  const run = new FuzzRun(cases, folder);
  await run.all();
  const { tally } = run;
  const grownMib = tally.peakMib - baseMib;
  if (grownMib > Number(values["memory-mib"])) run.complain([`memory grew by ${grownMib} MiB`]);
  const leftOpen = openFiles() - filesBefore;
  if (leftOpen > MAX_LEFT_OPEN) run.complain([`${leftOpen} files are left open`]);
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(JSON.stringify({ cases: cases.count, seed: plan.seed, seconds, grownMib, leftOpen, ...tally }, null, 2));
  if (tally.violations > 0) process.exitCode = 1;
}

const folder = mkdtempSync(join(tmpdir(), "mhi-hil-fuzz-"));
try {
  const cases = casesOf(plan);
  if (values.only === undefined) await all(cases, folder);
  else await only(cases, Number(values.only), folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
