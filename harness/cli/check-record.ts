/** Verdicts on recordings as a run record, so that the report of runs shows them too. */
import { basename } from "node:path";
import { coverageOf, edgesOfAll } from "../judge/index.ts";
import type { Checked } from "../judge/recording/check.ts";
import type { Recording } from "../judge/recording/recording.ts";
import { exitCodeFor } from "../record/exit-code.ts";
import { type FindingRecord, type Outcome, RUN_SCHEMA, type RunRecord, type TestRecord } from "../record/schema.ts";
import type { TraceEvent } from "../trace/mhi-events.ts";

/** A file that was judged. */
export interface CheckedFile {
  readonly path: string;
  readonly recording: Recording;
  /** One a controller. */
  readonly checked: readonly Checked[];
}

export interface RecordOptions {
  readonly id: string;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly command: readonly string[];
  readonly version: string;
  /** Files that could not be read, and why. */
  readonly trouble: readonly string[];
}

/** A page of more is no pleasure to open; what findings point to, and what is around them, stays. */
const MAX_EVENTS = 60_000;
const AROUND_NS = 2e9;

export function recordOf(files: readonly CheckedFile[], options: RecordOptions): RunRecord {
  const tests = files.flatMap((file) => file.checked.map((one) => testOf(file, one)));
  const outcomes = tests.map(({ outcome }) => outcome);
  const [first] = files;
  const family = first?.recording.family.family.id ?? "unknown";
  return {
    schema: RUN_SCHEMA,
    id: options.id,
    startedAt: options.startedAt.toISOString(),
    durationMs: options.durationMs,
    command: [...options.command],
    versions: { "mhi-hil": options.version },
    rig: {
      id: files.length === 1 ? basename(first?.path ?? "") : `${files.length} recordings`,
      kind: "recording",
      family,
      host: first?.recording.kernel ?? "kernel not told",
      dut: family,
      notes: files.flatMap(({ path, recording }) => [`${basename(path)}: ${recording.form}`, ...recording.notes]),
    },
    faults: [],
    tests,
    coverage: coverageOf(edgesOfAll(files.flatMap(({ checked }) => checked.map(({ coverage }) => coverage))), {
      ...(first ? { family: first.recording.family.family } : {}),
      ...(first?.recording.kernel === undefined ? {} : { kernel: first.recording.kernel }),
    }),
    counts: countsOf(outcomes),
    exitCode: exitCodeFor(outcomes, options.trouble),
    trouble: [...options.trouble],
  };
}

function countsOf(outcomes: readonly Outcome[]): RunRecord["counts"] {
  const counts = { pass: 0, fail: 0, inconclusive: 0, infra: 0, flaky: 0, skipped: 0 };
  for (const outcome of outcomes) counts[outcome]++;
  return counts;
}

function testOf(
  { path, recording }: CheckedFile,
  { controller, outcome, findings, verdict, evidence }: Checked,
): TestRecord {
  const { events, findings: kept } = shortened(evidence.events, findings);
  return {
    id: `check ${basename(path)} ${controller}`,
    area: "check",
    title: controller === "" ? basename(path) : `${basename(path)} ${controller}`,
    file: path,
    attempt: 0,
    outcome,
    durationMs: Math.max(0, evidence.toNs - evidence.fromNs) / 1e6,
    startControllerNs: evidence.fromNs,
    summary: findings[0]?.title ?? verdict.story,
    story: verdict.story,
    findings: kept,
    measures: [...verdict.measures],
    segments: [
      {
        bootId: "",
        kernel: evidence.kernel,
        source: recording.source,
        clock: [{ hostNs: evidence.fromNs, controllerNs: evidence.fromNs, uncertaintyNs: 0 }],
        events: events.map((event) => ({ ...event })),
        gaps: evidence.gaps.map((gap) => ({ ...gap })),
        dmesg: evidence.dmesg.map((line) => ({ ...line })),
      },
    ],
    actions: [],
    console: [],
    device: (evidence.device ?? []).map(({ tNs, kind, text }) => ({ controllerNs: tNs, kind, text })),
    files: [],
  };
}

/** All events, or those around findings; their indices in `because` go with them. */
function shortened(
  events: readonly TraceEvent[],
  findings: readonly FindingRecord[],
): { events: TraceEvent[]; findings: FindingRecord[] } {
  if (events.length <= MAX_EVENTS) return { events: [...events], findings: [...findings] };
  const windows = findings.map(({ fromNs, atNs }) => [(fromNs ?? atNs) - AROUND_NS, atNs + AROUND_NS] as const);
  const pointed = new Set(findings.flatMap(({ because }) => because));
  const kept: TraceEvent[] = [];
  const places = new Map<number, number>();
  for (const [index, event] of events.entries()) {
    const wanted = windows.length === 0 || windows.some(([fromNs, toNs]) => event.tNs >= fromNs && event.tNs <= toNs);
    if (pointed.has(index) || (wanted && kept.length < MAX_EVENTS)) places.set(index, kept.push(event) - 1);
  }
  return {
    events: kept,
    findings: findings.map((finding) => ({
      ...finding,
      because: finding.because.flatMap((index) => places.get(index) ?? []),
    })),
  };
}
