/** One controller of one buffer, heard row by row: its rules, its story, its scenario. */
import type { Nanoseconds } from "../../base/clock.ts";
import type { FamilyProfile } from "../../mhi/families/family.ts";
import { WorkerItem } from "../../mhi/worker-item.ts";
import type { EventBatch } from "../../trace/batch.ts";
import type { Gap, MhiEvent, TraceEvent } from "../../trace/mhi-events.ts";
import { EdgeFold } from "../coverage/index.ts";
import type { LogLine } from "../evidence.ts";
import { Matcher } from "../matcher.ts";
import { type EngineFinding, RuleEngine } from "../rule-engine.ts";
import type { Scenario } from "../scenarios/index.ts";
import { StoryTeller } from "../story.ts";

export interface ControllerStreamOptions {
  readonly controller: string;
  readonly buffer: string;
  readonly family: FamilyProfile;
  readonly kernel: string;
  readonly scenario?: Scenario;
  readonly fromNs: Nanoseconds;
}

export class ControllerStream {
  readonly controller: string;
  readonly buffer: string;
  readonly family: FamilyProfile;
  readonly scenario: Scenario | undefined;
  readonly matcher: Matcher | undefined;
  readonly story: StoryTeller;
  readonly edges = new EdgeFold();
  /** Rows heard. */
  events = 0;
  lastMissionNs = Number.NEGATIVE_INFINITY;
  readonly #engine: RuleEngine;
  #taken = 0;

  constructor({ controller, buffer, family, kernel, scenario, fromNs }: ControllerStreamOptions) {
    this.controller = controller;
    this.buffer = buffer;
    this.family = family;
    this.scenario = scenario;
    this.#engine = new RuleEngine({ family, kernel });
    this.matcher = scenario && new Matcher(scenario.pattern, { fromNs, controller });
    this.story = new StoryTeller({ graceless: family.kind === "accelerator" });
  }

  get findings(): readonly EngineFinding[] {
    return this.#engine.findings;
  }

  /** Findings beyond the most that are kept. */
  get untold(): number {
    return this.#engine.untold;
  }

  /** Rows of this controller alone. */
  rows(batch: EventBatch, from: number, to: number, firstIndex: number): void {
    this.events += to - from;
    this.#engine.feedBatch(batch, from, to, firstIndex);
  }

  /** An event that is no buffer and no completion; the rules hear of it by its row. */
  rare(event: MhiEvent): void {
    this.story.feed(event);
    if (event.kind === "worker" && event.item === WorkerItem.MISSION_MODE) this.lastMissionNs = event.tNs;
    this.edges.feed(event);
  }

  /** For the scenario: any event, in order. */
  follow(event: TraceEvent, index: number): void {
    this.matcher?.feed(event, index);
  }

  log(line: LogLine): void {
    this.#engine.log(line);
    this.matcher?.feedLog(line);
  }

  gap(gap: Gap): void {
    this.#engine.gap(gap);
    this.matcher?.gap(gap);
  }

  advance(watermarkNs: Nanoseconds): void {
    this.#engine.advance(watermarkNs);
    this.matcher?.advance(watermarkNs);
  }

  /** Findings since the last time that this was asked. */
  newFindings(): readonly EngineFinding[] {
    const { findings } = this.#engine;
    const found = findings.slice(this.#taken);
    this.#taken = findings.length;
    return found;
  }
}
