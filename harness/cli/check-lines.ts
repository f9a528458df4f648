/** A verdict on a recording in a few lines: what happened, the word, what it is known as, and where to look. */
import pc from "picocolors";
import { knownWords } from "../../reports/console.ts";
import { oneLine } from "../../reports/escape.ts";
import { formatSeconds, formatSpan } from "../base/clock.ts";
import type { Checked, CheckedFinding } from "../judge/recording/check.ts";
import type { Recording } from "../judge/recording/recording.ts";
import { BatchNames, EventBatch } from "../trace/batch.ts";
import { describeRow } from "../trace/describe.ts";
import type { TraceEvent } from "../trace/mhi-events.ts";
import { addEvent } from "../trace/probe/assembled-source.ts";
import type { CheckedFile } from "./check-record.ts";

const INDENT = " ".repeat(6);
const LABEL_WIDTH = 13;
/** More sub-trace than a screen holds is in the report. */
const MAX_BECAUSE = 8;

/** More findings than a screen holds are in the report. */
const MAX_FINDINGS = 10;

export interface CheckLinesOptions {
  /** Where the report is, for a link to the place; undefined: none was written. */
  readonly report: string | undefined;
  /** One of several: lines begin with the file's name. */
  readonly name?: boolean;
}

export function checkLines({ path, checked, recording }: CheckedFile, options: CheckLinesOptions): string[] {
  const { report, name = false } = options;
  const { family } = recording;
  const lines = checked.flatMap((one) => {
    const names = [...(name ? [path] : []), ...(checked.length > 1 ? [one.controller] : [])];
    const head = `${names.map((own) => `${oneLine(own)}: `).join("")}${whatOf(recording)}: ${oneLine(one.verdict.story)}`;
    return [head, ...one.findings.slice(0, 1).map((finding) => wordLine(one, finding, report)), ...rest(one)];
  });
  const how = family.how === "" ? [] : [`family ${family.family.id}: ${family.how}`];
  const kernel =
    recording.kernel === undefined ? ["nothing tells the kernel: a hop that any kernel's driver makes is legal"] : [];
  return [...lines, ...[...how, ...kernel, ...recording.notes].map((note) => pc.dim(`note: ${oneLine(note)}`))];
}

/** `sdx55 on 6.12.117, 41 min`. */
function whatOf({ family, kernel, fromNs, toNs }: Recording): string {
  const device = family.family.id.startsWith("unknown") ? "unknown device" : family.family.id;
  const host = kernel === undefined ? "unknown kernel" : kernel;
  return oneLine(`${device} on ${host}, ${formatSpan(Math.max(0, toNs - fromNs))}`);
}

function wordLine(one: Checked, finding: CheckedFinding, report: string | undefined): string {
  const said = finding.known ? knownWords(finding.known) : finding.title;
  const parts = [painted(one), oneLine(said)];
  if (finding.cause !== undefined) parts.push(`cause: ${oneLine(finding.cause)}`);
  if (report !== undefined) parts.push(`see ${report}#t=${formatSeconds(finding.fromNs ?? finding.atNs, 3)}`);
  return parts.join("   ");
}

function painted({ outcome, recovered, findings }: Checked): string {
  if (outcome === "fail") return pc.bold(pc.red(recovered ? "FAIL, recovered" : "FAIL"));
  if (outcome === "inconclusive") return pc.yellow("inconclusive");
  return pc.green(findings.length > 0 ? "ok, recovered" : "ok");
}

function rest(one: Checked): string[] {
  if (one.findings.length === 0) return [painted(one)];
  const more = one.findings.length - MAX_FINDINGS;
  const lines = one.findings.slice(0, MAX_FINDINGS).flatMap((finding, i) => {
    const lines = [labelled("expected", finding.expected), labelled("found", finding.found)];
    if (i > 0 || finding.known) lines.unshift(labelled(finding.outcome, finding.title));
    if (i > 0 && finding.known) lines.push(labelled("known as", knownWords(finding.known)));
    if (finding.signature !== undefined) lines.push(labelled("signature", finding.signature));
    return [...lines, ...subTrace(one, finding)];
  });
  return more > 0 ? [...lines, `${INDENT}and ${more} more findings`] : lines;
}

const labelled = (label: string, text: string): string => INDENT + pc.dim(label.padEnd(LABEL_WIDTH)) + oneLine(text);

function subTrace({ evidence }: Checked, { because }: CheckedFinding): string[] {
  const shown = because.slice(-MAX_BECAUSE).flatMap((index) => evidence.events[index] ?? []);
  const lines = shown.map((event, i) =>
    labelled(i === 0 ? "because" : "", `${formatSeconds(event.tNs, 6)}  [${event.cpu}]  ${inWords(event)}`),
  );
  const more = because.length - shown.length;
  return more > 0 ? [...lines, labelled("", `and ${more} before`)] : lines;
}

function inWords(event: TraceEvent): string {
  const batch = new EventBatch(new BatchNames(), 1);
  addEvent(batch, event);
  return describeRow(batch, 0);
}
