import type { Scenario, Verdict } from "../../judge/index.ts";

/** What a failed expectation says: the finding in words, then the steps that matched and the first that did not. */
export function explainVerdict(scenario: Scenario, verdict: Verdict, negated: boolean): string {
  if (negated) return `expected the trace not to follow "${scenario.title}", and it did`;
  const [first, ...others] = verdict.findings;
  const lines = first
    ? [first.title, `  expected  ${first.expected}`, `  found     ${first.found}`]
    : [`the trace does not follow "${scenario.title}"`];
  if (first?.cause) lines.push(`  cause     ${first.cause}`);
  if (first?.known) lines.push(`  known as  ${first.known.id} ${first.known.name}`);
  if (verdict.steps) lines.push("", `steps of "${scenario.title}":`, verdict.steps);
  for (const other of others) lines.push("", `also: ${other.title}`);
  return lines.join("\n");
}
