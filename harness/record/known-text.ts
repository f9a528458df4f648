/** What a report says of a known failure. The record holds id and name only: text and links come from our own table. */
export interface Remedy {
  readonly text: string;
  /** Where it is from: an https address. */
  readonly source: string;
}

export interface KnownText {
  /** `F29`. */
  readonly id: string;
  /** A few words: `context lost over suspend`. */
  readonly name: string;
  /** What a user sees. */
  readonly symptom: string;
  /** The likely cause; says so where it is an inference only. */
  readonly cause: string;
  readonly remedy: readonly Remedy[];
}

/** Looks an id up; undefined for one that this version does not know. */
export type KnownLookup = (id: string) => KnownText | undefined;
