/** A verdict on a recording in a few lines: what happened, the word, what it is known as, and where to look. */
import pc from "picocolors";
import { knownWords } from "../../reports/console.ts";
import { oneLine } from "../../reports/escape.ts";
import { formatSeconds, formatSpan } from "../base/clock.ts";
import type { Checked, CheckedFinding } from "../judge/recording/check.ts";
import { BatchNames, EventBatch } from "../trace/batch.ts";
import { describeRow } from "../trace/describe.ts";
import type { TraceEvent } from "../trace/mhi-events.ts";
import { addEvent } from "../trace/probe/assembled-source.ts";
import type { CheckedFile } from "./check-record.ts";

const INDENT = " ".repeat(6);
const LABEL_WIDTH = 13;
/** More sub-trace than a screen holds is in the report. */
const MAX_BECAUSE = 8;

/** @param report - where the report is, for a link to the place; undefined: none was written. */
export function checkLines(file: CheckedFile, report: string | undefined): string[] {
  const { checked, recording, family } = file;
  const span = Number.isFinite(recording.toNs - recording.fromNs) ? formatSpan(recording.toNs - recording.fromNs) : "";
  const where = [family, recording.kernel === undefined ? "kernel not told" : `on ${recording.kernel}`].join(" ");
  const lines = checked.flatMap((one) => {
    const name = checked.length > 1 ? `${one.controller}, ` : "";
    const head = `${oneLine(name + where)}${span === "" ? "" : `, ${span}`}: ${oneLine(one.verdict.story)}`;
    return [head, ...one.findings.slice(0, 1).map((finding) => wordLine(one, finding, report)), ...rest(one)];
  });
  const how = file.familyHow === "" ? [] : [`family ${family}: ${file.familyHow}`];
  return [...lines, ...[...how, ...recording.notes].map((note) => pc.dim(`note: ${oneLine(note)}`))];
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
  return one.findings.flatMap((finding, i) => {
    const lines = [labelled("expected", finding.expected), labelled("found", finding.found)];
    if (i > 0 || finding.known) lines.unshift(labelled(finding.outcome, finding.title));
    if (i > 0 && finding.known) lines.push(labelled("known as", knownWords(finding.known)));
    if (finding.signature !== undefined) lines.push(labelled("signature", finding.signature));
    return [...lines, ...subTrace(one, finding)];
  });
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
