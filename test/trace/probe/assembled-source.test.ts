/** A folder of pages that hold probes or messages is opened as a recording of the driver's events. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BatchNames, EventBatch } from "../../../harness/trace/batch.ts";
import type { TraceEvent } from "../../../harness/trace/mhi-events.ts";
import { openTrace } from "../../../harness/trace/open/open-trace.ts";
import { addEvent } from "../../../harness/trace/probe/assembled-source.ts";
import { buildTraceDat } from "../../support/trace-dat-builder.ts";
import { assemble, folderOf, recordedEvents } from "./recorded.ts";

const opened = (name: string) => openedPath(folderOf(name));

async function openedPath(path: string): Promise<{ form: string; events: TraceEvent[] }> {
  const source = await openTrace(path);
  const events: TraceEvent[] = [];
  for await (const batch of source.batches()) {
    for (let row = 0; row < batch.length; row++) events.push(batch.event(row));
  }
  source.close();
  return { form: source.info.form, events };
}

/** What `trace-cmd record` would have written of a folder of raw pages. */
function traceDatOf(folder: string, version: 6 | 7): Buffer {
  const text = (name: string): string => readFileSync(join(folder, name), "utf8");
  const names = readdirSync(folder);
  const formats = names.flatMap((name) => {
    const [, system = ""] = /^([\w-]+)\.[\w-]+\.format$/.exec(name) ?? [];
    return system === "" ? [] : [{ system, text: text(name) }];
  });
  const cpus = names.flatMap((name) => /^cpu(\d+)\.bin$/.exec(name)?.[1] ?? []).map(Number);
  return buildTraceDat({
    version,
    headerPage: text("header_page"),
    formats: formats.filter(({ system }) => system !== "ftrace"),
    ftraceFormats: formats.filter(({ system }) => system === "ftrace").map((format) => format.text),
    printkFormats: text("printk_formats"),
    buffers: [{ name: "", cpus: cpus.map((cpu) => ({ cpu, pages: readFileSync(join(folder, `cpu${cpu}.bin`)) })) }],
  });
}

describe("opened by its content", () => {
  it.each([
    ["linux-6.1-kprobe", "unprobed", "raw pages of kprobes on mhi"],
    ["linux-6.1-dynamic-debug", "all", "raw pages of debug messages of mhi"],
  ] as const)("%s holds the events that live collection had", async (name, messages, form) => {
    const { made } = assemble(await recordedEvents(name), messages);
    expect(await opened(name)).toEqual({ form, events: made });
  });

  it.each([
    ["linux-6.1-kprobe", "kprobes on mhi"],
    ["linux-6.1-dynamic-debug", "debug messages of mhi"],
  ] as const)("%s: a trace.dat of the same pages holds the same events", async (name, what) => {
    const folder = mkdtempSync(join(tmpdir(), "mhi-hil-stand-in-"));
    try {
      for (const version of [6, 7] as const) {
        const path = join(folder, `v${version}.dat`);
        writeFileSync(path, traceDatOf(folderOf(name), version));
        const { form, events } = await openedPath(path);
        expect(form).toBe(`trace.dat version ${version} of ${what}`);
        expect(events).toEqual((await opened(name)).events);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
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
