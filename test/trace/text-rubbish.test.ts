/** Whatever the bytes and however they come: no throw, no event that was not there, bounded memory. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { TraceEvent } from "../../harness/trace/mhi-events.ts";
import { data, readText } from "./text-support.ts";

const SEED = 20261124;
const decode = (path: string): string => new TextDecoder().decode(data(path));
const LIVE = decode("linux-6.12-live/trace.txt");
/** Each kind of line once: headings, records of each event and both generations, loss, messages, a wrapped line, rubbish. */
const MIXED = [
  ...LIVE.split("\n").slice(0, 40),
  "CPU:0 [LOST 12 EVENTS]",
  ...decode("text/report-raw.txt").split("\n").slice(0, 24),
  ...decode("text/latency.txt").split("\n").slice(-8),
  ...decode("console/04-k6.12-S3-context-lost-recovery.guest.txt").split("\n").slice(0, 24),
  "> kworker/u9:0-74 [001] d..1.    20.000001: mhi_process_ctrl_ev_ring: mhi0: RP:0x10 Processing Event:0x0",
  "> 0x02000000 0x00400000 state:M0",
  " a-1 [000] ..... 21.000001: mhi_tryset_pm_state: mhi0: PM state: M?->",
  " a-1 [000] ..... 21.000002: tracing_mark_write: x\u00e9\u4e2d",
  "",
].join("\n");
const MIXED_BYTES = new TextEncoder().encode(MIXED);

test("any division into chunks, any size of batch: the same rows and gaps", () => {
  const whole = readText(MIXED_BYTES);
  expect(whole.events.length).toBeGreaterThan(50);
  fc.assert(
    fc.property(
      fc.array(fc.nat(MIXED_BYTES.length), { maxLength: 60 }),
      fc.integer({ min: 8, max: 40 }),
      (cuts, capacity) => {
        const { engine, events } = readText(MIXED_BYTES, cuts, { capacity });
        expect(events).toEqual(whole.events);
        expect(engine.gaps).toEqual(whole.engine.gaps);
        expect(engine.notes).toEqual(whole.engine.notes);
      },
    ),
    { seed: SEED, numRuns: 150 },
  );
  const single = readText(
    MIXED_BYTES,
    Array.from(MIXED_BYTES, (_, at) => at),
  );
  expect(single.events).toEqual(whole.events);
});

test("cut at every byte: what came before, and a gap where something was begun", () => {
  const text = `${LIVE.split("\n").slice(11, 40).join("\n")}\n`;
  const bytes = new TextEncoder().encode(text);
  const whole = readText(bytes).events;
  const typed = (events: readonly TraceEvent[]): TraceEvent[] => events.filter(({ kind }) => kind !== "other");
  for (let end = 0; end <= bytes.length; end++) {
    const { engine, events } = readText(bytes.slice(0, end));
    const known = typed(events);
    expect(known).toEqual(whole.slice(0, known.length));
    const line = text.slice(text.lastIndexOf("\n", end - 1) + 1, end);
    const inside = text[end] !== "\n" && line.trim() !== "";
    const begun = whole.length > 0 && known.length > 0 && inside;
    // A record may be whole before its line is: then it is there, and nothing is missing.
    const complete = known.length > whole.filter((_, at) => at < lineCount(text, end)).length;
    if (begun && !complete)
      expect(
        engine.gaps.map(({ reason }) => reason),
        line,
      ).toEqual(["cut"]);
  }
});

/** Records that end before `end`. */
const lineCount = (text: string, end: number): number =>
  text
    .slice(0, text.lastIndexOf("\n", end - 1) + 1)
    .split("\n")
    .filter((line) => line.includes("mhi_")).length;

test("one flipped bit at every byte: never a throw, never more events", { timeout: 60_000 }, () => {
  const text = `${LIVE.split("\n").slice(9, 26).join("\n")}\n[    9.000001] mhi mhi0: Received EE event: AMSS\n`;
  const bytes = new TextEncoder().encode(text);
  const whole = readText(bytes).events.length;
  for (let at = 0; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
      expect(readText(flipped).events.length).toBeLessThanOrEqual(whole);
    }
  }
});

test("random bytes and shuffled pieces of lines: never a throw", () => {
  const pieces = MIXED.split(/(?<=[ :\n[\]])/);
  const rubbish = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: "binary", maxLength: 8 })), {
    maxLength: 120,
  });
  fc.assert(
    fc.property(rubbish, fc.array(fc.nat(2000), { maxLength: 4 }), (parts, cuts) => {
      const input = parts.join("");
      const { events } = readText(input, cuts);
      expect(events.length).toBeLessThanOrEqual(input.split("\n").length);
      expect(events.every(({ tNs }) => !Number.isNaN(tNs))).toBe(true);
    }),
    { seed: SEED, numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
      readText(bytes);
    }),
    { seed: SEED, numRuns: 500 },
  );
});

test("a line above 64 KiB is one gap, however it comes, and the next line is read", () => {
  const record = " a-1 [000] ..... 1.000001: mhi_tryset_pm_state: mhi0: PM state: M0\n";
  const long = [
    "x".repeat(70_000),
    `${" ".repeat(70_000)}a-1 [000] ..... 1.000001: mhi_tryset_pm_state: mhi0: PM state: M0`,
    ` a-1 [000] ..... ${" ".repeat(70_000)}1.000001: mhi_tryset_pm_state: mhi0: PM state: M0`,
    ` a-1 [000] ..... 1.000001: tracing_mark_write: ${"m".repeat(70_000)}`,
    ` a-1 [000] ..... 1.000001: mhi_tryset_pm_state: ${"m".repeat(70_000)}`,
  ];
  for (const line of long) {
    for (const cuts of [[], [1000], [100, 66_000], [record.length + 70_010]]) {
      const { engine, events } = readText(`${record}${line}\n${record}`, cuts);
      expect(events).toHaveLength(2);
      expect(engine.gaps).toMatchObject([{ reason: "damaged", detail: expect.stringContaining("line 2 (byte 67)") }]);
    }
  }
});

test("a line of exactly 64 KiB is read, however it comes", () => {
  const head = " a-1 [000] ..... 1.000001: tracing_mark_write: ";
  const line = `${head}${"m".repeat(65_536 - head.length)}\n`;
  for (const cuts of [[], [1000], [65_536]]) {
    const { engine, events } = readText(line, cuts);
    expect(events).toMatchObject([{ kind: "marker" }]);
    expect(engine.gaps).toEqual([]);
  }
});

test("rubbish without end does not fill the memory", () => {
  const line = (i: number): string => ` a${i}-${i} [000] ..... 1.000001: mhi_tryset_pm_state: x${i}: PM state: what\n`;
  const { engine } = readText(Array.from({ length: 30_000 }, (_, i) => line(i)).join(""));
  expect(engine.gaps).toHaveLength(10_000);
  expect(engine.gaps.at(-1)?.detail).toContain("more than 10000 gaps");
  expect(engine.batch.names.controllers.length).toBeLessThanOrEqual(4096);
});
