/** Which rows and gaps an interval, a controller, a channel and a buffer leave. */
import { describe, expect, test } from "vitest";
import { UsageError } from "../../harness/base/errors.ts";
import { JsonLineWriter } from "../../harness/trace/export/json-lines.ts";
import type { SelectionOptions } from "../../harness/trace/export/selection.ts";
import { parseTimePoint } from "../../harness/trace/export/time-point.ts";
import type { TraceEvent } from "../../harness/trace/mhi-events.ts";
import { completion, event, exported, type Made, madeSource } from "./export-support.ts";

const point = (text: string) => parseTimePoint(text, "--from");

/** Times of the kept rows and gaps, in seconds; gaps as `from-to`. */
async function kept(made: Made, options: SelectionOptions): Promise<string[]> {
  const { text } = await exported(madeSource(made), (axis) => new JsonLineWriter({ axis }), options);
  const rows = text
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => JSON.parse(line));
  return rows.map((row) => (row.kind === "gap" ? `${row.fromNs / 1e9}-${row.toNs / 1e9}` : String(row.tNs / 1e9)));
}

const S = 1e9;
const seconds = [1, 2, 3, 4, 5, 6].map((second) => event.pm(second * S, 2));
const marked: TraceEvent[] = [
  event.pm(1 * S, 2),
  event.marker(2 * S, "hil begin suspend S3"),
  event.pm(3 * S, 4),
  event.marker(4 * S, "hil end suspend"),
  event.pm(5 * S, 2),
  event.marker(6 * S, "hil begin suspend S3"),
];

describe("an interval", () => {
  test.each<[string, SelectionOptions, string[]]>([
    ["both ends inside", { from: point("2"), to: point("4") }, ["2", "3", "4"]],
    ["to the nanosecond", { from: point("2.000000001"), to: point("4.999999999") }, ["3", "4"]],
    ["from the first event", { from: point("+1.5"), to: point("+3") }, ["3", "4"]],
    ["nothing", { from: point("7") }, []],
    ["open ends", {}, ["1", "2", "3", "4", "5", "6"]],
  ])("%s", async (_name, options, expected) => {
    expect(await kept({ events: seconds }, options)).toEqual(expected);
    expect(await kept({ events: seconds, batchRows: 1 }, options)).toEqual(expected);
  });

  test.each<[string, SelectionOptions, string[]]>([
    ["from a marker", { from: point("marker:end suspend") }, ["4", "5", "6"]],
    ["between markers", { from: point("marker:begin suspend"), to: point("marker:end suspend") }, ["2", "3", "4"]],
    ["up to the marker after the beginning", { from: point("3"), to: point("marker:begin") }, ["3", "4", "5", "6"]],
    ["a marker that never comes", { from: point("marker:reboot") }, []],
  ])("%s", async (_name, options, expected) => expect(await kept({ events: marked }, options)).toEqual(expected));

  test("gaps that reach into it are kept, others are not", async () => {
    const gap = (from: number, to: number) => ({ fromNs: from * S, toNs: to * S, reason: "overrun" as const });
    const gaps = [gap(0.5, 1.5), gap(1.5, 2.5), gap(2.2, 2.8), gap(3.5, 5.5), gap(5.1, 5.2)];
    expect(await kept({ events: seconds, gaps }, { from: point("2"), to: point("4") })).toEqual([
      "2",
      "1.5-2.5",
      "2.2-2.8",
      "3",
      "4",
      "3.5-5.5",
    ]);
  });

  test("exact on a clock whose values no double holds", async () => {
    const info = { originNs: 9_007_199_255_000_000_000n };
    const made = { events: [event.pm(1, 2), event.pm(2, 2), event.pm(3, 2)], info };
    const { tally } = await exported(madeSource(made), (axis) => new JsonLineWriter({ axis }), {
      from: point("9007199255.000000002"),
      to: point("9007199255.000000002"),
    });
    expect(tally.events).toBe(1);
  });

  test("on a clock that counts, numbers are counts", async () => {
    const info = { buffers: [{ name: "", cpus: [0], clock: "x86-tsc" }] };
    const made = { events: [event.pm(100, 2), event.pm(200, 2), event.pm(300, 2)], info };
    expect(await kept(made, { from: point("150"), to: point("+150") })).toEqual([`${200 / S}`]);
  });

  test("stops reading once it is past", async () => {
    let taken = 0;
    const source = madeSource({ events: seconds, batchRows: 1 });
    const counted = {
      ...source,
      async *batches() {
        for await (const batch of source.batches()) {
          taken++;
          yield batch;
        }
      },
    };
    await exported(counted, (axis) => new JsonLineWriter({ axis }), { to: point("2") });
    expect(taken).toBeLessThan(6);
  });
});

describe("a filter", () => {
  const events: TraceEvent[] = [
    event.tre(1 * S, 20, 8),
    { ...event.tre(2 * S, 20, 8), controller: "mhi1" } as TraceEvent,
    event.marker(3 * S, "hil note x"),
    event.other(4 * S, "sched", "sched_switch", {}),
    completion(5 * S, 21, 8, "0x10"),
    event.chan(6 * S, "start", 21, 2),
    event.pm(7 * S, 2),
    { ...event.pm(8 * S, 2), buffer: "hil" } as TraceEvent,
    // A transfer over the control ring, as DIAG and DUN have it, and a command's completion, which names no channel.
    event.ring(9 * S, "ctrl", 0x02000008, 0x15220000),
    event.ring(10 * S, "ctrl", 0x01000000, 0x15210000),
  ];
  test.each<[string, SelectionOptions, string[]]>([
    [
      "a controller keeps its events and the markers",
      { controller: "mhi0" },
      ["1", "3", "5", "6", "7", "8", "9", "10"],
    ],
    ["a channel keeps what names it", { channel: 21 }, ["3", "5", "6", "9"]],
    ["both", { controller: "mhi1", channel: 20 }, ["2", "3"]],
    ["a buffer", { buffer: "hil" }, ["8"]],
    ["the top-level buffer", { buffer: "", controller: "mhi1" }, ["2", "3"]],
  ])("%s", async (_name, options, expected) => expect(await kept({ events }, options)).toEqual(expected));
});

describe("a time", () => {
  test.each(["", "soon", "1e3", "-1", "+", "1.", "1.0000000001", "marker:", "1:30"])(
    "%j is refused in a sentence",
    (text) => {
      expect(() => point(text)).toThrow(UsageError);
      expect(() => point(text)).toThrow(/--from ".*" is no time: give seconds/);
    },
  );
});
