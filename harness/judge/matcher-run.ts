/**
 * The running side of a pattern: a tree of small state machines made as far as they are needed.
 *
 * open: can still take events and is not complete. settled: complete, may still take more (an optional, a repeat).
 * closed: complete and done. failed: can no longer become complete.
 */
import type { Nanoseconds } from "../base/clock.ts";
import { formatSeconds, formatSpan, msToNs } from "../base/clock.ts";
import type { TraceEvent } from "../trace/mhi-events.ts";
import type { SeenKind } from "../trace/probe/source-choice.ts";
import type { LogLine } from "./evidence.ts";
import type { Deadline, Pattern, StepSpec } from "./pattern.ts";

export type RunState = "open" | "settled" | "closed" | "failed";

export interface RunFailure {
  /** The step that did not come, or the forbidden one that came. */
  readonly words: string;
  readonly title?: string;
  readonly why: "deadline" | "forbidden" | "overtaken" | "log";
  readonly found: string;
  readonly fromNs: Nanoseconds;
  readonly atNs: Nanoseconds;
  readonly deadline?: Deadline;
  /** Index of the event that decided it, if one did. */
  readonly index?: number;
}

/** What all runs of one matcher share. */
export interface MatchLog {
  stepDone(words: string, tNs: Nanoseconds, index: number): void;
  named(name: string, tNs: Nanoseconds, index: number): void;
  timeOf(name: string): Nanoseconds | undefined;
  /** The trace cannot show events of that kind. */
  isBlindTo(kind: SeenKind): boolean;
}

export abstract class Run {
  readonly pattern: Pattern;
  readonly log: MatchLog;
  readonly fromNs: Nanoseconds;
  state: RunState = "open";
  begun = false;
  failure: RunFailure | undefined;

  constructor(pattern: Pattern, fromNs: Nanoseconds, log: MatchLog) {
    this.pattern = pattern;
    this.fromNs = fromNs;
    this.log = log;
  }

  protected abstract take(event: TraceEvent, index: number): boolean;
  protected abstract tick(nowNs: Nanoseconds): void;
  protected abstract line(line: LogLine): void;
  /** What it waits for now, for people. */
  abstract waiting(): string;
  /** Step that it waits for now, where it is one. */
  abstract waitingStep(): StepSpec | undefined;

  get complete(): boolean {
    return this.state === "settled" || this.state === "closed";
  }

  get over(): boolean {
    return this.state === "closed" || this.state === "failed";
  }

  feed(event: TraceEvent, index: number): boolean {
    if (this.over) return false;
    const forbidden = this.pattern.forbidden.find((entry) => entry.matches(event));
    if (forbidden && !this.complete) {
      this.fail({
        words: forbidden.words,
        why: "forbidden",
        found: `${forbidden.words} at ${formatSeconds(event.tNs, 3)}, while waiting for ${this.waiting()}`,
        fromNs: event.tNs,
        atNs: event.tNs,
        index,
      });
      return false;
    }
    const taken = this.take(event, index);
    if (taken) this.begun = true;
    if (taken && this.complete && this.pattern.name) this.log.named(this.pattern.name, event.tNs, index);
    return taken;
  }

  feedLog(line: LogLine): void {
    if (!this.over) this.line(line);
  }

  advance(nowNs: Nanoseconds): void {
    if (this.over) return;
    this.tick(nowNs);
    if (this.state !== "open") return;
    const deadlineNs = this.deadlineNs();
    const { deadline } = this.pattern;
    if (!deadline || deadlineNs === undefined || nowNs <= deadlineNs) return;
    const fromNs = this.anchorNs();
    const step = this.waitingStep();
    this.fail({
      words: this.waiting(),
      ...(step?.title ? { title: step.title } : {}),
      why: "deadline",
      found: `nothing for ${formatSpan(deadlineNs - fromNs)}`,
      fromNs,
      atNs: deadlineNs,
      deadline,
    });
  }

  /** Earliest time at which this run may fail by time alone. */
  deadlineNs(): Nanoseconds | undefined {
    const { deadline } = this.pattern;
    return deadline && this.anchorNs() + msToNs(deadline.ms * deadline.margin);
  }

  anchorNs(): Nanoseconds {
    const from = this.pattern.deadline?.from;
    return (from === undefined ? undefined : this.log.timeOf(from)) ?? this.fromNs;
  }

  protected fail(failure: RunFailure): void {
    this.state = "failed";
    this.failure ??= failure;
  }
}

export class StepRun extends Run {
  readonly #step: StepSpec;

  constructor(pattern: Pattern, step: StepSpec, fromNs: Nanoseconds, log: MatchLog) {
    super(pattern, fromNs, log);
    this.#step = step;
    // What cannot be seen is neither waited for nor held against anybody.
    if (step.sees !== undefined && log.isBlindTo(step.sees)) this.state = "closed";
  }

  protected override take(event: TraceEvent, index: number): boolean {
    if (this.#step.matches(event)) {
      this.state = "closed";
      this.log.stepDone(this.#step.words, event.tNs, index);
      return true;
    }
    const instead = this.#step.unless?.find((entry) => entry.matches(event));
    if (instead) {
      const found = `${instead.words} at ${formatSeconds(event.tNs, 3)}, ${formatSpan(event.tNs - this.anchorNs())} after it was due to begin`;
      this.#refute("overtaken", event.tNs, found, index);
    }
    return false;
  }

  protected override line(line: LogLine): void {
    if (line.tNs < this.anchorNs() || !this.#step.logRefutes?.test(line.text)) return;
    const waited = formatSpan(line.tNs - this.anchorNs());
    this.#refute("log", line.tNs, `nothing for ${waited}, then "${line.text}" at ${formatSeconds(line.tNs, 3)}`);
  }

  #refute(why: "overtaken" | "log", atNs: Nanoseconds, found: string, index?: number): void {
    const { deadline } = this.pattern;
    this.fail({
      words: this.#step.words,
      ...(this.#step.title ? { title: this.#step.title } : {}),
      why,
      found,
      fromNs: this.anchorNs(),
      atNs,
      ...(deadline ? { deadline } : {}),
      ...(index === undefined ? {} : { index }),
    });
  }

  protected override tick(): void {}

  override waiting(): string {
    return this.#step.words;
  }

  override waitingStep(): StepSpec {
    return this.#step;
  }
}
