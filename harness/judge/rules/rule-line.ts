/** One controller's machine, rules and expectations: events go to the rules that want their sort, then to the machine. */
import type { Nanoseconds } from "../../base/clock.ts";
import type { MhiEvent, RingEvent } from "../../trace/mhi-events.ts";
import type { DeviceLine, LogLine } from "../evidence.ts";
import type { Machine } from "../machine.ts";
import type { Transfer } from "../transfer.ts";
import { Expectations } from "./expectations.ts";
import type { Rule, RuleContext, RuleDefinition, RuleFinding } from "./rule.ts";

/** The rules that have a method, with the method certain to be there. */
type Having<Name extends keyof Rule> = Rule & Required<Pick<Rule, Name>>;
const having = <Name extends keyof Rule>(rules: readonly Rule[], name: Name): readonly Having<Name>[] =>
  rules.filter((rule): rule is Having<Name> => rule[name] !== undefined);

export class RuleLine {
  readonly machine: Machine;
  readonly #expectations = new Expectations();
  readonly #rules: readonly Rule[];
  readonly #pm: readonly Having<"pm">[];
  readonly #worker: readonly Having<"worker">[];
  readonly #intvec: readonly Having<"intvec">[];
  readonly #chan: readonly Having<"chan">[];
  readonly #element: readonly Having<"element">[];
  readonly #posted: readonly Having<"posted">[];
  readonly #buffer: readonly Having<"buffer">[];
  readonly #completion: readonly Having<"completion">[];
  readonly #advance: readonly Having<"advance">[];

  constructor(
    machine: Machine,
    definitions: readonly RuleDefinition[],
    stated: Pick<RuleContext, "family" | "kernel">,
    report: (rule: string, finding: RuleFinding) => void,
  ) {
    this.machine = machine;
    const rules = definitions.map((definition) =>
      definition.create({
        ...stated,
        machine,
        report: (finding) => report(definition.id, finding),
        expect: (expectation) => this.#expectations.add(expectation),
      }),
    );
    this.#rules = rules;
    this.#pm = having(rules, "pm");
    this.#worker = having(rules, "worker");
    this.#intvec = having(rules, "intvec");
    this.#chan = having(rules, "chan");
    this.#element = having(rules, "element");
    this.#posted = having(rules, "posted");
    this.#buffer = having(rules, "buffer");
    this.#completion = having(rules, "completion");
    this.#advance = having(rules, "advance");
  }

  buffer(buffer: Transfer, index: number): void {
    this.#expectations.advance(buffer.tNs);
    for (const rule of this.#buffer) rule.buffer(buffer, index);
    this.machine.buffer(buffer);
  }

  completion(completion: Transfer, index: number): void {
    this.#expectations.advance(completion.tNs);
    for (const rule of this.#posted) rule.posted(completion, index);
    for (const rule of this.#completion) rule.completion(completion, index);
    this.machine.completion(completion);
  }

  /** An element that is no transfer event. */
  element(event: RingEvent, element: Transfer, index: number): void {
    this.#expectations.advance(event.tNs);
    this.#expectations.event(event, index);
    for (const rule of this.#posted) rule.posted(element, index);
    for (const rule of this.#element) rule.element(event, index);
    this.machine.apply(event, index);
  }

  /** Anything but buffers and elements. */
  event(event: MhiEvent, index: number): void {
    this.#expectations.advance(event.tNs);
    this.#expectations.event(event, index);
    switch (event.kind) {
      case "pm":
        for (const rule of this.#pm) rule.pm(event, index);
        break;
      case "worker":
        for (const rule of this.#worker) rule.worker(event, index);
        break;
      case "intvec":
        for (const rule of this.#intvec) rule.intvec(event, index);
        break;
      case "chan":
        for (const rule of this.#chan) rule.chan(event, index);
        break;
    }
    this.machine.apply(event, index);
  }

  log(entry: LogLine): void {
    this.#expectations.log(entry);
    for (const rule of this.#rules) rule.log?.(entry);
  }

  device(entry: DeviceLine): void {
    for (const rule of this.#rules) rule.device?.(entry);
  }

  forget(): void {
    this.machine.forget();
    for (const rule of this.#rules) rule.forget?.();
  }

  advance(watermarkNs: Nanoseconds): void {
    this.#expectations.advance(watermarkNs);
    for (const rule of this.#advance) rule.advance(watermarkNs);
  }
}
