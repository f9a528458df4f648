/**
 * The running side of a pattern: a tree of small state machines made as far as they are needed.
 *
 * open: can still take events and is not complete. settled: complete, may still take more (an optional, a repeat).
 * closed: complete and done. failed: can no longer become complete.
 */
import type { Nanoseconds } from "../base/clock.ts";
import { formatSeconds, formatSpan, msToNs } from "../base/clock.ts";
import type { TraceEvent } from "../trace/mhi-events.ts";
import type { LogLine } from "./evidence.ts";
import type { Deadline, Pattern, StepSpec } from "./pattern.ts";
import { describePattern } from "./pattern.ts";

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

class StepRun extends Run {
  readonly #step: StepSpec;

  constructor(pattern: Pattern, step: StepSpec, fromNs: Nanoseconds, log: MatchLog) {
    super(pattern, fromNs, log);
    this.#step = step;
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

class SequenceRun extends Run {
  readonly #parts: readonly Pattern[];
  #at = 0;
  #runs: Run[] = [];

  constructor(pattern: Pattern, parts: readonly Pattern[], fromNs: Nanoseconds, log: MatchLog) {
    super(pattern, fromNs, log);
    this.#parts = parts;
    this.#open(fromNs);
    this.#update();
  }

  /** The current part, and those behind it that may already come because all before them may be left out. */
  #open(fromNs: Nanoseconds): void {
    this.#runs = [];
    for (let at = this.#at; at < this.#parts.length; at++) {
      const part = this.#parts[at];
      if (!part) break;
      const run = startRun(part, fromNs, this.log);
      this.#runs.push(run);
      if (!run.complete) break;
    }
  }

  protected override take(event: TraceEvent, index: number): boolean {
    for (const [offset, run] of this.#runs.entries()) {
      const taken = run.feed(event, index);
      if (run.state === "failed") {
        this.fail(run.failure ?? missing(run));
        return false;
      }
      if (!taken) continue;
      this.#runs = this.#runs.slice(offset);
      this.#at += offset;
      if (run.state === "closed") {
        this.#at++;
        this.#open(event.tNs);
      } else if (run.state === "settled") this.#extend(event.tNs);
      this.#update();
      return true;
    }
    return false;
  }

  /** The first run has become complete but may go on: the next part may come from now on. */
  #extend(fromNs: Nanoseconds): void {
    const [head] = this.#runs;
    if (!head) return;
    this.#at++;
    this.#open(fromNs);
    this.#at--;
    this.#runs.unshift(head);
  }

  #update(): void {
    if (this.#runs.some((run) => !run.complete)) this.state = "open";
    else this.state = this.#runs.every((run) => run.state === "closed") ? "closed" : "settled";
  }

  protected override tick(nowNs: Nanoseconds): void {
    for (const run of this.#runs) {
      run.advance(nowNs);
      if (run.state === "failed") this.fail(run.failure ?? missing(run));
    }
  }

  protected override line(line: LogLine): void {
    for (const run of this.#runs) {
      run.feedLog(line);
      if (run.state === "failed") this.fail(run.failure ?? missing(run));
    }
  }

  #waitingRun(): Run | undefined {
    return this.#runs.find((run) => !run.complete);
  }

  override waiting(): string {
    return this.#waitingRun()?.waiting() ?? "nothing more";
  }

  override waitingStep(): StepSpec | undefined {
    return this.#waitingRun()?.waitingStep();
  }

  override deadlineNs(): Nanoseconds | undefined {
    return earliest(super.deadlineNs(), this.#waitingRun()?.deadlineNs());
  }
}

/** anyOrder and either: all parts side by side. */
class ParallelRun extends Run {
  readonly #all: boolean;
  readonly #runs: readonly Run[];

  constructor(pattern: Pattern, parts: readonly Pattern[], all: boolean, fromNs: Nanoseconds, log: MatchLog) {
    super(pattern, fromNs, log);
    this.#all = all;
    this.#runs = parts.map((part) => startRun(part, fromNs, log));
    this.#update();
  }

