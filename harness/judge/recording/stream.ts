/**
 * A recording heard in one pass, in memory that does not grow with its length: rules and scenario follow every event;
 * kept are those that are rare and those around findings (kept-events.ts).
 */
import type { Nanoseconds } from "../../base/clock.ts";
import { formatSeconds } from "../../base/clock.ts";
import { type FamilyProfile, familyOn } from "../../mhi/families/family.ts";
import { CompletionCode, ElementType, elementCode, elementType } from "../../mhi/ring-element.ts";
import { type EventBatch, Kind } from "../../trace/batch.ts";
import type { Gap, MhiEvent, TraceEvent } from "../../trace/mhi-events.ts";
import { describeGap, gapWithin, type LogLine } from "../evidence.ts";
import type { EngineFinding } from "../rule-engine.ts";
import type { Scenario } from "../scenarios/index.ts";
import { isTransferType } from "../transfer.ts";
import { ControllerStream } from "./controller-stream.ts";
import { KEEP, type KeepLimits, type Kept, KeptEvents } from "./kept-events.ts";
import { logLineOf } from "./log-line-of.ts";

export interface StreamOptions {
  readonly family: FamilyProfile;
  readonly kernel: string | undefined;
  readonly scenario?: (family: FamilyProfile) => Scenario;
  /** Lines of logs beside the recording, in the order of time. */
  readonly log?: readonly LogLine[];
  readonly keep?: KeepLimits;
  /** Each finding of the rules as soon as it is made; what a scenario allows is among them. */
  readonly onFound?: (finding: EngineFinding) => void;
}

/** What findings and story are made of at the end. */
export interface HeardController {
  readonly stream: ControllerStream;
  readonly findings: readonly EngineFinding[];
}

export interface HeardRecording {
  readonly controllers: readonly HeardController[];
  readonly kept: Kept;
  readonly log: readonly LogLine[];
  readonly counted: number;
  readonly witnesses: ReadonlySet<string>;
  readonly seen: ReadonlySet<Kind>;
  /** Events of the driver by buffer. */
  readonly buffers: ReadonlyMap<string, number>;
  readonly gaps: readonly Gap[];
  readonly fromNs: Nanoseconds;
  readonly toNs: Nanoseconds;
}

/** Lines that are kept for causes: the newest. */
const MAX_LINES = 50_000;
/** A host has a few. Rows of more are counted and not judged, as in a recording of rubbish. */
const MAX_STREAMS = 256;

