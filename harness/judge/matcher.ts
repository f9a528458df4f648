/** Runs one pattern over a stream of events: live or from a file, one pass, fails as soon as it can no longer pass. */
import type { Nanoseconds } from "../base/clock.ts";
import { formatSeconds } from "../base/clock.ts";
import type { Gap, MhiEvent, TraceEvent } from "../trace/mhi-events.ts";
import { isMhiEvent } from "../trace/mhi-events.ts";
import type { SourceFacts } from "../trace/probe/source-choice.ts";
import { gapWithin, type LogLine } from "./evidence.ts";
import { startRun } from "./matcher-compound.ts";
import type { Run, RunFailure } from "./matcher-run.ts";
import type { Pattern } from "./pattern.ts";

export type MatcherState = "pending" | "passed" | "failed" | "inconclusive";

export interface MatchedStep {
  readonly words: string;
  readonly tNs: Nanoseconds;
  readonly index: number;
}

export interface MatcherOptions {
  /** Where the sequence begins: deadlines of the first step count from here. */
  readonly fromNs: Nanoseconds;
  /** Only this controller's events; default: the first one seen. */
  readonly controller?: string;
  readonly source?: SourceFacts;
}

/** A debug message tells the PM state in which the driver spoke, which is no transition and may repeat. */
export const isMention = (event: MhiEvent): boolean => event.kind === "pm" && event.source === "dynamic-debug";

export class Matcher {
  readonly matched: MatchedStep[] = [];
  readonly captures = new Map<string, { tNs: Nanoseconds; index: number }>();
  readonly #fromNs: Nanoseconds;
  readonly #run: Run;
  readonly #gaps: Gap[] = [];
  #controller: string | undefined;
  #passedNs: Nanoseconds | undefined;

  constructor(pattern: Pattern, options: MatcherOptions) {
    this.#fromNs = options.fromNs;
    this.#controller = options.controller;
    this.#run = startRun(pattern, options.fromNs, {
      stepDone: (words, tNs, index) => this.matched.push({ words, tNs, index }),
      named: (name, tNs, index) => this.captures.set(name, { tNs, index }),
      timeOf: (name) => this.captures.get(name)?.tNs,
      isBlindTo: (kind) => options.source?.blindTo?.includes(kind) ?? false,
    });
  }

  feed(event: TraceEvent, index: number): void {
    if (event.tNs < this.#fromNs || this.#run.over) return;
    if (isMhiEvent(event)) {
      if (isMention(event)) return;
      this.#controller ??= event.controller;
      if (event.controller !== this.#controller) return;
    }
    this.#run.advance(event.tNs);
    this.#run.feed(event, index);
    if (this.#run.complete) this.#passedNs ??= event.tNs;
  }

  /** A line of the host's log, in the order of time with the events. */
  feedLog(line: LogLine): void {
    if (line.tNs >= this.#fromNs) this.#run.feedLog(line);
  }

  gap(gap: Gap): void {
    this.#gaps.push(gap);
  }

  /** Nothing before `watermarkNs` is still to come. */
  advance(watermarkNs: Nanoseconds): void {
    this.#run.advance(watermarkNs);
  }

  get state(): MatcherState {
    if (this.#run.complete) return "passed";
    if (!this.#run.failure) return "pending";
    return this.failureGap() ? "inconclusive" : "failed";
  }

  get failure(): RunFailure | undefined {
    return this.#run.failure;
  }

  /**
   * Missing evidence between the sequence's begin and the failure. Not only in the failed step's own window: a step that
   * was lost makes a later event of the same kind stand in for it, and all that follows is out of step: even a line of
   * the host's log is then held against the wrong step.
   */
  failureGap(): Gap | undefined {
    const failure = this.#run.failure;
    return failure && gapWithin(this.#gaps, this.#fromNs, failure.atNs);
  }

  get waitingFor(): string {
    return this.#run.waiting();
  }

  /** Earliest time at which it may fail for want of an event. */
  get deadlineNs(): Nanoseconds | undefined {
    return this.#run.deadlineNs();
  }

  /** When the last needed step was seen. */
  get passedNs(): Nanoseconds | undefined {
    return this.#passedNs;
  }

  /** One line a step, as a failure shows them. */
  story(): string {
    const lines = this.matched.map((entry) => `  ok   ${formatSeconds(entry.tNs, 6)}  ${entry.words}`);
    const failure = this.#run.failure;
    if (failure) lines.push(`  FAIL ${formatSeconds(failure.atNs, 6)}  ${failure.words}: ${failure.found}`);
    else if (!this.#run.complete) lines.push(`  ...  waiting for ${this.waitingFor}`);
    return lines.join("\n");
  }
}
