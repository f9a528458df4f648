/**
 * Runs all rules over a timeline in one pass, live or from a file: events, log lines and gaps in the order of time, and
 * the watermark, which makes deadlines run out without a next event. One machine and one set of rules a controller.
 *
 * Events come as objects (`feed`) or as rows of a batch (`feedBatch`). Of a batch only rare rows become objects; buffers
 * and completions are looked at where they stand, and only by the rules that want them. Memory does not grow with the
 * number of events: what is kept are findings (so many and no more) and gaps.
 */
import type { Nanoseconds } from "../base/clock.ts";
import { formatSeconds } from "../base/clock.ts";
import type { FamilyProfile } from "../mhi/families/family.ts";
import type { KernelRelease } from "../mhi/transitions.ts";
import { type BatchNames, type EventBatch, Kind } from "../trace/batch.ts";
import type { Gap, MhiEvent, RingEvent } from "../trace/mhi-events.ts";
import { type DeviceLine, describeGap, gapWithin, type LogLine } from "./evidence.ts";
import { Machine } from "./machine.ts";
import { rowEvent } from "./row-event.ts";
import { RULES } from "./rules/index.ts";
import type { RuleDefinition, RuleFinding } from "./rules/rule.ts";
import { RuleLine } from "./rules/rule-line.ts";
import { isTransferType, Transfer } from "./transfer.ts";

export interface EngineFinding extends RuleFinding {
  readonly rule: string;
  readonly controller: string;
  readonly fromNs: Nanoseconds;
  readonly outcome: "fail" | "inconclusive";
}

export interface EngineOptions {
  readonly family: FamilyProfile;
  readonly kernel: KernelRelease;
  readonly rules?: readonly RuleDefinition[];
}

/** A trace that is broken all over: who reads more than so many findings? */
const MAX_FINDINGS = 10_000;

export class RuleEngine {
  readonly findings: EngineFinding[] = [];
  /** Findings beyond the most that are kept. */
  untold = 0;
  readonly #options: EngineOptions;
  readonly #lines = new Map<string, RuleLine>();
  readonly #gaps: Gap[] = [];
  readonly #transfer = new Transfer();
  /** Lines of the batches' controllers, by their number. */
  #names: BatchNames | undefined;
  #byNumber: RuleLine[] = [];

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  machine(controller: string): Machine | undefined {
    return this.#lines.get(controller)?.machine;
  }

  controllers(): string[] {
    return [...this.#lines.keys()];
  }

  /** @param index - what findings name the event by. */
  feed(event: MhiEvent, index: number): void {
    const line = this.#line(event.controller);
    if (event.kind === "tre") {
      this.#transfer.fromBuffer(event);
      line.buffer(this.#transfer, index);
    } else if (event.kind === "ring") {
      this.#transfer.fromElement(event);
      if (isTransferType(event.type)) line.completion(this.#transfer, index);
      else line.element(event, this.#transfer, index);
    } else line.event(event, index);
  }

  /**
   * Rows `from` to `to` (excluded) of a batch; those that are no MHI events are passed over.
   *
   * @param firstIndex - what findings name the row `from` by; the others follow.
   */
  feedBatch(batch: EventBatch, from = 0, to = batch.length, firstIndex = from): void {
    const { kind } = batch;
    const transfer = this.#transfer;
    for (let row = from; row < to; row++) {
      const what = kind[row] ?? Kind.OTHER;
      if (what >= Kind.MARKER) continue;
      const line = this.#numbered(batch, row);
      const index = firstIndex + row - from;
      if (what === Kind.TRE) {
        transfer.fromRow(batch, row, what);
        line.buffer(transfer, index);
      } else if (what === Kind.CTRL || what === Kind.DATA) {
        transfer.fromRow(batch, row, what);
        if (isTransferType(transfer.type)) line.completion(transfer, index);
        else line.element(rowEvent(batch, row) as RingEvent, transfer, index);
      } else line.event(rowEvent(batch, row), index);
    }
  }

  log(entry: LogLine): void {
    for (const line of this.#lines.values()) line.log(entry);
  }

  /** A line of the device's own log, in the order of its mapped time. */
  device(entry: DeviceLine): void {
    for (const line of this.#lines.values()) line.device(entry);
  }

  /**
   * Evidence is missing and all history is unknown. What is waited for stays open: it may still come after the gap, and
   * where it does not, its window overlaps the gap, so the finding is inconclusive.
   */
  gap(gap: Gap): void {
    this.#gaps.push(gap);
    for (const line of this.#lines.values()) line.forget();
  }

  /** Nothing before `watermarkNs` is still to come. */
  advance(watermarkNs: Nanoseconds): void {
    for (const line of this.#lines.values()) line.advance(watermarkNs);
  }

  #numbered(batch: EventBatch, row: number): RuleLine {
    if (this.#names !== batch.names) {
      this.#names = batch.names;
      this.#byNumber = [];
    }
    const number = batch.controller[row] ?? 0;
    let line = this.#byNumber[number];
    if (!line) {
      line = this.#line(batch.names.controllers[number] ?? "");
      this.#byNumber[number] = line;
    }
    return line;
  }

  #line(controller: string): RuleLine {
    let line = this.#lines.get(controller);
    if (!line) {
      const { family, kernel, rules = RULES } = this.#options;
      line = new RuleLine(new Machine(controller, family), rules, { family, kernel }, (rule, finding) =>
        this.#report(rule, controller, finding),
      );
      this.#lines.set(controller, line);
    }
    return line;
  }

  #report(rule: string, controller: string, finding: RuleFinding): void {
    if (this.findings.length >= MAX_FINDINGS) {
      this.untold++;
      return;
    }
    const fromNs = finding.fromNs ?? finding.atNs;
    const gap = gapWithin(this.#gaps, fromNs, finding.atNs);
    const because = finding.because.filter((index) => index >= 0);
    const lost =
      gap &&
      ` Evidence is missing from ${formatSeconds(gap.fromNs, 3)} to ${formatSeconds(gap.toNs, 3)}: ${describeGap(gap)}.`;
    this.findings.push({
      ...finding,
      ...(lost ? { found: `${finding.found}.${lost}` } : {}),
      because,
      rule,
      controller,
      fromNs,
      outcome: gap ? "inconclusive" : "fail",
    });
  }
}
