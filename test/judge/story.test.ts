/** A story stays a line, however long the recording. */
import { expect, test } from "vitest";
import { StoryTeller } from "../../harness/judge/story.ts";
import { PmState } from "../../harness/mhi/pm-state.ts";
import { WorkerItem } from "../../harness/mhi/worker-item.ts";
import type { MhiEvent } from "../../harness/trace/mhi-events.ts";

const MS = 1e6;
const head = { cpu: 0, pid: 1, controller: "mhi0" };
const pm = (atMs: number, pmState: number): MhiEvent => ({ ...head, kind: "pm", tNs: atMs * MS, pmState });
const worker = (atMs: number, item: number): MhiEvent => ({ ...head, kind: "worker", tNs: atMs * MS, item });

function told(events: readonly MhiEvent[]): string {
  const teller = new StoryTeller();
  for (const event of events) teller.feed(event);
  return teller.tell();
}

/** A boot of so many ms, two suspends, and a power down. */
const life = (atMs: number, bootMs: number): MhiEvent[] => [
  worker(atMs, WorkerItem.READY),
  worker(atMs + bootMs, WorkerItem.MISSION_MODE),
  ...[20, 30].flatMap((ms) => [pm(atMs + ms, PmState.M3), pm(atMs + ms + 1, PmState.M3_EXIT)]),
  pm(atMs + 90, PmState.SHUTDOWN_PROCESS),
];

test("a short one is told whole", () => {
  expect(told([...life(0, 12), ...life(100, 13)])).toBe(
    "boot ok in 12 ms; suspended twice; powered down; boot ok in 13 ms; suspended twice; powered down",
  );
});

test("of a long one the first and the last are told, and what is between is counted", () => {
  const lives = Array.from({ length: 200 }, (_, at) => life(at * 100, at === 0 ? 17 : at === 199 ? 18 : 10 + (at % 5)));
  const first = "boot ok in 17 ms; suspended twice; powered down; boot ok in 11 ms; suspended twice; powered down";
  const last = "boot ok in 13 ms; suspended twice; powered down; boot ok in 18 ms; suspended twice; powered down";
  expect(told(lives.flat())).toBe(
    `${first}; then boot ok 196 times in 10 ms to 14 ms, suspended 392 times, powered down 196 times; ${last}`,
  );
});

test("one that is not over says so", () => {
  const failed = [...life(0, 12).slice(0, 2), pm(40, PmState.SYS_ERR_DETECT)];
  expect(told(failed)).toBe("boot ok in 12 ms; SYS_ERR; not recovered from SYS_ERR");
  expect(told([worker(0, WorkerItem.READY)])).toBe("boot did not reach mission mode");
  expect(told([])).toBe("nothing happened on the MHI bus");
});
