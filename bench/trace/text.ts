/** Text in: what trace-cmd report makes, and the kernel's own; against trace-cmd report making it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { RigFault } from "../../harness/base/errors.ts";
import { ratio } from "../figures.ts";
import { memory, speed } from "./contest.ts";
import type { MadeInput } from "./make-input.ts";
import { makeKernelText } from "./make-text.ts";
import type { Peers } from "./peers.ts";
import { interleaved, type Program } from "./processes.ts";
import { checkRows, checkRuns, ours } from "./programs.ts";
import type { Part, TargetFigure } from "./targets.ts";

const TARGET = { atLeast: 10 };
const KERNEL = "ours on the kernel's text";
const REPORT = "ours on trace-cmd report's text";
const MAKING = "trace-cmd report making its text";

/** @param dat - what trace-cmd report is run on; its text is kept in `dir`. */
export async function text(dat: MadeInput, dir: string, peers: Peers | undefined, runs: number): Promise<Part> {
  const kernel = makeKernelText(join(dir, "kernel.txt"), dat.events);
  await checkRows(kernel);
  const inputs = new Map<string, MadeInput>([[KERNEL, kernel]]);
  const programs: Program[] = [{ ...ours(kernel.path), name: KERNEL }];
  if (peers) {
    const report = await keepReport(peers, dat, join(dir, "report.txt"));
    await checkRows(report);
    inputs.set(REPORT, report);
    inputs.set(MAKING, dat);
    programs.push({ ...ours(report.path), name: REPORT }, { ...peers.report(dat.path), name: MAKING });
  }
  const all = await interleaved(programs, runs);
  const speeds = [...all].map(([name, own]) => {
    const input = inputs.get(name) ?? dat;
    checkRuns(input, name, own);
    return speed(name, input, own);
  });
  const making = speeds.find(({ name }) => name === MAKING);
  const ratios = speeds.flatMap((figure): TargetFigure[] =>
    making && figure !== making ? [{ ...ratio(`${figure.name}, over it`, figure, making), target: TARGET }] : [],
  );
  const memories = [...all].filter(([name]) => name !== MAKING).map(([name, own]) => memory(name, own));
  return { title: "text in", figures: [...speeds, ...ratios, ...memories] };
}

/** @throws RigFault `bench-wrong` when it has not one line an event: then the input itself is broken. */
async function keepReport(peers: Peers, dat: MadeInput, path: string): Promise<MadeInput> {
  const [file, ...args] = peers.report(dat.path).argv;
  const target = openSync(path, "w");
  const child: ChildProcess = spawn(file, args, { stdio: ["ignore", target, "ignore"] });
  const [code] = await once(child, "close");
  closeSync(target);
  const { lines, bytes } = countLines(path);
  const expected = dat.events + 1; // "cpus=2" before them
  if (code === 0 && lines === expected) return { path, events: dat.events, bytes };
  throw new RigFault(
    "bench-wrong",
    `trace-cmd report on ${dat.path}: expected exit code 0 and ${expected} lines, found ${code} and ${lines}`,
  );
}

function countLines(path: string): { readonly lines: number; readonly bytes: number } {
  const file = openSync(path, "r");
  const block = Buffer.alloc(1 << 20);
  let lines = 0;
  let bytes = 0;
  for (let got = readSync(file, block); got > 0; got = readSync(file, block)) {
    for (let at = block.indexOf(10); at >= 0 && at < got; at = block.indexOf(10, at + 1)) lines++;
    bytes += got;
  }
  closeSync(file);
  return { lines, bytes };
}
