/** Text read by the engine in one go or in pieces, as objects. */
import { readFileSync } from "node:fs";
import { BatchNames } from "../../harness/trace/batch.ts";
import type { TraceEvent } from "../../harness/trace/mhi-events.ts";
import { TextEngine, type TextEngineOptions } from "../../harness/trace/text/engine.ts";

export const data = (path: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../data/trace/${path}`, import.meta.url)));

export interface ReadText {
  readonly engine: TextEngine;
  readonly events: TraceEvent[];
}

/** @param cuts - offsets at which a new chunk begins. */
export function readText(
  input: string | Uint8Array,
  cuts: readonly number[] = [],
  options: TextEngineOptions = {},
): ReadText {
  const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
  const engine = new TextEngine(new BatchNames(), options);
  const events: TraceEvent[] = [];
  const take = (): void => {
    for (let row = 0; row < engine.batch.length; row++) events.push(engine.batch.event(row));
    engine.batch.clear();
  };
  const ends = [...new Set(cuts)].filter((cut) => cut > 0 && cut < bytes.length).sort((a, b) => a - b);
  let from = 0;
  for (const end of [...ends, bytes.length]) {
    const chunk = bytes.slice(from, end);
    for (let at = 0; at < chunk.length; take()) at = engine.append(chunk, at);
    from = end;
  }
  while (!engine.finish()) take();
  take();
  return { engine, events };
}

/** Without the comm, which some forms shorten, and without where it was recorded. */
export const bare = (events: readonly TraceEvent[]): unknown[] =>
  events.map((event) => ({ ...event, buffer: undefined, source: undefined }));
