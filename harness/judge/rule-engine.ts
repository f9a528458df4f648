/**
 * Runs all rules over a timeline in one pass, live or from a file: events, log lines and gaps in the order of time, and
 * the watermark, which makes deadlines run out without a next event. One machine and one set of rules a controller.
 */
import type { Nanoseconds } from "../base/clock.ts";
import { formatSeconds } from "../base/clock.ts";
import type { FamilyProfile } from "../mhi/families/family.ts";
import type { KernelRelease } from "../mhi/transitions.ts";
import type { Gap, MhiEvent } from "../trace/mhi-events.ts";
import { describeGap, gapWithin, type LogLine } from "./evidence.ts";
import { Machine } from "./machine.ts";
import { Expectations } from "./rules/expectations.ts";
import { RULES } from "./rules/index.ts";
import type { Rule, RuleDefinition, RuleFinding } from "./rules/rule.ts";

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

interface Line {
  readonly machine: Machine;
  readonly rules: readonly Rule[];
  readonly expectations: Expectations;
}

export class RuleEngine {
  readonly findings: EngineFinding[] = [];
  readonly #options: EngineOptions;
  readonly #lines = new Map<string, Line>();
  readonly #gaps: Gap[] = [];

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  machine(controller: string): Machine | undefined {
    return this.#lines.get(controller)?.machine;
  }

  controllers(): string[] {
    return [...this.#lines.keys()];
  }

  feed(event: MhiEvent, index: number): void {
    const line = this.#line(event.controller);
    line.expectations.advance(event.tNs);
    line.expectations.event(event, index);
    for (const rule of line.rules) rule.event?.(event, index);
    line.machine.apply(event, index);
  }

  log(entry: LogLine): void {
    for (const line of this.#lines.values()) {
      line.expectations.log(entry);
      for (const rule of line.rules) rule.log?.(entry);
    }
  }

  /**
   * Evidence is missing and all history is unknown. What is waited for stays open: it may still come after the gap, and
   * where it does not, its window overlaps the gap, so the finding is inconclusive.
   */
  gap(gap: Gap): void {
    this.#gaps.push(gap);
    for (const line of this.#lines.values()) {
      line.machine.forget();
      for (const rule of line.rules) rule.forget?.();
    }
  }

  /** Nothing before `watermarkNs` is still to come. */
  advance(watermarkNs: Nanoseconds): void {
    for (const line of this.#lines.values()) line.expectations.advance(watermarkNs);
  }

  #line(controller: string): Line {
    let line = this.#lines.get(controller);
    if (!line) {
      const machine = new Machine(controller);
      const expectations = new Expectations();
      const definitions = this.#options.rules ?? RULES;
      const rules = definitions.map((definition) =>
        definition.create({
          family: this.#options.family,
          kernel: this.#options.kernel,
          machine,
          report: (finding) => this.#report(definition.id, controller, finding),
          expect: (expectation) => expectations.add(expectation),
        }),
      );
      line = { machine, rules, expectations };
      this.#lines.set(controller, line);
    }
    return line;
  }

  #report(rule: string, controller: string, finding: RuleFinding): void {
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
