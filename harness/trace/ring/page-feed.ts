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
  /** Why the stream ended before what its recording promised; undefined when it did not. Asked after `fill` gave 0. */
  readonly shortage: string | undefined;
}
