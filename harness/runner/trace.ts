/**
 * The `timeline` fixture: the evidence of one test, live, over all boots of the host that it saw. A matcher waits on it; the
 * verdict of the whole test is made from the same evidence at its end.
 */
import { setTimeout as delay } from "node:timers/promises";
import { DutFault } from "../base/errors.ts";
import type { DeviceLine, Evidence } from "../judge/evidence.ts";
import { type AllowedWindow, judge, Matcher, neverEntered, type Scenario, type Verdict } from "../judge/index.ts";
import type { FamilyProfile } from "../mhi/families/family.ts";
import type { PmState } from "../mhi/pm-state.ts";
import type { FindingRecord } from "../record/schema.ts";
import type { TraceEvent } from "../trace/mhi-events.ts";

import type { LiveSegment } from "./segment.ts";
import type { JudgedTo } from "./starting-point.ts";

const POLL_MS = 50;
const CONFIRM_MS = 200;

/** Where the segments come from, and how to bring them up to now. */
export interface TraceSource {
  readonly family: FamilyProfile;
  /** Segments of this worker, oldest first; the last one is live while the host is up. */
  readonly segments: readonly LiveSegment[];
  /** Everything that the host had recorded when this was called is in the segments when it resolves. */
  drain(): Promise<void>;
  /** The device's own log on the segment's clock: the second witness; empty where there is none. */
  deviceLines(segment: LiveSegment): DeviceLine[];
  /** Throws what the lab knows to have gone wrong: the host ended, the console saw a panic. */
  checkRig(): void;
}

interface Followed {
  readonly scenario: Scenario;
  readonly verdict: Verdict;
  readonly segment: number;
}

export class Trace {
  readonly #source: TraceSource;
  readonly #firstSegment: number;
  /** Begin of the test on each segment's clock, and how far its sequences have been followed. */
  readonly #fromNs: number[] = [];
  readonly #cursorNs: number[] = [];
  readonly followed: Followed[] = [];
  /** Findings of single questions. */
  readonly #asked: FindingRecord[] = [];

  /**
   * @param judgeFrom where judging begins, if not now: the boot and the time on its clock. Scenarios begin now all the same.
   */
  constructor(source: TraceSource, judgeFrom?: JudgedTo) {
    this.#source = source;
    const newest = Math.max(0, source.segments.length - 1);
    const known = source.segments.findIndex((segment) => segment.bootId === judgeFrom?.bootId);
    this.#firstSegment = known < 0 ? newest : known;
    const live = source.segments[newest];
    if (!live) return;
    this.#cursorNs[newest - this.#firstSegment] = live.watermarkNs;
    this.#fromNs[0] = judgeFrom !== undefined && known >= 0 ? judgeFrom.tNs : live.watermarkNs;
  }

  /** Events of this test in its newest segment. */
  get events(): readonly TraceEvent[] {
    const at = this.#newest;
    const fromNs = this.#fromNs[at] ?? Number.NEGATIVE_INFINITY;
    return this.segments[at]?.events.filter((event) => event.tNs >= fromNs) ?? [];
  }

  get segments(): readonly LiveSegment[] {
    return this.#source.segments.slice(this.#firstSegment);
  }

