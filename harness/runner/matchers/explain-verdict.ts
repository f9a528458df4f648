import type { Scenario, Verdict } from "../../judge/index.ts";
import type { FindingRecord } from "../../record/schema.ts";

/** What a failed expectation says: the finding in words, then the steps that matched and the first that did not. */
export function explainVerdict(scenario: Scenario, verdict: Verdict, negated: boolean): string {
  if (negated) return `expected the trace not to follow "${scenario.title}", and it did`;
  const [first, ...others] = verdict.findings;
  const lines = first ? wordsOf(first) : [`the trace does not follow "${scenario.title}"`];
  if (verdict.steps) lines.push("", `steps of "${scenario.title}":`, verdict.steps);
  for (const other of others) lines.push("", `also: ${other.title}`);
  return lines.join("\n");
}

/** The first finding in words, the others by their titles. */
export function explainFindings(findings: readonly FindingRecord[]): string {
  const [first, ...others] = findings;
  return [...(first ? wordsOf(first) : []), ...others.map((other) => `also: ${other.title}`)].join("\n");
}

function wordsOf({ title, expected, found, cause, known }: FindingRecord): string[] {
  return [
    title,
    `  expected  ${expected}`,
    `  found     ${found}`,
    ...(cause === undefined ? [] : [`  cause     ${cause}`]),
    ...(known ? [`  known as  ${known.id} ${known.name}`] : []),
  ];
}
