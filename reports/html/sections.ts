/** The parts of the page that stand in the HTML itself: they read and print without any script. */
import { formatSeconds, formatSpan, msToNs } from "../../harness/base/clock.ts";
import type { KnownLookup } from "../../harness/record/known-text.ts";
import type { RecordNames } from "../../harness/record/names.ts";
import type { FindingRecord, Outcome, RunRecord, TestRecord } from "../../harness/record/schema.ts";
import { outcomeWord } from "../console.ts";
import { markup as esc, wellFormed } from "../escape.ts";
import { figuresOf } from "../figures.ts";
import type { TestData } from "./data.ts";
import { rowLabel, rowText } from "./describe.ts";
import { knownSection } from "./known.ts";

/** A sign beside the word and the colour, for those to whom the colour says nothing. */
const SIGNS: Readonly<Record<Outcome, string>> = {
  pass: "✓",
  fail: "✕",
  inconclusive: "?",
  infra: "⚒",
  flaky: "≈",
  skipped: "–",
};
/** What needs a person comes first, what was not asked last; the order within an outcome is that of the run. */
const ORDER: readonly Outcome[] = ["fail", "infra", "inconclusive", "flaky", "pass", "skipped"];
/** In the heading. */
const COUNTED: readonly Outcome[] = ["pass", "skipped", "flaky", "inconclusive", "infra", "fail"];
const MAX_BECAUSE = 40; // more than that is no longer the smallest sub-trace; all of it stands in the table below

const badge = (outcome: Outcome): string =>
  `<span class="badge ${outcome}"><b aria-hidden="true">${SIGNS[outcome]}</b> ${outcomeWord(outcome)}</span>`;

const fact = (label: string, value: string): string => `<div><dt>${esc(label)}</dt><dd>${esc(value)}</dd></div>`;

export function head(run: RunRecord): string {
  const verdict = exitWords(run);
  return `<header>
<div class="title"><h1>${esc(run.rig.id)}</h1><span class="exit ${verdict.outcome}">${SIGNS[verdict.outcome]} ${esc(verdict.text)}</span></div>
<p class="counts">${counts(run)}</p>
<dl class="facts">${fact("host", run.rig.host)}${fact("DUT", run.rig.dut)}${fact("run", `${run.id}, started ${run.startedAt}, took ${formatSpan(msToNs(run.durationMs))}`)}${fact("PM edges", `${run.coverage.pmEdgesSeen.length} of ${run.coverage.pmEdgesTotal} seen`)}${fact("family", `${run.rig.family} (${run.rig.kind === "recording" ? "a recording" : `${run.rig.kind} rig`})`)}${run.rig.notes.map((note) => fact("", note)).join("")}</dl>
<details class="more"><summary>command, versions and coverage</summary>
<dl class="facts">${fact("command", run.command.join(" "))}${Object.entries(run.versions)
    .map(([name, version]) => fact(name, version))
    .join("")}</dl>
${covered(run)}</details>
</header>${notices(run)}`;
}

/** What the run has exercised, a line each sort. */
function covered({ coverage }: RunRecord): string {
  const { pmEdgesSeen, pmEdgesTotal, ee, channels, scenarios } = coverage;
  const line = (name: string, part: { seen: readonly string[]; total: number } | undefined): string =>
    part
      ? `<p class="edges">${name} ${part.seen.length} of ${part.total}: ${part.seen.map((one) => `<code>${esc(one)}</code>`).join(" ") || "none was seen"}</p>`
      : "";
  return [
    line("PM edges", { seen: pmEdgesSeen, total: pmEdgesTotal }),
    line("EE edges", ee),
    line("channel commands", channels),
    line("scenarios", scenarios),
  ].join("\n");
}

function exitWords(run: RunRecord): { readonly outcome: Outcome; readonly text: string } {
  const said: Readonly<Record<number, readonly [Outcome, string]>> = {
    0: ["pass", "passed"],
    1: ["fail", "failed"],
    2: ["infra", "rig or usage fault"],
    3: ["inconclusive", "inconclusive"],
  };
  const [outcome, text] = said[run.exitCode] ?? ["infra", "ended early"];
  return { outcome, text: `${text}, exit ${run.exitCode}` };
}

const counts = (run: RunRecord): string =>
  COUNTED.filter((outcome) => run.counts[outcome] > 0 || outcome === "pass" || outcome === "fail")
    .map(
      (outcome) =>
        `<span class="count ${run.counts[outcome] > 0 ? outcome : "none"}">${SIGNS[outcome]} <b>${run.counts[outcome]}</b> ${outcomeWord(outcome)}</span>`,
    )
    .join("");

function notices(run: RunRecord): string {
  const faults = run.faults.map(
    (fault) => `<p class="notice fault">⚠ fault injected on purpose: <b>${esc(fault)}</b></p>`,
  );
  const troubles = run.trouble.map((trouble) => `<p class="notice trouble">⚒ ${esc(trouble)}</p>`);
  return [...faults, ...troubles].join("\n");
}