  /** Where sequences of a new segment begin: its first event. */
  get #newest(): number {
    return Math.max(0, this.segments.length - 1);
  }

  /**
   * Waits until `scenario` has been followed, or cannot be any more. Sequences are taken one after another: each begins
   * where the one before it ended.
   */
  async follow(scenario: Scenario): Promise<Verdict> {
    const at = this.#newest;
    const fromNs = this.#cursorNs[at] ?? 0;
    const source = this.segments[at]?.source;
    const matcher = new Matcher(scenario.pattern, { fromNs, ...(source && { source }) });
    const fed = { events: 0, gaps: 0, dmesg: 0 };
    for (;;) {
      await this.#source.drain();
      const segment = this.segments[at];
      if (segment) feed(matcher, segment, fed);
      if (matcher.state !== "pending") break;
      this.#source.checkRig();
      await delay(POLL_MS);
    }
    // The live matcher sees the host's log a little late, out of order with the trace; the judge has both in order, and the
    // last word: what it finds undecided is waited for.
    let verdict = this.#judged(at, scenario, fromNs);
    while (verdict.undecided && matcher.state !== "passed") {
      this.#source.checkRig();
      await delay(CONFIRM_MS);
      await this.#source.drain();
      verdict = this.#judged(at, scenario, fromNs);
    }
    this.#cursorNs[at] = matcher.passedNs ?? fromNs;
    this.followed.push({ scenario, verdict, segment: at });
    return verdict;
  }

  #judged(at: number, scenario: Scenario, fromNs: number): Verdict {
    const options = { family: this.#source.family, scenario, scenarioFromNs: fromNs, allowed: this.allowed(at) };
    return judge(this.#evidence(at), options);
  }

  /** None of these PM states since the test began, in any boot; a finding where one was, or where nobody can tell. */
  async never(states: readonly PmState[]): Promise<FindingRecord | undefined> {
    await this.#upToNow();
    const found = [...this.segments.keys()].flatMap((at) => neverEntered(this.#evidence(at), states) ?? []);
    const first = found.find(({ outcome }) => outcome === "fail") ?? found[0];
    if (first) this.#asked.push(first);
    return first;
  }

  /** What the always-on rules, and the scenarios so far, have to say up to now. */
  async legality(): Promise<FindingRecord[]> {
    await this.#upToNow();
    return this.verdicts();
  }

  async #upToNow(): Promise<void> {
    await this.#source.drain();
    this.#source.checkRig();
  }

  /**
   * The always-on rules over all segments, with what the scenarios found.
   *
   * @param alsoAllowed by segment: what was brought about on purpose by what another device was followed in
   */
  verdicts(alsoAllowed: (at: number) => readonly AllowedWindow[] = () => []): FindingRecord[] {
    // Their order is kept: the judge puts a cause before what follows from it.
    const findings = [...this.followed.flatMap(({ verdict }) => [...verdict.findings]), ...this.#asked];
    for (const at of this.segments.keys()) {
      const allowed = [...this.allowed(at), ...alsoAllowed(at)];
      const verdict = judge(this.#evidence(at), { family: this.#source.family, allowed });
      for (const finding of verdict.findings) {
        if (!findings.some((known) => known.title === finding.title && known.segment === finding.segment)) {
          findings.push(finding);
        }
      }
    }
    return findings;
  }

  /** Begin of this test in the segment, ns on its clock. */
  fromNs = (at: number): number => this.#fromNs[at] ?? this.segments[at]?.events[0]?.tNs ?? 0;

  /** What the scenarios followed so far have brought about on purpose, each from its begin to its last step. */
  allowed(at: number): AllowedWindow[] {
    return this.followed.filter((entry) => entry.segment === at).flatMap((entry) => [...entry.verdict.allowed]);
  }

  #evidence(at: number): Evidence {
    const segment = this.segments[at];
    if (!segment) throw new DutFault("no-segment", "nothing was recorded: the host was never up in this test");
    const fromNs = this.fromNs(at);
    return {
      kernel: segment.kernel,
      ...(segment.source && { source: segment.source }),
      events: segment.events,
      gaps: segment.gaps,
      fromNs,
      toNs: segment.watermarkNs,
      dmesg: segment.dmesg,
      device: this.#source.deviceLines(segment),
      segment: at,
    };
  }
}

function feed(matcher: Matcher, segment: LiveSegment, fed: { events: number; gaps: number; dmesg: number }): void {
  for (; fed.gaps < segment.gaps.length; fed.gaps++) {
    const gap = segment.gaps[fed.gaps];
    if (gap) matcher.gap(gap);
  }
  for (; fed.events < segment.events.length; fed.events++) {
    const event = segment.events[fed.events];
    if (event) matcher.feed(event, fed.events);
  }
  for (; fed.dmesg < segment.dmesg.length; fed.dmesg++) {
    const line = segment.dmesg[fed.dmesg];
    if (line) matcher.feedLog(line);
  }
  matcher.advance(segment.watermarkNs);
}
