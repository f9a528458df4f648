/** One file, everybody: events per second of whole processes, and the ratios that have a target. */
import { type Figure, ratio } from "../figures.ts";
import type { MadeInput } from "./make-input.ts";
import type { Peers } from "./peers.ts";
import { interleaved, type Run } from "./processes.ts";
import { checkRows, checkRuns, FLOOR, floor, OURS, ours } from "./programs.ts";
import type { Part, TargetFigure } from "./targets.ts";

export const MEMORY_MIB = 150;

export const speed = (name: string, input: MadeInput, runs: readonly Run[]): Figure => ({
  name,
  unit: "events/s",
  values: runs.map(({ seconds }) => input.events / seconds),
});

export const memory = (name: string, runs: readonly Run[]): TargetFigure => ({
  name: `peak memory, ${name}`,
  unit: "MiB",
  values: runs.map(({ peakMib }) => peakMib),
});

export async function contest(title: string, input: MadeInput, peers: Peers | undefined, runs: number): Promise<Part> {
  const { path } = input;
  const others = peers ? [peers.report(path), peers.fieldWalk(path)] : [];
  await checkRows(input);
  const all = await interleaved([ours(path), floor(path), ...others], runs);
  for (const [name, own] of all) checkRuns(input, name, own);
  const speeds = [...all].map(([name, own]) => speed(name, input, own));
  const of = (name: string): Figure | undefined => speeds.find((figure) => figure.name === name);
  const ratios: TargetFigure[] = [];
  const against = (name: string, label: string, atLeast: number): void => {
    const [us, other] = [of(OURS), of(name)];
    if (us && other) ratios.push({ ...ratio(label, us, other), target: { atLeast } });
  };
  against("trace-cmd report", "ours over trace-cmd report", 40);
  against("C field walk", "ours over C field walk", 1.8);
  const [us, least] = [of(OURS), of(FLOOR)];
  if (us && least) ratios.push({ ...ratio("time of ours over the floor's", least, us), target: { atMost: 2 } });
  const inProcess: Figure = {
    name: "  ours in its process, without the start of node",
    unit: "events/s",
    values: (all.get(OURS) ?? []).map(({ result }) => (input.events / (result?.ms ?? Number.NaN)) * 1000),
  };
  return { title, figures: [...speeds, inProcess, ...ratios, ...[...all].map(([name, own]) => memory(name, own))] };
}
