/**
 * The always-on rules over a long stream, in rows of batches as every reader hands them out. What is repeated: a boot and
 * an unbind of an SDX55 under Linux 6.12, as trace-cmd recorded them, and between them traffic on open channels, buffer
 * and completion in turn, four events out of five, with the places and addresses that the driver would have given them.
 * Nothing in it is wrong: a finding would end the bench.
 *
 * Decoding is measured beside it, on a trace.dat of the same make, and apart from it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { RigFault } from "../harness/base/errors.ts";
import { RuleEngine } from "../harness/judge/rule-engine.ts";
import { openTrace } from "../harness/trace/open/open-trace.ts";
import { type Figure, ratio } from "./figures.ts";
import { type JudgedCycle, judgedCycle } from "./judged-cycle.ts";
import { makeInput } from "./trace/make-input.ts";

const ROUNDS = 3;
const EVENTS = 4_000_000;
const DECODED_BYTES = 64 * 2 ** 20;
const KERNEL = "6.12.117+deb13-amd64";
/** An order of magnitude apart: what memory is kept must not tell them apart. */
const SHORT_EVENTS = EVENTS / 10;

export async function benchJudge(): Promise<Figure[]> {
  const few = await judgedCycle(2);
  const many = await judgedCycle(120);
  const idle = await judgedCycle(0);
  for (const cycle of [few, many, idle]) judgeEvents(cycle, SHORT_EVENTS); // compiled before it is timed
  const rounds = { few: [] as number[], many: [] as number[], idle: [] as number[], decode: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    rounds.few.push(judgeEvents(few, EVENTS).rate);
    rounds.many.push(judgeEvents(many, EVENTS).rate);
    rounds.idle.push(judgeEvents(idle, SHORT_EVENTS).rate);
    rounds.decode.push(await decodeRate());
  }
  const figure = (name: string, values: readonly number[]): Figure => ({ name, unit: "M events/s", values });
  const judged = figure("all rules: boots with traffic on 2 channels", rounds.few);
  const decoded = figure("decoding a trace.dat, for comparison", rounds.decode);
  return [
    judged,
    figure("all rules: boots with traffic on 120 channels", rounds.many),
    figure("all rules: boots without traffic", rounds.idle),
    decoded,
    ratio("time of judging over time of decoding", decoded, judged),
    { name: "memory kept more after ten times the events", unit: "KiB", values: [memoryKiB(few)] },
  ];
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Rows judged a second, in millions; the copying of rows to later times is not counted. */
function judgeEvents(cycle: JudgedCycle, events: number): { readonly rate: number; readonly engine: RuleEngine } {
  const engine = new RuleEngine({ family: cycle.family, kernel: KERNEL });
  let spentMs = 0;
  let fed = 0;
  while (fed < events) {
    cycle.moveOn();
    const startedAt = performance.now();
    engine.feedBatch(cycle.batch, 0, cycle.batch.length, fed);
    spentMs += performance.now() - startedAt;
    fed += cycle.batch.length;
  }
  const [wrong] = engine.findings;
  if (wrong)
    throw new RigFault("bench-judge", `the stream is not as the driver makes it: ${wrong.title}: ${wrong.found}`);
  return { rate: fed / spentMs / 1000, engine };
}

/** What an engine holds after a long stream over what it held after a short one. */
function memoryKiB(cycle: JudgedCycle): number {
  const held = (events: number): number => {
    const { engine } = judgeEvents(cycle, events);
    collectGarbage();
    const bytes = process.memoryUsage().heapUsed;
    return engine.controllers().length > 0 ? bytes : 0;
  };
  const short = held(SHORT_EVENTS);
  return Math.max(0, held(EVENTS) - short) / 1024;
}

async function decodeRate(): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), "mhi-hil-bench-"));
  try {
    const { path, events } = makeInput(join(dir, "trace.dat"), DECODED_BYTES);
    const startedAt = performance.now();
    const source = await openTrace(path);
    let seen = 0;
    for await (const batch of source.batches()) seen += batch.length;
    source.close();
    if (seen !== events) throw new RigFault("bench-judge", `${seen} of ${events} events were decoded`);
    return seen / (performance.now() - startedAt) / 1000;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