export class RecordingStream {
  readonly #options: StreamOptions;
  readonly #kept: KeptEvents;
  readonly #streams = new Map<string, ControllerStream>();
  readonly #lines: LogLine[] = [];
  readonly #gaps: Gap[] = [];
  /** Told by the source, and later than what was heard. */
  readonly #due: Gap[] = [];
  #learned = 0;
  readonly #witnesses = new Set<string>();
  readonly #seen = new Set<Kind>();
  #names: EventBatch["names"] | undefined;
  /** By lane and controller number of the batch. */
  #byNumber: (ControllerStream | undefined)[][] = [];
  #counted = 0;
  #lineAt = 0;
  #fromNs = Number.POSITIVE_INFINITY;
  #toNs = Number.NEGATIVE_INFINITY;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#kept = new KeptEvents(options.keep ?? KEEP);
  }

  /** Time of the last event. */
  get toNs(): Nanoseconds {
    return this.#toNs;
  }

  get streams(): Iterable<ControllerStream> {
    return this.#streams.values();
  }

  /** @param gaps - all that the source has told yet. */
  feed(batch: EventBatch, gaps: readonly Gap[]): void {
    this.#useNames(batch);
    this.#learn(gaps);
    let run: { stream: ControllerStream; from: number } | undefined;
    const flush = (to: number): void => {
      if (run) run.stream.rows(batch, run.from, to, this.#counted + run.from);
      run = undefined;
    };
    for (let row = 0; row < batch.length; row++) {
      const tNs = batch.tNs[row] ?? 0;
      if (tNs < this.#fromNs) this.#fromNs = tNs;
      if (tNs > this.#toNs) this.#toNs = tNs;
      if (this.#gapDue(tNs) || this.#lineDue(tNs)) {
        flush(row);
        this.#before(tNs);
      }
      const stream = (batch.kind[row] ?? 0) < Kind.MARKER ? this.#streamOf(batch, row) : undefined;
      if (run?.stream !== stream) flush(row);
      if (stream) run ??= { stream, from: row };
      this.#row(batch, row, stream);
    }
    flush(batch.length);
    this.#counted += batch.length;
    this.#keepFound();
  }

  /** Nothing before `watermarkNs` is still to come. */
  advance(watermarkNs: Nanoseconds): void {
    for (const stream of this.#streams.values()) stream.advance(watermarkNs);
    this.#keepFound();
  }

  /** @param gaps - all of the source, at its end. */
  end(gaps: readonly Gap[]): HeardRecording {
    this.#learn(gaps);
    const { log = [] } = this.#options;
    const times = [...gaps.flatMap(({ fromNs, toNs }) => [fromNs, toNs]), ...log.map(({ tNs }) => tNs)];
    for (const tNs of times) {
      this.#fromNs = Math.min(this.#fromNs, tNs);
      this.#toNs = Math.max(this.#toNs, tNs);
    }
    this.#before(Number.POSITIVE_INFINITY);
    this.advance(this.#toNs);
    const buffers = new Map<string, number>();
    for (const { buffer, events } of this.#streams.values()) {
      buffers.set(buffer, (buffers.get(buffer) ?? 0) + events);
    }
    return {
      controllers: [...this.#streams.values()].map((stream) => ({ stream, findings: this.#settled(stream.findings) })),
      kept: this.#kept.end(),
      log: [...this.#lines, ...log].sort((a, b) => a.tNs - b.tNs),
      counted: this.#counted,
      witnesses: this.#witnesses,
      seen: this.#seen,
      buffers,
      gaps: this.#gaps,
      fromNs: Number.isFinite(this.#fromNs) ? this.#fromNs : 0,
      toNs: Number.isFinite(this.#toNs) ? this.#toNs : 0,
    };
  }

  /** What is due before an event of that time: gaps that begin, lines of the log. */
  #before(tNs: Nanoseconds): void {
    while (this.#gapDue(tNs)) {
      const gap = this.#due.shift();
      if (!gap) break;
      this.#gaps.push(gap);
      for (const stream of this.#streams.values()) stream.gap(gap);
    }
    for (; this.#lineDue(tNs); this.#lineAt++) {
      const line = this.#options.log?.[this.#lineAt];
      if (line) this.#tellLine(line);
    }
  }

  /** A gap may be told long before its time. */
  #learn(gaps: readonly Gap[]): void {
    if (gaps.length === this.#learned) return;
    this.#due.push(...gaps.slice(this.#learned));
    this.#due.sort((a, b) => a.fromNs - b.fromNs);
    this.#learned = gaps.length;
  }

  #gapDue(tNs: Nanoseconds): boolean {
    const [gap] = this.#due;
    return gap !== undefined && gap.fromNs <= tNs;
  }

  #lineDue(tNs: Nanoseconds): boolean {
    const line = this.#options.log?.[this.#lineAt];
    return line !== undefined && line.tNs <= tNs;
  }

  #row(batch: EventBatch, row: number, stream: ControllerStream | undefined): void {
    const index = this.#counted + row;
    const kind = batch.kind[row] as Kind;
    const flows = kind === Kind.TRE || isTransferRow(batch, row, kind);
    if (stream && flows) {
      this.#kept.flow(index, batch, row);
      if (kind !== Kind.TRE && givesBack(batch, row)) stream.story.transferred();
      if (stream.matcher?.state === "pending") stream.follow(batch.event(row), index);
      return;
    }
    const event = batch.event(row);
    this.#kept.rare(index, event);
    if (stream) {
      stream.rare(event as MhiEvent);
      stream.follow(event, index);
    } else this.#other(event, index);
  }

  #other(event: TraceEvent, index: number): void {
    const line = logLineOf(event);
    if (line) {
      this.#lines.push(line);
      if (this.#lines.length > 2 * MAX_LINES) this.#lines.splice(0, MAX_LINES);
      this.#tellLine(line);
    }
    for (const stream of this.#streams.values()) stream.follow(event, index);
  }

  /** A line that names another controller is not about this one. */
  #tellLine(line: LogLine): void {
    const named = [...this.#streams.values()].filter(({ controller }) => line.text.includes(controller));
    for (const stream of this.#streams.values()) {
      if (named.length === 0 || named.some(({ controller }) => controller === stream.controller)) stream.log(line);
    }
  }

  #keepFound(): void {
    for (const stream of this.#streams.values()) {
      for (const finding of stream.newFindings()) {
        this.#kept.found(finding.because, finding.atNs);
        this.#options.onFound?.(finding);
      }
    }
  }

  /** A loss may be told after what it lies in was judged. */
  #settled(findings: readonly EngineFinding[]): EngineFinding[] {
    return findings.map((finding) => {
      const gap = finding.outcome === "fail" ? gapWithin(this.#gaps, finding.fromNs, finding.atNs) : undefined;
      if (!gap) return finding;
      const lost = `Evidence is missing from ${formatSeconds(gap.fromNs, 3)} to ${formatSeconds(gap.toNs, 3)}: ${describeGap(gap)}.`;
      return { ...finding, outcome: "inconclusive", found: `${finding.found}. ${lost}` };
    });
  }

  #useNames({ names }: EventBatch): void {
    if (this.#names === names) return;
    this.#names = names;
    this.#byNumber = [];
  }

  #streamOf(batch: EventBatch, row: number): ControllerStream | undefined {
    const lane = batch.lane[row] ?? 0;
    const number = batch.controller[row] ?? 0;
    this.#byNumber[lane] ??= [];
    const own = this.#byNumber[lane] as (ControllerStream | undefined)[];
    this.#seen.add(batch.kind[row] as Kind);
    const known = own[number];
    if (known) return known;
    const { buffer = "", source = "trace-event" } = batch.names.lanes[lane] ?? {};
    this.#witnesses.add(source);
    const controller = batch.names.controllers[number] ?? "";
    const stream = this.#stream(controller, buffer, batch.tNs[row] ?? 0);
    own[number] = stream;
    return stream;
  }

  #stream(controller: string, buffer: string, tNs: Nanoseconds): ControllerStream | undefined {
    const key = `${buffer}\u0000${controller}`;
    const found = this.#streams.get(key);
    if (found || this.#streams.size >= MAX_STREAMS) return found;
    const { kernel, scenario } = this.#options;
    const family = familyOn(this.#options.family, kernel);
    const wanted = scenario?.(family);
    const stream = new ControllerStream({
      controller,
      buffer,
      family,
      kernel: kernel ?? "unknown",
      fromNs: Math.min(this.#fromNs, tNs),
      ...(wanted ? { scenario: wanted } : {}),
    });
    for (const gap of this.#gaps) stream.gap(gap);
    this.#streams.set(key, stream);
    return stream;
  }
}

const isTransferRow = (batch: EventBatch, row: number, kind: Kind): boolean =>
  (kind === Kind.CTRL || kind === Kind.DATA) && isTransferType(elementType(batch.b[row] ?? 0));

/** As `isTransferCompletion` of the machine, on a row. */
function givesBack(batch: EventBatch, row: number): boolean {
  const code = elementCode(batch.a[row] ?? 0);
  return (
    elementType(batch.b[row] ?? 0) === ElementType.TX_EVENT &&
    (code === CompletionCode.EOT || code === CompletionCode.OVERFLOW || code === CompletionCode.EOB)
  );
}
