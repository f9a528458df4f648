import { describe, expect, test } from "vitest";
import { exitCodeFor } from "../../harness/record/exit-code.ts";
import { type Outcome, outcomeSchema } from "../../harness/record/schema.ts";

/** All sets of outcomes, each in both orders. */
const sets: Outcome[][] = Array.from({ length: 2 ** outcomeSchema.options.length }, (_, bits) =>
  outcomeSchema.options.filter((_outcome, index) => bits & (1 << index)),
);

/** The rule in words: a failure first, then the lab, then what was not judged; a pass needs a pass and nothing else. */
function expected(set: readonly Outcome[], trouble: boolean): number {
  const bad: [Outcome, number][] = [
    ["fail", 1],
    ["infra", 2],
  ];
  for (const [outcome, code] of bad) if (set.includes(outcome)) return code;
  if (trouble) return 2;
  const judged = set.filter((outcome) => outcome !== "skipped");
  if (judged.length === 0) return 2;
  return judged.every((outcome) => outcome === "pass") ? 0 : 3;
}

describe("exit code", () => {
  test("all sets of outcomes, with and without trouble", () => {
    expect(sets).toHaveLength(64);
    for (const set of sets) {
      for (const trouble of [[], ["the run was interrupted"]]) {
        const text = `${set.join(",") || "nothing"}${trouble.length > 0 ? " and trouble" : ""}`;
        expect(exitCodeFor(set, trouble), text).toBe(expected(set, trouble.length > 0));
        expect(exitCodeFor([...set].reverse(), trouble), text).toBe(expected(set, trouble.length > 0));
      }
    }
  });

  test.each<[Outcome[], number]>([
    [["pass", "pass"], 0],
    [["pass", "skipped"], 0],
    [["pass", "flaky"], 3],
    [["inconclusive", "pass"], 3],
    [["infra", "inconclusive"], 2],
    [["infra", "fail"], 1],
    [["skipped"], 2],
    [[], 2],
  ])("%j gives %d", (outcomes, code) => {
    expect(exitCodeFor(outcomes, [])).toBe(code);
  });
});
