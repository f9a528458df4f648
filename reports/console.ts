/** The run as text in a terminal: a line a test, a failure in words, one last line with where the evidence is. */
import pc from "picocolors";
import { formatSpan, msToNs } from "../harness/base/clock.ts";
import type { EarlierLookup } from "../harness/record/history.ts";
import type { FindingRecord, Outcome, RunRecord, TestRecord } from "../harness/record/schema.ts";
import { oneLine } from "./escape.ts";
import { figuresOf } from "./figures.ts";

export type Colors = ReturnType<typeof pc.createColors>;
type Paint = (text: string) => string;

const WORDS: Readonly<Record<Outcome, string>> = {
  pass: "ok",
  fail: "FAIL",
  inconclusive: "incon",
  infra: "infra",
  flaky: "flaky",
  skipped: "skip",
};
const WORD_WIDTH = 5;
const AREA_WIDTH = 9;
const TITLE_WIDTH = 46;
const DETAIL_INDENT = " ".repeat(10);
const LABEL_WIDTH = 11;

/** The word that stands for an outcome in every report. */
export const outcomeWord = (outcome: Outcome): string => WORDS[outcome];

function paintOf(outcome: Outcome, colors: Colors): Paint {
  if (outcome === "pass") return colors.green;
  if (outcome === "fail") return (text) => colors.bold(colors.red(text));
  if (outcome === "skipped") return colors.dim;
  return colors.yellow;
}

/** `rig virtual-sdx55   host guest 6.12.117 (tcg)   dut qcom-sdx55m 17cb:0306   trace mhi_host, binary, 2 cpus`. */
export function headLine(rig: RunRecord["rig"], colors: Colors = pc): string {
  const facts = [`rig ${colors.bold(oneLine(rig.id))}`, `host ${oneLine(rig.host)}`, `dut ${oneLine(rig.dut)}`];
  return [...facts, ...rig.notes.map(oneLine)].join("   ");
}

/** First what an engineer reads first: a passed test's figures, any other's reason. */
const firstWords = (test: TestRecord): string =>
  test.outcome === "pass" && figuresOf(test).length > 0 ? figures(test) : oneLine(test.summary);

const figures = (test: TestRecord): string =>
  figuresOf(test)
    .map(({ name, text }) => `${oneLine(name)} ${oneLine(text)}`)
    .join("  ");

const NO_HISTORY: EarlierLookup = () => undefined;

/** Tests that the rig cannot do, for the end of a run: one line a reason. */
export function skippedLines(tests: readonly TestRecord[], colors: Colors = pc): string[] {
  const groups = new Map<string, TestRecord[]>();
  for (const test of tests.filter(({ outcome }) => outcome === "skipped")) {
    const key = JSON.stringify([test.area, test.summary]);
    groups.set(key, [...(groups.get(key) ?? []), test]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    return testLine(group.length === 1 ? first : { ...first, title: `${group.length} tests` }, colors);
  });
}

/**
 * One test: its line, and for findings a block of what was expected, what was found and whether it is known.
 *
 * @param earlier where earlier runs are asked; default: nowhere.
 */
export function testLine(test: TestRecord, colors: Colors = pc, earlier: EarlierLookup = NO_HISTORY): string[] {
  const word = paintOf(test.outcome, colors)(WORDS[test.outcome].padEnd(WORD_WIDTH));
  const title = oneLine(test.title) + (test.attempt > 0 ? ` (attempt ${test.attempt + 1})` : "");
  const line = `  ${word} ${oneLine(test.area).padEnd(AREA_WIDTH)} ${title.padEnd(TITLE_WIDTH)} ${firstWords(test)}`;
  return [line.trimEnd(), ...test.findings.flatMap((finding) => findingLines(test, finding, colors, earlier))];
}

function findingLines(test: TestRecord, finding: FindingRecord, colors: Colors, earlier: EarlierLookup): string[] {
  const labelled = (label: string, text: string): string =>
    DETAIL_INDENT + colors.dim(label.padEnd(LABEL_WIDTH)) + oneLine(text);
  const lines = [labelled("expected", finding.expected), labelled("found", finding.found)];
  // The first finding's title is on the test's own line already.
  if (finding.title !== test.summary) lines.unshift(labelled(finding.outcome, finding.title));
  if (finding.cause !== undefined) lines.push(labelled("cause", finding.cause));
  if (finding.known) lines.push(labelled("known as", `${knownWords(finding.known)}${seenBefore(finding, earlier)}`));
  else if (finding.signature) lines.push(labelled("signature", `${finding.signature}${seenBefore(finding, earlier)}`));
  return lines;
}

/** `F29 context lost over suspend`. */
export const knownWords = (known: NonNullable<FindingRecord["known"]>): string => `${known.id} ${known.name}`;

/** ` (2 earlier, last 2026-11-20 on rack-3)`; empty where it was not met before. */
function seenBefore({ signature }: FindingRecord, earlier: EarlierLookup): string {
  const seen = signature === undefined ? undefined : earlier(signature);
  return seen ? ` (${seen.count} earlier, last ${seen.lastDay} on ${seen.lastRig})` : "";
}

/** The end of a run: troubles first, then counts, time, coverage and where to read on. */
export function summary(run: RunRecord, reportPath?: string, colors: Colors = pc): string[] {
  const troubles = run.trouble.map((trouble) => colors.yellow(`trouble: ${oneLine(trouble)}`));
  const counted = countsText(run, colors);
  const facts = [counted, formatSpan(msToNs(run.durationMs)), coverageText(run)];
  if (run.faults.length > 0) facts.push(`with fault ${run.faults.map(oneLine).join(", ")}`);
  if (reportPath !== undefined) facts.push(`report ${oneLine(reportPath)}`);
  return [...troubles, facts.join("   ")];
}

const ALWAYS: readonly Outcome[] = ["pass", "fail", "inconclusive", "infra"];
const WHEN_ANY: readonly Outcome[] = ["flaky", "skipped"];

function countsText(run: RunRecord, colors: Colors): string {
  const shown = [...ALWAYS, ...WHEN_ANY.filter((outcome) => run.counts[outcome] > 0)];
  const text = (outcome: Outcome): string => {
    const word = outcome === "inconclusive" || outcome === "skipped" ? outcome : WORDS[outcome];
    const plain = `${run.counts[outcome]} ${word}`;
    return run.counts[outcome] > 0 ? paintOf(outcome, colors)(plain) : plain;
  };
  return shown.map(text).join("  ");
}

const coverageText = (run: RunRecord): string =>
  `PM edges ${run.coverage.pmEdgesSeen.length} of ${run.coverage.pmEdgesTotal}`;