/** Indices of the tests in reading order. */
export const readingOrder = (tests: readonly TestRecord[]): number[] =>
  tests.map((_, index) => index).sort((a, b) => rank(tests[a]) - rank(tests[b]) || a - b);

const rank = (test: TestRecord | undefined): number => (test ? ORDER.indexOf(test.outcome) : ORDER.length);

/** What a test's part of the page is made with. */
export interface SectionContext {
  readonly data: TestData;
  readonly names: RecordNames;
  readonly known: KnownLookup;
  /** Unfolded when the page is opened. */
  readonly open: boolean;
}

export function testSection(test: TestRecord, index: number, context: SectionContext): string {
  const firstWords =
    test.outcome === "pass" && figuresOf(test).length > 0
      ? figures(test)
      : `<span class="why">${esc(test.summary)}</span>`;
  const attempt = test.attempt > 0 ? ` <small>attempt ${test.attempt + 1}</small>` : "";
  return `<details class="test ${test.outcome}" data-test="${index}" id="test-${index}"${context.open ? " open" : ""}>
<summary>${badge(test.outcome)}<span class="area">${esc(test.area)}</span><span class="name">${esc(test.title)}${attempt}</span><span class="first">${firstWords}</span><span class="took">${formatSpan(msToNs(test.durationMs))}</span></summary>
<div class="body">${storyLine(test)}${test.findings.map((finding, at) => findingSection(finding, at, index, context)).join("")}
<div class="panel" data-panel="${index}"><p class="quiet">The time axis needs this page's script.</p></div>${filesLine(test)}</div>
</details>`;
}

const figures = (test: TestRecord): string =>
  figuresOf(test)
    .map(({ name, text }) => `<span class="figure">${esc(name)} <b>${esc(text)}</b></span>`)
    .join(" ");

const storyLine = (test: TestRecord): string =>
  `<p class="story">${test.story === "" ? "" : `${esc(test.story)} `}${test.outcome !== "pass" && figuresOf(test).length > 0 ? figures(test) : ""}<span class="quiet">${esc(test.file)}</span></p>`;

const filesLine = (test: TestRecord): string =>
  test.files.length === 0 ? "" : `<p class="files">evidence: ${test.files.map(fileLink).join(" ")}</p>`;

/** Relative paths only: a record from elsewhere must not send its reader anywhere. */
function fileLink(file: string): string {
  const safe = !/^[a-z][a-z0-9+.-]*:|^[\\/]|\\|(^|\/)\.\.(\/|$)/i.test(file);
  const address = wellFormed(file).split("/").map(encodeURIComponent).join("/");
  return safe ? `<a href="./${address}">${esc(file)}</a>` : `<span>${esc(file)}</span>`;
}

function findingSection(finding: FindingRecord, at: number, index: number, context: SectionContext): string {
  const { data, names, known } = context;
  const line = (label: string, text: string): string => `<dt>${label}</dt><dd>${esc(text)}</dd>`;
  const time = `<a class="jump" href="#test=${encodeURIComponent(wellFormed(data.id))}&amp;attempt=${data.attempt}&amp;seg=${finding.segment}&amp;t=${formatSeconds(finding.atNs)}" data-jump="${index}:${at}">${formatSeconds(finding.atNs)} s</a>`;
  return `<section class="finding ${finding.outcome}"><h3>${SIGNS[finding.outcome]} ${esc(finding.title)} <span class="at">at ${time}</span></h3>
<dl>${line("expected", finding.expected)}${line("found", finding.found)}${finding.cause === undefined ? "" : line("cause", finding.cause)}${line("rule", finding.rule)}${finding.signature === undefined ? "" : line("signature", finding.signature)}</dl>${knownSection(finding, known)}${because(finding, data, names)}</section>`;
}

function because(finding: FindingRecord, data: TestData, names: RecordNames): string {
  const segment = data.segments[finding.segment];
  if (!segment || finding.because.length === 0) return "";
  const wanted = new Set(finding.because.slice(0, MAX_BECAUSE));
  let axisNs = segment.baseNs;
  let beforeNs: number | undefined;
  const lines: string[] = [];
  for (const [at, row] of segment.rows.entries()) {
    axisNs += Number(row[0]);
    if (!wanted.has(at)) continue;
    const delta = beforeNs === undefined ? "" : `+${formatSpan(axisNs - beforeNs)}`;
    beforeNs = axisNs;
    lines.push(
      `<tr><td>${formatSeconds(axisNs + segment.shiftNs)}</td><td>${delta}</td><td>${rowLabel(row)}</td><td>${esc(rowText(row, names))}</td></tr>`,
    );
  }
  const more = finding.because.length - wanted.size;
  return `<table class="records"><caption>because of these records${more > 0 ? ` (and ${more} more)` : ""}</caption><tbody>${lines.join("")}</tbody></table>`;
}
