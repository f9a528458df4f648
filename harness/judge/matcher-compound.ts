/** Runs of patterns that are made of others, and the door that makes a run of any pattern. */
import type { Nanoseconds } from "../base/clock.ts";
import type { TraceEvent } from "../trace/mhi-events.ts";
import type { LogLine } from "./evidence.ts";
import { type MatchLog, Run, type RunFailure, StepRun } from "./matcher-run.ts";
import type { Pattern, StepSpec } from "./pattern.ts";
import { describePattern } from "./pattern.ts";

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
      // what has begun must be ended before the next part may come
      else this.#runs = [run];
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
    // A part that is complete without any event is one that the trace cannot show.
    else this.state = (this.#count >= this.#min || this.#run.complete) && !this.#run.begun ? "settled" : "open";
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
