/** Trace text that is in memory -> events and gaps as objects. For recordings of any size: `TextEngine`. */
import { BatchNames } from "../batch.ts";
import type { Gap, TraceEvent } from "../mhi-events.ts";
import { TextEngine } from "./engine.ts";

export interface ParsedText {
  /** In the order of the lines. Messages of the driver are events where they state one and no trace event does. */
  readonly events: TraceEvent[];
  readonly gaps: Gap[];
  /** Lines that are neither trace, nor empty, nor a heading: console output, as a rule. */
  readonly ignoredLines: number;
}

export function parseTraceText(text: string): ParsedText {
  const engine = new TextEngine(new BatchNames());
  const events: TraceEvent[] = [];
  let messages = 0;
  const take = (): void => {
    for (let row = 0; row < engine.batch.length; row++) {
      const event = engine.batch.event(row);
      if (event.kind === "other" && event.source === "dynamic-debug") messages++;
      else events.push(event);
    }
    engine.batch.clear();
  };
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; take()) at = engine.append(bytes, at);
  while (!engine.finish()) take();
  take();
  return { events, gaps: engine.gaps, ignoredLines: engine.ignoredLines + messages };
}
