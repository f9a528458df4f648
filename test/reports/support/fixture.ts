import { fileURLToPath } from "node:url";
import type { RunRecord, TestRecord } from "../../../harness/record/schema.ts";
import { readRun } from "../../../harness/record/store.ts";

export const FIXTURE = fileURLToPath(new URL("../../data/reports/run.json", import.meta.url));

/** A run made of recordings of real kernels (make-fixture.ts): three passes, a failure, a gap and an infra fault. */
export const fixtureRun = (): RunRecord => readRun(FIXTURE);

export function testOf(run: RunRecord, outcome: TestRecord["outcome"]): TestRecord {
  const test = run.tests.find((one) => one.outcome === outcome);
  if (!test) throw new Error(`the fixture has no ${outcome} test`);
  return test;
}

/** The failing test's real events, over and over, until there are `count` of them. */
export function longRun(run: RunRecord, count: number): RunRecord {
  const test = testOf(run, "fail");
  const segment = test.segments[0];
  const [first, last] = [segment?.events[0], segment?.events.at(-1)];
  if (!segment || !first || !last) throw new Error("the fixture's failing test has no events");
  const roundNs = last.tNs - first.tNs + 5e6;
  const events = Array.from({ length: count }, (_, index) => {
    const event = segment.events[index % segment.events.length] ?? first;
    return { ...event, tNs: event.tNs + Math.floor(index / segment.events.length) * roundNs };
  });
  return { ...run, tests: [{ ...test, segments: [{ ...segment, events }] }] };
}
