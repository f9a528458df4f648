/** A figure has one value a round; what is printed of it is the median and how far the rounds lie apart. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  /** One value a round. */
  readonly values: readonly number[];
}

export interface FigureSummary extends Figure {
  readonly part: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
};

export const summarize = (part: string, figure: Figure): FigureSummary => ({
  part,
  ...figure,
  median: median(figure.values),
  min: Math.min(...figure.values),
  max: Math.max(...figure.values),
});

/** A figure over a floor of the same run, round by round: machines are noisy, both saw the same noise. */
export const ratio = (name: string, over: Figure, under: Figure): Figure => ({
  name,
  unit: "x",
  values: over.values.map((value, round) => value / (under.values[round] ?? Number.NaN)),
});

const short = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3));

export function figureLines(part: string, figures: readonly FigureSummary[]): string[] {
  const rows = figures.map((figure) => {
    const cells = [figure.median, figure.min, figure.max].map((value) => short(value).padEnd(8));
    return `  ${figure.name.padEnd(58)} ${cells.join(" ")} ${figure.unit}`;
  });
  return ["", `${part.padEnd(60)} median   min      max      unit`, ...rows];
}
