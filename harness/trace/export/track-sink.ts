/** What the tracks of a recording are drawn with: one file format each behind it. */
export interface TrackSpec {
  /** Heading that tracks stand under: a controller, `rig`, `evidence`. */
  readonly group: string;
  readonly name: string;
  /** Its values are numbers. */
  readonly counter?: boolean;
  /** Order within the group. */
  readonly rank: number;
}

export type TrackArgs = Readonly<Record<string, string | number>>;

/** Slices of one track never overlap: `begin` and `end` alternate. Times of one track do not step back. */
export interface TrackSink {
  /** Number of a new track. */
  track(spec: TrackSpec): number;
  begin(track: number, tNs: number, name: string, args?: TrackArgs): void;
  end(track: number, tNs: number): void;
  instant(track: number, tNs: number, name: string, args?: TrackArgs): void;
  counter(track: number, tNs: number, value: number): void;
  /** Bytes or characters that `take` would give. */
  readonly pending: number;
  take(): string | Uint8Array;
  finish(): void;
}
