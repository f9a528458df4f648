/** Figures with a target beside them, and what is printed of both. */
import { type Figure, median } from "../figures.ts";

export interface Target {
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface TargetFigure extends Figure {
  readonly target?: Target;
}

export interface Part {
  readonly title: string;
  readonly figures: readonly TargetFigure[];
}

export const passes = ({ values, target }: TargetFigure): boolean | undefined => {
  if (!target) return undefined;
  const value = median(values);
  return value >= (target.atLeast ?? Number.NEGATIVE_INFINITY) && value <= (target.atMost ?? Number.POSITIVE_INFINITY);
};

const short = (value: number): string => {
  if (Math.abs(value) >= 1e5) return `${(value / 1e6).toPrecision(3)}M`;
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
};

export function partLines({ title, figures }: Part): string[] {
  const rows = figures.map((figure) => {
    const cells = [median(figure.values), Math.min(...figure.values), Math.max(...figure.values)];
    const text = cells.map((value) => short(value).padEnd(8)).join(" ");
    return `  ${figure.name.padEnd(50)} ${text} ${figure.unit.padEnd(9)}${verdict(figure)}`;
  });
  return ["", `${title.padEnd(52)} median   min      max      unit     target`, ...rows];
}

function verdict(figure: TargetFigure): string {
  const { target } = figure;
  if (!target) return "";
  const bound = target.atLeast === undefined ? `<= ${target.atMost}` : `>= ${target.atLeast}`;
  return `${bound.padEnd(8)} ${passes(figure) ? "PASS" : "miss"}`;
}

export const partJson = ({ title, figures }: Part) =>
  figures.map((figure) => ({
    part: title,
    ...figure,
    median: median(figure.values),
    min: Math.min(...figure.values),
    max: Math.max(...figure.values),
    ...(figure.target ? { pass: passes(figure) } : {}),
  }));
