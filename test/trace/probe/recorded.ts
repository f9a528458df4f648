/** Recordings of both kernels as events in time order, and what the assembler makes of them. */
import { fileURLToPath } from "node:url";
import type { Gap, TraceEvent } from "../../../harness/trace/mhi-events.ts";
import { openRawRecords } from "../../../harness/trace/open/raw-folder.ts";
import { type AssemblerOptions, ProbeAssembler } from "../../../harness/trace/probe/assembler.ts";

export const folderOf = (name: string): string => fileURLToPath(new URL(`../../data/trace/${name}`, import.meta.url));

export async function recordedEvents(name: string): Promise<TraceEvent[]> {
  const source = openRawRecords(folderOf(name));
  const events: TraceEvent[] = [];
  try {
    for await (const batch of source.batches()) {
      for (let row = 0; row < batch.length; row++) events.push(batch.event(row));
    }
  } finally {
    source.close();
  }
  return events;
}

/** @param piece - records pushed between two takes: live, events come a few at a time. */
export function assemble(
  events: readonly TraceEvent[],
  messages: AssemblerOptions["messages"],
  piece = Number.POSITIVE_INFINITY,
): { made: TraceEvent[]; gaps: Gap[]; unpaired: number } {
  const gaps: Gap[] = [];
  const assembler = new ProbeAssembler({ messages, onGap: (gap) => gaps.push(gap) });
  const made: TraceEvent[] = [];
  for (const [index, event] of events.entries()) {
    assembler.push(event);
    const nextNs = events[index + 1]?.tNs ?? event.tNs;
    if ((index + 1) % piece === 0) made.push(...assembler.take(nextNs));
  }
  made.push(...assembler.take(Number.POSITIVE_INFINITY));
  return { made, gaps, unpaired: assembler.unpaired };
}
