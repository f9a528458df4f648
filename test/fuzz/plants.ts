/** Readers that do wrong on purpose: what the checker must see. `npm run fuzz -- --plant NAME --cases 50`. */
import type { EventBatch } from "../../harness/trace/batch.ts";
import { openTrace } from "../../harness/trace/open/open-trace.ts";
import type { TraceSource } from "../../harness/trace/source.ts";
import type { Open } from "./reading.ts";

const PLANTS = {
  /** An error that is none of ours. */
  throw: () => {
    throw new TypeError("planted");
  },
  /** No end, at work. */
  hang: () => {
    for (;;);
  },
  /** No end, asleep. */
  sleep: () => new Promise<never>(() => undefined),
  /** The first rows are gone, and no gap tells of them. */
  drop: (batch) => {
    batch.kind.copyWithin(0, 2);
    batch.lane.copyWithin(0, 2);
    batch.tNs.copyWithin(0, 2);
    batch.a.copyWithin(0, 2);
    batch.length = Math.max(1, batch.length - 2);
  },
  /** One time that is none. */
  time: (batch) => {
    batch.tNs[batch.length - 1] = Number.NaN;
  },
  /** A row earlier than the one before it. */
  order: (batch) => {
    batch.tNs[batch.length - 1] = (batch.tNs[0] ?? 0) - 1e9;
  },
} satisfies Record<string, (batch: EventBatch) => unknown>;

export type Plant = keyof typeof PLANTS;
export const isPlant = (name: string): name is Plant => name in PLANTS;

/** Opens rightly, reads wrongly. */
export const planted =
  (plant: Plant): Open =>
  async (path) =>
    new Planted(await openTrace(path), PLANTS[plant]);

class Planted implements TraceSource {
  readonly #source: TraceSource;
  readonly #spoil: (batch: EventBatch) => unknown;

  constructor(source: TraceSource, spoil: (batch: EventBatch) => unknown) {
    this.#source = source;
    this.#spoil = spoil;
  }

  get info(): TraceSource["info"] {
    return this.#source.info;
  }

  get gaps(): TraceSource["gaps"] {
    return this.#source.gaps;
  }

  async *batches(): AsyncGenerator<EventBatch, void, undefined> {
    for await (const batch of this.#source.batches()) {
      await this.#spoil(batch);
      yield batch;
    }
  }

  close(): void {
    this.#source.close();
  }
}
