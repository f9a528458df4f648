/**
 * Cost against size: 1x, 4x, 16x. The start of the process and of its compiler is the same for all, so what is compared
 * is the cost of an event more: between 4x and 16x against between 1x and 4x.
 */
import { median } from "../figures.ts";
import type { MadeInput } from "./make-input.ts";
import { interleaved, type Run } from "./processes.ts";
import { checkRuns, ours } from "./programs.ts";
import type { Part, TargetFigure } from "./targets.ts";

/** Beyond noise. */
const MOST = 1.25;

export async function linear(inputs: readonly [MadeInput, MadeInput, MadeInput], runs: number): Promise<Part> {
  const programs = inputs.map((input, i) => ({ ...ours(input.path), name: `${4 ** i}x: ${megabytes(input)} MB` }));
  const all = await interleaved(programs, runs);
  const [small, middle, large] = inputs.map((input, i) => {
    const own = all.get(programs[i]?.name ?? "") ?? [];
    checkRuns(input, "ours", own);
    return { input, runs: own, ms: own.map(({ result }) => result?.ms ?? Number.NaN) };
  });
  if (!small || !middle || !large) throw new Error("three sizes are compared");
  const figures = [small, middle, large].map(
    ({ input, ms }, i): TargetFigure => ({
      name: `${4 ** i}x (${megabytes(input)} MB), in the process`,
      unit: "ns/event",
      values: ms.map((value) => (value * 1e6) / input.events),
    }),
  );
  const slope = (from: Measured, to: Measured): number =>
    ((median(to.ms) - median(from.ms)) * 1e6) / (to.input.events - from.input.events);
  const [first, second] = [slope(small, middle), slope(middle, large)];
  return {
    title: "cost against size, trace.dat version 6",
    figures: [
      ...figures,
      { name: "an event more, 1x to 4x", unit: "ns/event", values: [first] },
      { name: "an event more, 4x to 16x", unit: "ns/event", values: [second] },
      { name: "  second over first", unit: "x", values: [second / first], target: { atMost: MOST } },
    ],
  };
}

interface Measured {
  readonly input: MadeInput;
  readonly runs: readonly Run[];
  readonly ms: readonly number[];
}

const megabytes = (input: MadeInput): number => Math.round(input.bytes / 2 ** 20);
