/**
 * Runs fuzz cases in a thread of its own, so that one that hangs can be ended from outside. Tells the case that it is at
 * in shared memory: [case, memory in MiB at its end].
 */
import { parentPort, workerData } from "node:worker_threads";
import { CaseRunner } from "./case-runner.ts";
import { dataReader, type FuzzInput, fuzzInputs } from "./inputs.ts";
import { damageOf } from "./mutations.ts";

export interface WorkerTask {
  readonly root: string;
  readonly folder: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** Names of inputs; empty for all. */
  readonly inputs: readonly string[];
  readonly shared: SharedArrayBuffer;
  /** A case that takes longer is reported, ms. */
  readonly slowMs: number;
}

export type WorkerMessage =
  | {
      readonly kind: "violation";
      readonly index: number;
      readonly seed: number;
      readonly input: string;
      readonly told: readonly string[];
    }
  | {
      readonly kind: "done";
      readonly outcomes: Readonly<Record<string, number>>;
      readonly slowestMs: number;
      readonly slowest: number;
    };

/** Seed of a case: any case can be done again without those before it. */
export const seedOf = (seed: number, index: number): number =>
  (Math.imul(seed, 0x9e3779b1) + Math.imul(index, 0x85ebca6b)) >>> 0;

/** The input of a case. */
export function inputOf(inputs: readonly FuzzInput[], index: number): FuzzInput {
  const input = inputs[index % inputs.length];
  if (!input) throw new Error("no inputs");
  return input;
}

async function run(task: WorkerTask): Promise<void> {
  const all = fuzzInputs(dataReader(task.root));
  const inputs = [...all.values()].filter(({ name }) => task.inputs.length === 0 || task.inputs.includes(name));
  const runner = new CaseRunner(task.folder);
  const shared = new Int32Array(task.shared);
  const outcomes: Record<string, number> = {};
  let slowestMs = 0;
  let slowest = -1;
  let current = -1;
  const tell = (message: WorkerMessage): void => parentPort?.postMessage(message);
  process.on("unhandledRejection", (reason) => {
    const told = reason instanceof Error ? String(reason.stack) : String(reason);
    tell({
      kind: "violation",
      index: current,
      seed: seedOf(task.seed, current),
      input: "",
      told: [`unhandled: ${told}`],
    });
  });
  for (let index = task.from; index < task.to; index++) {
    current = index;
    Atomics.store(shared, 0, index);
    const input = inputOf(inputs, index);
    const seed = seedOf(task.seed, index);
    const started = performance.now();
    const reading = await runner.read(input, damageOf(input, seed));
    const tookMs = performance.now() - started;
    if (tookMs > slowestMs) [slowestMs, slowest] = [tookMs, index];
    const told = [...reading.violations];
    if (tookMs > task.slowMs) told.push(`took ${Math.round(tookMs)} ms`);
    if (told.length > 0) tell({ kind: "violation", index, seed, input: input.name, told: told.slice(0, 5) });
    const outcome = reading.error ? reading.error.code : reading.gaps.length > 0 ? "events and gaps" : "events";
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    Atomics.store(shared, 1, Math.round(process.memoryUsage().rss / 2 ** 20));
  }
  tell({ kind: "done", outcomes, slowestMs, slowest });
}

if (parentPort) await run(workerData as WorkerTask);
