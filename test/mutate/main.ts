/**
 * Makes mutants of healthy recordings and judges them:
 *
 *   npm run mutate                          6000 of them
 *   npm run mutate -- --count 20000 --seed 7 --json
 *   npm run mutate -- --only 4711           one of them: what was changed, the story, the verdict
 *   npm run mutate -- --keep RUN --to FILE  makes a healthy file of a run's folder
 *
 * Fails when a healthy recording does not pass, when something legal is blamed, or when fewer are killed than `--floor`.
 */
import { parseArgs } from "node:util";
import { judge } from "../../harness/judge/index.ts";
import { writeHealthy } from "./healthy-file.ts";
import { healthyRun } from "./keep.ts";
import { wordsOfMutant } from "./mutants.ts";
import { type Plan, planOf } from "./plan.ts";
import { asJson, asText } from "./report.ts";
import { healthySources } from "./sources.ts";
import { judged, killRate, Tally } from "./tally.ts";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "6000" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
    json: { type: "boolean", default: false },
    floor: { type: "string", default: "0.98" },
    root: { type: "string", default: process.cwd() },
    keep: { type: "string" },
    to: { type: "string" },
  },
});

function one(plan: Plan, number: number): void {
  const mutant = plan.mutants[number];
  if (!mutant) throw new Error(`there is no mutant ${number}: they are numbered 0 to ${plan.mutants.length - 1}`);
  const { verdict, fate, legal } = judged(mutant);
  console.log(`${wordsOfMutant(mutant)}\n${fate}${legal ? `: ${legal.why} (${legal.source})` : ""}\n`);
  console.log(`verdict  ${verdict.outcome}\nstory    ${verdict.story}`);
  for (const { outcome, rule, title, found } of verdict.findings)
    console.log(`${outcome}  ${rule}: ${title}\n      ${found}`);
}

async function all(seed: number, count: number, only: string | undefined): Promise<void> {
  const started = performance.now();
  const sources = await healthySources(values.root);
  const verdicts = new Map(sources.map((source) => [source, judge(source.evidence, source.options)]));
  const alarms = [...verdicts].flatMap(([{ name }, { outcome, findings }]) =>
    outcome === "pass" ? [] : [`${name}: ${outcome}: ${findings[0]?.title ?? ""}`],
  );
  const plan = planOf(
    sources.filter((source) => verdicts.get(source)?.outcome === "pass"),
    seed,
    count,
  );
  if (only !== undefined) {
    one(plan, Number(only));
    return;
  }
  const tally = new Tally();
  for (const [number, mutant] of plan.mutants.entries()) tally.add(judged(mutant), number);
  const run = {
    seed,
    sources: sources.length,
    alarms,
    possible: plan.possible,
    seconds: (performance.now() - started) / 1000,
  };
  console.log(values.json ? JSON.stringify(asJson(tally, run), null, 2) : asText(tally, run));
  const bad = alarms.length > 0 || tally.total["false alarm"] > 0 || killRate(tally.total) < Number(values.floor);
  if (bad) process.exitCode = 1;
}

if (values.keep !== undefined && values.to !== undefined) writeHealthy(values.to, healthyRun(values.keep));
else await all(Number(values.seed), Number(values.count), values.only);
