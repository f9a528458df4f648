/** The words for each kind of event: what a driver engineer reads first. */
import { describe, expect, test } from "vitest";
import { BatchNames, EventBatch } from "../../harness/trace/batch.ts";
import { describeGap, describeRow } from "../../harness/trace/describe.ts";
import type { TraceEvent } from "../../harness/trace/mhi-events.ts";
import { addRow, completion, event } from "./export-support.ts";

function words(made: TraceEvent): string {
  const batch = new EventBatch(new BatchNames(), 1);
  addRow(batch, made);
  return describeRow(batch, 0);
}

describe("an event in words", () => {
  test.each<[string, TraceEvent]>([
    ["PM M3_ENTER", event.pm(1, 4)],
    ["PM PM#99", event.pm(1, 99)],
    ["worker MISSION MODE", event.worker(1, 3)],
    ["intvec host AMSS/M0 device AMSS/M3", event.intvec(1, 2, 2, 2, 5)],
    ["intvec host AMSS/M0 device AMSS/SYS_ERR", event.intvec(1, 2, 2, 2, 0xff)],
    ["intvec host AMSS/M0 device LINK DOWN (all ones; reads as SYS ERROR)", event.intvec(1, 2, 2, -1, 0xff)],
    ["ctrl state change M0", event.ring(1, "ctrl", 0x02000000, 0x00200000)],
    ["ctrl EE change AMSS", event.ring(1, "ctrl", 0x02000000, 0x00400000)],
    [
      "ctrl command completion SUCCESS command at 0x3c82000",
      event.ring(1, "ctrl", 0x01000000, 0x00210000, "0x3c82000"),
    ],
    [
      "ctrl command completion BAD_TRE ch 20 command at 0x3c82000",
      event.ring(1, "ctrl", 0x11000000, 0x14210000, "0x3c82000"),
    ],
    ["data transfer ch 21 EOT 64 bytes ptr 0x100003d60028", completion(1, 21, 64, "0x100003d60028")],
    ["data transfer ch 21 OVERFLOW 64 bytes ptr 0x28", completion(1, 21, 64, "0x28", 3)],
    ["ctrl BW_REQ_EVENT dword0 0x00000000 dword1 0x00500000 ptr 0x0", event.ring(1, "ctrl", 0, 0x00500000)],
    ["data type 0x77 dword0 0xff000001 dword1 0xff770000 ptr 0x0", event.ring(1, "data", 0xff000001, 0xff770000)],
    ["tre ch 20 32768 bytes IEOT ptr 0x1000", event.tre(1, 20, 32768)],
    ["tre ch 20 8 bytes CHAIN IEOB IEOT BEI ptr 0x1000", event.tre(1, 20, 8, "0x1000", 0x00020701)],
    ["tre ch 20 type 0x7 8 bytes ptr 0x1000", event.tre(1, 20, 8, "0x1000", 0x00070000)],
    ["chan 20 START begin", event.chan(1, "start", 20, 2)],
    ["chan 20 RESET done", event.chan(1, "end", 20, 0)],
    ["marker hil begin suspend S3", event.marker(1, "hil begin suspend S3")],
    ["sched:sched_switch prev=3 next=swapper", event.other(1, "sched", "sched_switch", { prev: 3, next: "swapper" })],
    ["funcgraph whole text", event.other(1, "", "funcgraph", { text: "whole text" })],
  ])("%s", (expected, made) => expect(words(made)).toBe(expected));
});

test("a state is told by the element's type: code 2 of a transfer is EOT, not M0", () => {
  expect(words(event.ring(1, "ctrl", 0x02000000, 0x00200000))).toContain("M0");
  expect(words(completion(1, 21, 64, "0x0", 2))).not.toContain("M0");
});

test.each([
  [{ reason: "overrun", cpu: 1, lost: 1424 }, "cpu1: 1424 events lost: the ring buffer was overwritten"],
  [{ reason: "dropped", cpu: 0, lost: 1 }, "cpu0: 1 event lost: the ring buffer was full"],
  [{ reason: "host-down" }, "all cpus: evidence missing: the host was down"],
] as const)("a gap: %j", (gap, expected) => {
  expect(describeGap({ fromNs: 1, toNs: 2, ...gap })).toBe(expected);
});
