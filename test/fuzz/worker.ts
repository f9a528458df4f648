/**
 * Runs fuzz cases in a thread of its own, so that one that hangs can be ended from outside. Tells the case that it is at
 * in shared memory: [case, memory of the process at its end in MiB].
 */
import { parentPort, workerData } from "node:worker_threads";
import { CaseRunner } from "./case-runner.ts";
import { casesOf, type Plan } from "./cases.ts";
import { planted } from "./plants.ts";

export interface WorkerTask {
  readonly plan: Plan;
  readonly folder: string;
  readonly from: number;
  readonly shared: SharedArrayBuffer;
  /** A case that takes longer of the processor's time is reported, ms. */
  readonly slowMs: number;
}

export type WorkerMessage =
  | { readonly kind: "violation"; readonly index: number; readonly told: readonly string[] }
  | {
      readonly kind: "done";
      readonly outcomes: Readonly<Record<string, number>>;
      readonly slowestMs: number;
      readonly slowest: number;
    };

async function run({ plan, folder, from, shared, slowMs }: WorkerTask): Promise<void> {
  const cases = casesOf(plan);
  const runner = new CaseRunner(folder, plan.plant === undefined ? undefined : planted(plan.plant));
  const state = new Int32Array(shared);
  const outcomes: Record<string, number> = {};
  let slowestMs = 0;
  let slowest = -1;
  const tell = (message: WorkerMessage): void => parentPort?.postMessage(message);
  process.on("unhandledRejection", (reason) => {
    const told = reason instanceof Error ? String(reason.stack) : String(reason);
    tell({ kind: "violation", index: Atomics.load(state, 0), told: [`unhandled: ${told}`] });
  });
  for (let index = from; index < cases.count; index++) {
    Atomics.store(state, 0, index);
    const { input, damage } = cases.at(index);
    // The processor's time: the machine may have other work.
    const before = process.cpuUsage();
    const reading = await runner.read(input, damage);
    const { user, system } = process.cpuUsage(before);
    const tookMs = (user + system) / 1000;
    if (tookMs > slowestMs) [slowestMs, slowest] = [tookMs, index];
    const told =
      tookMs > slowMs ? [...reading.violations, `took ${Math.round(tookMs)} ms of the processor`] : reading.violations;
    if (told.length > 0) tell({ kind: "violation", index, told: told.slice(0, 5) });
    const outcome = reading.error ? reading.error.code : reading.gaps.length > 0 ? "events and gaps" : "events";
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    Atomics.store(state, 1, Math.round(process.memoryUsage().rss / 2 ** 20));
  }
  tell({ kind: "done", outcomes, slowestMs, slowest });
}

if (parentPort) await run(workerData as WorkerTask);