  protected override take(event: TraceEvent, index: number): boolean {
    let taken = false;
    for (const run of this.#runs) {
      if (run.over) continue;
      // in any order: an event belongs to one part; alternatives all see it
      if (run.feed(event, index)) taken = true;
      if (taken && this.#all) break;
    }
    this.#update();
    return taken;
  }

  #update(): void {
    const failed = this.#runs.filter((run) => run.state === "failed");
    if (this.#all ? failed.length > 0 : failed.length === this.#runs.length && failed.length > 0) {
      const told = failed.reduce((a, b) => ((b.failure?.atNs ?? 0) > (a.failure?.atNs ?? 0) ? b : a));
      this.fail(told.failure ?? missing(told));
      return;
    }
    const complete = this.#all ? this.#runs.every((run) => run.complete) : this.#runs.some((run) => run.complete);
    if (!complete) this.state = "open";
    else if (!this.#all) this.state = "closed";
    else this.state = this.#runs.every((run) => run.state === "closed") ? "closed" : "settled";
  }

  protected override tick(nowNs: Nanoseconds): void {
    for (const run of this.#runs) run.advance(nowNs);
    this.#update();
  }

  protected override line(line: LogLine): void {
    for (const run of this.#runs) run.feedLog(line);
    this.#update();
  }

  #waitingRuns(): Run[] {
    return this.#runs.filter((run) => run.state === "open");
  }

  override waiting(): string {
    return this.#waitingRuns()
      .map((run) => run.waiting())
      .join(this.#all ? " and " : " or ");
  }

  override waitingStep(): StepSpec | undefined {
    const runs = this.#waitingRuns();
    return runs.length === 1 ? runs[0]?.waitingStep() : undefined;
  }

  override deadlineNs(): Nanoseconds | undefined {
    const times = this.#waitingRuns().map((run) => run.deadlineNs());
    if (this.#all) return earliest(super.deadlineNs(), ...times);
    const known = times.filter((time) => time !== undefined);
    // alternatives: only when the last of them has run out
    return earliest(super.deadlineNs(), known.length === times.length ? Math.max(...known) : undefined);
  }
}

class RepeatRun extends Run {
  readonly #part: Pattern;
  readonly #min: number;
  readonly #max: number;
  #count = 0;
  #run: Run;

  constructor(pattern: Pattern, part: Pattern, min: number, max: number, fromNs: Nanoseconds, log: MatchLog) {
    super(pattern, fromNs, log);
    this.#part = part;
    this.#min = min;
    this.#max = max;
    this.#run = startRun(part, fromNs, log);
    this.#update();
  }

  protected override take(event: TraceEvent, index: number): boolean {
    const taken = this.#run.feed(event, index);
    if (taken && this.#run.complete) {
      this.#count++;
      if (this.#count < this.#max) this.#run = startRun(this.#part, event.tNs, this.log);
    }
    this.#update();
    return taken;
  }

  #update(): void {
    if (this.#run.state === "failed" && (this.#run.begun || this.#count < this.#min)) {
      this.fail(this.#run.failure ?? missing(this.#run));
    } else if (this.#count >= this.#max || this.#run.state === "failed") this.state = "closed";
    else this.state = this.#count >= this.#min && !this.#run.begun ? "settled" : "open";
  }

  protected override tick(nowNs: Nanoseconds): void {
    this.#run.advance(nowNs);
    this.#update();
  }

  protected override line(line: LogLine): void {
    this.#run.feedLog(line);
    this.#update();
  }

  override waiting(): string {
    return this.#run.waiting();
  }

  override waitingStep(): StepSpec | undefined {
    return this.#run.waitingStep();
  }

  override deadlineNs(): Nanoseconds | undefined {
    return earliest(super.deadlineNs(), this.complete ? undefined : this.#run.deadlineNs());
  }
}

const earliest = (...times: readonly (Nanoseconds | undefined)[]): Nanoseconds | undefined => {
  const known = times.filter((time) => time !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
};

const missing = (run: Run): RunFailure => ({
  words: describePattern(run.pattern),
  why: "deadline",
  found: "it did not come",
  fromNs: run.fromNs,
  atNs: run.fromNs,
});

export function startRun(pattern: Pattern, fromNs: Nanoseconds, log: MatchLog): Run {
  const { body } = pattern;
  switch (body.kind) {
    case "step":
      return new StepRun(pattern, body, fromNs, log);
    case "sequence":
      return new SequenceRun(pattern, body.parts, fromNs, log);
    case "anyOrder":
      return new ParallelRun(pattern, body.parts, true, fromNs, log);
    case "either":
      return new ParallelRun(pattern, body.parts, false, fromNs, log);
    case "optional":
      return new RepeatRun(pattern, body.part, 0, 1, fromNs, log);
    case "repeat":
      return new RepeatRun(pattern, body.part, body.min, body.max, fromNs, log);
  }
}
