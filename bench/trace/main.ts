/**
 * `npm run bench:trace`: the trace engine against its peers, its floor and its targets. Whole processes on the same files,
 * interleaved; medians. Nothing is told of a program that did not find every event.
 *
 *   options.ts    peers.ts       what is asked for; trace-cmd and field-walk.c
 *   make-input.ts make-text.ts   large inputs from real recordings
 *   contest.ts    linear.ts  text.ts  large.ts      the parts
 *   decode-all.ts header-walk.ts the programs that are measured
 */
import { mkdtempSync, rmSync } from "node:fs";
import { arch, availableParallelism, cpus, loadavg, release } from "node:os";
import { join } from "node:path";
import { describeError, UsageError } from "../../harness/base/errors.ts";
import { contest } from "./contest.ts";
import { large } from "./large.ts";
import { linear } from "./linear.ts";
import { makeInput } from "./make-input.ts";
import { type BenchOptions, parseOptions, USAGE } from "./options.ts";
import { findPeers, type Peers } from "./peers.ts";
import { type Part, partJson, partLines, passes } from "./targets.ts";
import { text } from "./text.ts";

const MEGABYTE = 2 ** 20;
const JUDGED_MB = 256;

const progress = (what: string): void => void process.stderr.write(`bench:trace: ${what}\n`);

/** Under what the figures were taken; the load is that of the minute before. */
const conditions = (peers: Peers | undefined) => ({
  node: process.version,
  kernel: `${release()} ${arch()}`,
  processor: `${cpus()[0]?.model ?? "?"}, ${availableParallelism()} usable`,
  loadOneMinute: loadavg()[0] ?? 0,
  ...(peers ? { traceCmd: peers.version } : {}),
});

async function* parts(options: BenchOptions, dir: string, peers: Peers | undefined): AsyncGenerator<Part> {
  const { sizeMb, runs } = options;
  progress(`making a trace.dat of ${sizeMb} MB, and of a quarter and a sixteenth of that`);
  const make = (name: string, share: number) => makeInput(join(dir, name), (sizeMb * MEGABYTE) / share);
  const input = make("v6.dat", 1);
  const quarter = make("v6-quarter.dat", 4);
  const title = (form: string): string => `${form}, ${sizeMb} MB, ${input.events} events`;
  progress("version 6");
  yield await contest(title("trace.dat version 6"), input, peers, runs);
  for (const compression of peers ? (["none", "zstd"] as const) : []) {
    const form = `version 7, ${compression === "none" ? "uncompressed" : compression}`;
    progress(form);
    const path = join(dir, `v7-${compression}.dat`);
    await peers?.convert(input.path, path, compression);
    yield await contest(title(`trace.dat ${form}`), { ...input, path }, peers, runs);
    rmSync(path);
  }
  progress("1x, 4x, 16x");
  yield await linear([make("v6-sixteenth.dat", 16), quarter, input], runs);
  progress("text");
  yield await text(quarter, dir, peers, runs);
  if (!options.full) return;
  progress("2 GB");
  yield await large(dir, peers, runs);
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) return void process.stdout.write(USAGE);
  const dir = makeDir(options.dir);
  const clean = (): void => rmSync(dir, { recursive: true, force: true });
  const interrupted = (): void => {
    clean();
    process.exit(130);
  };
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  try {
    const peers = options.peers ? await findPeers(dir) : undefined;
    await report(options, dir, peers);
  } finally {
    clean();
  }
}

function makeDir(parent: string): string {
  try {
    return mkdtempSync(join(parent, "mhi-hil-bench-trace-"));
  } catch (cause) {
    throw new UsageError("bad-option", `--dir: no folder can be made in ${parent}: ${describeError(cause)}`, { cause });
  }
}

async function report(options: BenchOptions, dir: string, peers: Peers | undefined): Promise<void> {
  const print = (lines: readonly string[]) => void (options.json || process.stdout.write(`${lines.join("\n")}\n`));
  const under = conditions(peers);
  const against = peers ? `trace-cmd ${peers.version}; ` : "";
  print([
    `${under.processor}; ${under.kernel}; node ${under.node}; ${against}load ${under.loadOneMinute.toFixed(2)}`,
    `whole processes on one file, medians of ${options.runs} interleaved rounds; input: real records repeated, times moved on`,
  ]);
  if (under.loadOneMinute > availableParallelism() / 2)
    progress(
      `load ${under.loadOneMinute.toFixed(1)}: other work takes its part of the CPUs, the figures will tell of it`,
    );
  const all: Part[] = [];
  for await (const part of parts(options, dir, peers)) {
    print(partLines(part));
    all.push(part);
  }
  const missed = all.flatMap(({ figures }) => figures).filter((figure) => passes(figure) === false).length;
  if (options.sizeMb < JUDGED_MB)
    print([
      "",
      `the targets are for large recordings: ${JUDGED_MB} MB and more, the start of node counts too much below`,
    ]);
  print(["", missed === 0 ? "every target was met" : `${missed} of the targets were missed`]);
  if (!options.json) return;
  process.stdout.write(`${JSON.stringify({ conditions: under, figures: all.flatMap(partJson) }, null, 2)}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`bench:trace: ${describeError(error)}\n`);
  process.exitCode = 2;
});
