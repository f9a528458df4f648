/** A test's figures for people: what its sequences took, what else it measured. */
import { formatSpan } from "../harness/base/clock.ts";
import type { TestRecord } from "../harness/record/schema.ts";

export const figuresOf = ({
  measures,
  figures = [],
}: TestRecord): { readonly name: string; readonly text: string }[] => [
  ...measures.map(({ name, valueNs }) => ({ name, text: formatSpan(valueNs) })),
  ...figures.map(({ name, value, unit }) => ({ name, text: `${short(value)} ${unit}` })),
];

const short = (value: number): string =>
  value === 0 || Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
