/** A folder of pages that hold probes or messages is opened as a recording of the driver's events. */
import { describe, expect, it } from "vitest";
import { BatchNames, EventBatch } from "../../../harness/trace/batch.ts";
import type { TraceEvent } from "../../../harness/trace/mhi-events.ts";
import { openTrace } from "../../../harness/trace/open/open-trace.ts";
import { addEvent } from "../../../harness/trace/probe/assembled-source.ts";
import { assemble, folderOf, recordedEvents } from "./recorded.ts";

async function opened(name: string): Promise<{ form: string; events: TraceEvent[] }> {
  const source = await openTrace(folderOf(name));
  const events: TraceEvent[] = [];
  for await (const batch of source.batches()) {
    for (let row = 0; row < batch.length; row++) events.push(batch.event(row));
  }
  source.close();
  return { form: source.info.form, events };
}

describe("opened by its content", () => {
  it.each([
    ["linux-6.1-kprobe", "unprobed", "raw pages of kprobes on mhi"],
    ["linux-6.1-dynamic-debug", "all", "raw pages of debug messages of mhi"],
  ] as const)("%s holds the events that live collection had", async (name, messages, form) => {
    const { made } = assemble(await recordedEvents(name), messages);
    expect(await opened(name)).toEqual({ form, events: made });
  });

  it("a recording of the driver's own events is left alone", async () => {
    expect((await opened("linux-6.12-live")).form).toBe("raw pages");
  });
});

it("a row says what its event said, for every kind", async () => {
  const kinds = new Set<string>();
  const batch = new EventBatch(new BatchNames(), 1);
  const { made } = assemble(await recordedEvents("linux-6.12-kprobe-and-events"), "unprobed");
  const { made: messages } = assemble(await recordedEvents("linux-6.1-kprobe"), "unprobed");
  for (const event of [...made, ...messages, { kind: "marker", tNs: 1, cpu: 3, pid: 4, text: "hil note" } as const]) {
    batch.clear();
    addEvent(batch, event);
    expect(batch.event(0)).toEqual(event);
    kinds.add(event.kind);
  }
  expect([...kinds].sort()).toEqual(["chan", "intvec", "marker", "other", "pm", "ring", "tre", "worker"]);
});
