/** Lanes -> batches in time order. Equal times: the lane that was given first, so the same recording always gives the same order. */
import type { EventBatch } from "../batch.ts";
import type { LaneWalker } from "./lane-walker.ts";

/** Times are whole nanoseconds below 2^53, so half of one less is the last time before. */
const JUST_BEFORE = 0.5;

interface Ranked {
  readonly walker: LaneWalker;
  readonly rank: number;
}

export class LaneMerge {
  /** Lanes that have a record, by the time of their heads. */
  readonly #queue: Ranked[] = [];

  /** @param walkers - started: each stands on its first record or has none. */
  constructor(walkers: readonly LaneWalker[]) {
    for (const [rank, walker] of walkers.entries()) {
      if (walker.tNs !== Number.POSITIVE_INFINITY) this.#queue.push({ walker, rank });
    }
    this.#queue.sort((a, b) => a.walker.tNs - b.walker.tNs || a.rank - b.rank);
  }

  /** Fills the batch. @returns false when nothing is left. */
  fill(batch: EventBatch): boolean {
    const queue = this.#queue;
    while (!batch.full) {
      const first = queue[0];
      if (!first) return batch.length > 0;
      const second = queue[1];
      const limitNs = second ? second.walker.tNs - (first.rank > second.rank ? JUST_BEFORE : 0) : Number.MAX_VALUE;
      if (first.walker.run(limitNs, batch)) this.#sink(first);
      else queue.shift();
    }
    return true;
  }

  /** The first lane's head moved on: puts it where it belongs. */
  #sink(first: Ranked): void {
    const queue = this.#queue;
    const ns = first.walker.tNs;
    let at = 0;
    for (let next = queue[1]; next; next = queue[at + 1]) {
      if (ns < next.walker.tNs || (ns === next.walker.tNs && first.rank < next.rank)) break;
      queue[at++] = next;
    }
    queue[at] = first;
  }
}
