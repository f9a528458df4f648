/** The table of a matrix: families down, kernels across, and in each cell what the suites said there. */
import { exitCodeFor } from "../record/exit-code.ts";
import type { Outcome, RunRecord } from "../record/schema.ts";

export interface Cell {
  readonly family: string;
  readonly kernel: string;
  /** Absent where nothing was run. */
  readonly counts?: RunRecord["counts"];
  readonly exitCode: number;
  readonly durationMs: number;
  /** Why nothing was run, or what a person should know first. */
  readonly note?: string;
  /** The kernel cannot do it: no fault of anybody. */
  readonly notApplicable?: boolean;
  /** Folder of the run's record. */
  readonly dir?: string;
}

const SHORT: readonly (readonly [Outcome, string])[] = [
  ["pass", "ok"],
  ["fail", "FAIL"],
  ["inconclusive", "inconclusive"],
  ["infra", "infra"],
  ["flaky", "flaky"],
  ["skipped", "skip"],
];

/** `9 ok 2 skip`, `-` for what the kernel cannot do, `none` where nothing was judged. */
export function cellText({ counts, notApplicable }: Cell): string {
  if (notApplicable === true) return "-";
  if (!counts) return "none";
  const parts = SHORT.filter(([outcome]) => (counts[outcome] ?? 0) > 0);
  return parts.map(([outcome, word]) => `${counts[outcome]} ${word}`).join(" ") || "none";
}

export function matrixTable(cells: readonly Cell[]): string[] {
  const kernels = [...new Set(cells.map(({ kernel }) => kernel))];
  const families = [...new Set(cells.map(({ family }) => family))];
  const at = (family: string, kernel: string) => cells.find((cell) => cell.family === family && cell.kernel === kernel);
  const rows = families.map((family) => [
    family,
    ...kernels.map((kernel) => {
      const cell = at(family, kernel);
      return cell ? cellText(cell) : "";
    }),
  ]);
  const table = [["family", ...kernels], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = table.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("   ")
      .trimEnd(),
  );
  const notes = cells.flatMap(({ family, kernel, note }) =>
    note === undefined ? [] : [`${family} on ${kernel}: ${note}`],
  );
  return notes.length === 0 ? lines : [...lines, "", ...notes];
}

/** The worst of the cells, as of the tests in a run; a cell that its kernel cannot do counts for nothing. */
export function matrixExitCode(cells: readonly Cell[]): number {
  const outcomes = cells
    .filter(({ notApplicable }) => notApplicable !== true)
    .map(({ exitCode }): Outcome => (({ 0: "pass", 1: "fail", 3: "inconclusive" }) as const)[exitCode] ?? "infra");
  return exitCodeFor(outcomes, []);
}
