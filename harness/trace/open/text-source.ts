/** Trace or kernel log text, chunk by chunk -> an opened recording. */
import { BatchNames, type EventBatch } from "../batch.ts";
import type { Gap } from "../mhi-events.ts";
import type { TraceInfo, TraceSource } from "../source.ts";
import { TextEngine } from "../text/engine.ts";

export class TextSource implements TraceSource {
  readonly #engine: TextEngine;
  readonly #chunks: AsyncIterable<Uint8Array>;
  readonly #close: () => void;
  readonly #live: boolean;

  /** @param live - hand out what is there after each chunk. */
  constructor(fileName: string, chunks: AsyncIterable<Uint8Array>, close: () => void = () => undefined, live = false) {
    this.#engine = new TextEngine(new BatchNames(), { fileName });
    this.#chunks = chunks;
    this.#close = close;
    this.#live = live;
  }

  get gaps(): readonly Gap[] {
    return this.#engine.gaps;
  }

  /** Of text all is known only at its end: ask again then. */
  get info(): TraceInfo {
    const { form, clock, generation, originNs, resolutionNs, comms, notes, batch } = this.#engine;
    const cpus = [...new Set(batch.names.lanes.map(({ cpu }) => cpu))].sort((a, b) => a - b);
    return {
      form,
      buffers: [{ name: "", cpus, ...(clock === undefined ? {} : { clock }) }],
      ...(generation === undefined ? {} : { generation }),
      originNs,
      resolutionNs,
      comms,
      notes,
    };
  }

  async *batches(): AsyncGenerator<EventBatch, void, undefined> {
    const engine = this.#engine;
    for await (const chunk of this.#chunks) {
      for (let from = 0; from < chunk.length; ) {
        from = engine.append(chunk, from);
        if (from < chunk.length || engine.batch.full || (this.#live && engine.batch.length > 0)) {
          yield engine.batch;
          engine.batch.clear();
        }
      }
    }
    for (let done = false; !done; ) {
      done = engine.finish();
      if (engine.batch.length > 0) yield engine.batch;
      engine.batch.clear();
    }
  }

  close(): void {
    this.#close();
  }
}
