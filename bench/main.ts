/**
 * `npm run bench [-- [--json] [part...]]`: how fast the main job is, on the virtual rig. Figures are what a user sees
 * (whole processes, the guest's own clock); where a floor can be measured in the same run, the ratio to it is printed too,
 * because machines are noisy.
 */
import { arch, availableParallelism, cpus, loadavg, release } from "node:os";
import { parseArgs } from "node:util";
import { describeError, UsageError } from "../harness/base/errors.ts";
import { benchBoot } from "./boot.ts";
import { benchCollector } from "./collector.ts";
import { benchData } from "./data.ts";
import { benchEndpoint } from "./endpoint.ts";
import { type Figure, type FigureSummary, figureLines, summarize } from "./figures.ts";
import { benchJudge } from "./judge.ts";
import { benchMmio } from "./mmio.ts";
import { benchSuite } from "./suite.ts";

const PARTS: Readonly<Record<string, () => Promise<Figure[]>>> = {
  boot: benchBoot,
  mmio: benchMmio,
  endpoint: benchEndpoint,
  data: benchData,
  collector: benchCollector,
  judge: benchJudge,
  suite: benchSuite,
};

/** Under what the figures were taken; the load is that of the minute before. */
const conditions = () => ({
  node: process.version,
  kernel: `${release()} ${arch()}`,
  processor: `${cpus()[0]?.model ?? "?"}, ${availableParallelism()} usable`,
  loadOneMinute: loadavg()[0] ?? 0,
});

function wantedParts(names: readonly string[]): string[] {
  const unknown = names.find((name) => !(name in PARTS));
  if (unknown === undefined) return Object.keys(PARTS).filter((name) => names.length === 0 || names.includes(name));
  throw new UsageError("unknown-bench", `no benchmark "${unknown}"; there are: ${Object.keys(PARTS).join(", ")}`);
}

function options() {
  try {
    return parseArgs({ options: { json: { type: "boolean", default: false } }, allowPositionals: true });
  } catch (error) {
    throw new UsageError("bad-option", `${describeError(error)}; usage: npm run bench -- [--json] [part...]`);
  }
}

async function main(): Promise<void> {
  const { values, positionals } = options();
  const print = (lines: readonly string[]) => void (values.json || process.stdout.write(`${lines.join("\n")}\n`));
  const under = conditions();
  print([`${under.processor}; ${under.kernel}; node ${under.node}; load ${under.loadOneMinute.toFixed(2)}`]);
  const all: FigureSummary[] = [];
  for (const part of wantedParts(positionals)) {
    const figures = (await PARTS[part]?.()) ?? [];
    const own = figures.map((figure) => summarize(part, figure));
    print(figureLines(part, own));
    all.push(...own);
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ conditions: under, figures: all }, null, 2)}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${describeError(error)}\n`);
  process.exitCode = 2;
});
