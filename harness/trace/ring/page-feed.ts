/** Where a lane's pages come from. */
export interface PageFeed {
  /**
   * Puts the next bytes of the CPU's stream at the beginning of `into`: whole pages, as many as fit or fewer; at the
   * stream's end the rest of a page that is cut off.
   *
   * @returns bytes put; 0 at the end.
   */
  fill(into: Uint8Array): number;
  /** Bytes of the stream before those of the last `fill`; where the recording is compressed, of the expanded stream. */
  readonly position: number;
  /** What the last `fill` had to leave out, before the bytes that it put. */
  readonly problem: FeedProblem | undefined;
}

export interface FeedProblem {
  readonly reason: "cut" | "damaged";
  readonly detail: string;
}
