/** Takes apart one compressed piece of known size. */
export interface Expander {
  /**
   * @param where - for the message: file, offset and what it is.
   * @returns exactly `expandedBytes` bytes, good until the next call.
   * @throws RigFault `trace-damaged` when they do not expand to that.
   */
  expand(packed: Uint8Array, expandedBytes: number, where: string): Uint8Array;
}
