/** Counts over a recording. */
import { describe, expect, test } from "vitest";
import { StatsCollector } from "../../harness/trace/export/stats.ts";
import { statsJson, statsText } from "../../harness/trace/export/stats-table.ts";
import type { TraceEvent } from "../../harness/trace/mhi-events.ts";
import { completion, event, exported, type Made, madeSource } from "./export-support.ts";

const MS = 1e6;

async function statsOf(made: Made): Promise<{ json: Record<string, unknown>; text: string }> {
  const stats = new StatsCollector();
  const { axis, tally } = await exported(madeSource(made), () => stats);
  const input = { axis, tally, stats };
  return { json: statsJson(input), text: statsText(input, (text) => text) };
}

const events: TraceEvent[] = [
  event.pm(0, 1),
  event.pm(10 * MS, 2),
  event.chan(11 * MS, "start", 20, 2),
  event.chan(12 * MS, "end", 20, 2),
  event.chan(13 * MS, "start", 20, 0),
  event.tre(14 * MS, 20, 100),
  event.tre(15 * MS, 20, 200),
  completion(16 * MS, 20, 60, "0x10"),
  completion(17 * MS, 20, 0, "0x10", 5),
  event.ring(18 * MS, "data", 0, 0x14500000),
  event.ring(19 * MS, "ctrl", 0x02000005, 0x14220000), // over the control ring, as DIAG and DUN have it
  event.pm(30 * MS, 5),
  { ...event.pm(35 * MS, 2), controller: "mhi1" } as TraceEvent,
  event.pm(40 * MS, 2),
  event.marker(1000 * MS, "the end"),
];
const gaps = [
  { fromNs: 1, toNs: 2, reason: "overrun" as const, cpu: 1, lost: 1424 },
  { fromNs: 3, toNs: 4, reason: "overrun" as const, cpu: 1 },
  { fromNs: 5, toNs: 6, reason: "host-down" as const },
];

describe("counts", () => {
  test("as JSON", async () => {
    const { json } = await statsOf({ events, gaps });
    expect(json).toMatchObject({
      events: 15,
      firstClockNs: "0",
      lastClockNs: "1000000000",
      spanNs: 1e9,
      kinds: { pm: 5, "chan begin": 2, "chan done": 1, tre: 2, ctrl: 1, data: 3, marker: 1 },
      controllers: {
        mhi0: {
          events: 13,
          pm: {
            POR: { entered: 1, timeNs: 10 * MS },
            M0: { entered: 2, timeNs: 20 * MS + 960 * MS },
            M3: { entered: 1, timeNs: 10 * MS },
          },
          channels: {
            20: {
              tres: 2,
              queuedBytes: 300,
              completions: { EOT: 2, OOB: 1 },
              completedBytes: 65,
              commandsBegun: 2,
              commandsDone: 1,
            },
          },
        },
        mhi1: { events: 1, pm: { M0: { entered: 1, timeNs: 965 * MS } } },
      },
      cpus: {
        0: { events: 11, gaps: 0, lost: 0 },
        1: { events: 4, gaps: 2, lost: 1424 },
        "all cpus": { events: 0, gaps: 1, lost: 0 },
      },
      gaps: { overrun: 2, "host-down": 1 },
      gapCount: 3,
      eventsLost: 1424,
    });
  });

  test("as a table", async () => {
    const { text } = await statsOf({ events, gaps });
    expect(text).toContain("span      0.000000000..1.000000000  (1.00 s)\nevents    15  15/s\n");
    expect(text).toMatch(/^ {2}M0 +2 +980 ms$/m);
    expect(text).toMatch(/^ {2}20 +2 +300 +EOT 2, OOB 1 +65 +1 of 2$/m);
    expect(text).toMatch(/^ {2}1 +4 +2 +1424$/m);
    expect(text).toMatch(/^gaps +overrun 2, host-down 1$/m);
    expect(text).toContain("evidence is missing");
  });

  test("of nothing", async () => {
    const { json, text } = await statsOf({ events: [] });
    expect(json).toMatchObject({ events: 0, kinds: {}, gapCount: 0 });
    expect(text).toContain("no events");
    expect(text).toMatch(/^gaps +none$/m);
  });

  test("a clock that counts is not called seconds", async () => {
    const info = { buffers: [{ name: "", cpus: [0], clock: "counter" }] };
    const { text } = await statsOf({ events: [event.pm(100, 2), event.pm(350, 3)], info });
    expect(text).toContain("(250 ticks)");
    expect(text).toMatch(/^ {2}M0 +1 +250$/m);
    expect(text).not.toMatch(/\d\/s|ms/);
  });
});
