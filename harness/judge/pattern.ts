/**
 * The sequence language. Read aloud: "sequence: PM M3_ENTER, then within 8 s the device acknowledges M3".
 *
 *   sequence(a, b, c)      in this order
 *   anyOrder(a, b, c)      all, in any order
 *   either(a, b)           one of them
 *   optional(a)            may be left out
 *   repeat(a, { min, max }) several times, one after another
 *   p.within(ms, "what")   deadline from the step before, or from a named step: p.within(ms, "what", { from: "begin" })
 *   p.without(step)        forbidden while p is under way
 *   p.as("m0")             remembers when it was done, so that latencies become measures
 *
 * What is not mentioned may happen anywhere unless it is forbidden. An event goes to the first step that waits for it.
 * Patterns are values and can be used again; `match` (matcher.ts) runs one over a stream in one pass.
 */
import type { TraceEvent } from "../trace/mhi-events.ts";
import type { SeenKind } from "../trace/probe/source-choice.ts";

export interface StepSpec {
  readonly kind: "step";
  /** Words for people: "device acknowledges M3". */
  readonly words: string;
  matches(event: TraceEvent): boolean;
  /** Kind of trace event that it is: a trace that cannot show that kind does without the step. */
  readonly sees?: SeenKind;
  /** Events that prove that this step cannot come any more. */
  readonly unless?: readonly StepSpec[];
  /** Lines of the host's log that say that it gave up waiting. */
  readonly logRefutes?: RegExp;
  /** Title of the finding when this step does not come; default is made of the words. */
  readonly title?: string;
}

export interface Deadline {
  readonly ms: number;
  /** Factor and offset that the host's way of waiting puts on the nominal limit. */
  readonly margin: number;
  readonly what: string;
  /** Name of a step (`as`); default: the step before. */
  readonly from?: string;
}

export type Body =
  | StepSpec
  | { readonly kind: "sequence"; readonly parts: readonly Pattern[] }
  | { readonly kind: "anyOrder"; readonly parts: readonly Pattern[] }
  | { readonly kind: "either"; readonly parts: readonly Pattern[] }
  | { readonly kind: "optional"; readonly part: Pattern }
  | { readonly kind: "repeat"; readonly part: Pattern; readonly min: number; readonly max: number };

interface Extras {
  readonly deadline?: Deadline;
  readonly forbidden?: readonly StepSpec[];
  readonly name?: string;
}

export class Pattern {
  readonly body: Body;
  readonly deadline: Deadline | undefined;
  readonly forbidden: readonly StepSpec[];
  readonly name: string | undefined;

  constructor(body: Body, extras: Extras = {}) {
    this.body = body;
    this.deadline = extras.deadline;
    this.forbidden = extras.forbidden ?? [];
    this.name = extras.name;
  }

  /** Must be done within `ms` of the step before (or of the step named `from`). `margin` scales the limit. */
  within(ms: number, what: string, options: { margin?: number; from?: string } = {}): Pattern {
    const { margin = 1, from } = options;
    return this.#with({ deadline: { ms, margin, what, ...(from === undefined ? {} : { from }) } });
  }

  /** None of these events may come while this pattern is under way. */
  without(...forbidden: readonly Pattern[]): Pattern {
    return this.#with({ forbidden: [...this.forbidden, ...forbidden.map(stepOf)] });
  }

  /** Names the moment at which this pattern is done. */
  as(name: string): Pattern {
    return this.#with({ name });
  }

  /** Steps only: fails at once when one of these events comes first. */
  unless(...events: readonly Pattern[]): Pattern {
    const step = stepOf(this);
    return this.#with({}, { ...step, unless: [...(step.unless ?? []), ...events.map(stepOf)] });
  }

  /** Steps only: fails at once when the host's log says so. */
  refutedBy(log: RegExp): Pattern {
    return this.#with({}, { ...stepOf(this), logRefutes: log });
  }

  /** Steps only: the finding's title when it does not come. */
  titled(title: string): Pattern {
    return this.#with({}, { ...stepOf(this), title });
  }

  #with(extras: Extras, body: Body = this.body): Pattern {
    const kept: Extras = {
      ...(this.deadline ? { deadline: this.deadline } : {}),
      ...(this.name === undefined ? {} : { name: this.name }),
      forbidden: this.forbidden,
    };
    return new Pattern(body, { ...kept, ...extras });
  }
}

function stepOf(pattern: Pattern): StepSpec {
  if (pattern.body.kind !== "step") throw new TypeError(`${pattern.body.kind} stands where a single step is wanted`);
  return pattern.body;
}

export const step = (words: string, matches: (event: TraceEvent) => boolean, sees?: SeenKind): Pattern =>
  new Pattern({ kind: "step", words, matches, ...(sees ? { sees } : {}) });

export const sequence = (...parts: readonly Pattern[]): Pattern => new Pattern({ kind: "sequence", parts });
export const anyOrder = (...parts: readonly Pattern[]): Pattern => new Pattern({ kind: "anyOrder", parts });
export const either = (...parts: readonly Pattern[]): Pattern => new Pattern({ kind: "either", parts });
export const optional = (part: Pattern): Pattern => new Pattern({ kind: "optional", part });
export const repeat = (part: Pattern, times: { min?: number; max?: number } = {}): Pattern =>
  new Pattern({ kind: "repeat", part, min: times.min ?? 1, max: times.max ?? Number.POSITIVE_INFINITY });

/** The same pattern with all its names (`as`, `from`) made different, so that it can stand beside another of its kind. */
export function withNames(pattern: Pattern, rename: (name: string) => string): Pattern {
  const { body, deadline, forbidden, name } = pattern;
  const inner = (part: Pattern): Pattern => withNames(part, rename);
  const renamed: Body =
    "parts" in body
      ? { ...body, parts: body.parts.map(inner) }
      : "part" in body
        ? { ...body, part: inner(body.part) }
        : body;
  return new Pattern(renamed, {
    forbidden,
    ...(name === undefined ? {} : { name: rename(name) }),
    ...(deadline
      ? { deadline: deadline.from === undefined ? deadline : { ...deadline, from: rename(deadline.from) } }
      : {}),
  });
}

/** Words of the steps that a pattern may begin with: what is waited for when it has not begun. */
export function describePattern(pattern: Pattern): string {
  const { body } = pattern;
  switch (body.kind) {
    case "step":
      return body.words;
    case "sequence":
      return body.parts.map(describePattern).join(", then ");
    case "anyOrder":
      return `in any order: ${body.parts.map(describePattern).join("; ")}`;
    case "either":
      return body.parts.map(describePattern).join(" or ");
    case "optional":
      return `perhaps ${describePattern(body.part)}`;
    case "repeat":
      return `${describePattern(body.part)} (repeated)`;
  }
}
