/** One boot with several controllers, told apart by what sysfs says. */
import { expect, test } from "vitest";
import type { LogLine } from "../../harness/judge/evidence.ts";
import type { LiveSegment } from "../../harness/runner/segment.ts";
import { SegmentSplit } from "../../harness/runner/segment-split.ts";
import type { TraceEvent } from "../../harness/trace/mhi-events.ts";

const DUT = "0000:01:00.0";
const OTHER = "0000:02:00.0";

const pm = (controller: string, tNs: number): TraceEvent => ({ kind: "pm", controller, tNs }) as unknown as TraceEvent;
const marker = (tNs: number): TraceEvent => ({ kind: "marker", tNs, text: "rig: bind" }) as unknown as TraceEvent;
const line = (text: string): LogLine => ({ tNs: 0, level: 4, text });

function boot() {
  const events: TraceEvent[] = [];
  const dmesg: LogLine[] = [];
  const whole: LiveSegment = { bootId: "b", kernel: "6.12", events, gaps: [], clock: [], watermarkNs: 0, dmesg };
  const split = new SegmentSplit(whole);
  return { events, dmesg, split, dut: split.ofDut(() => DUT), other: split.of(OTHER) };
}

const times = (segment: LiveSegment): number[] => segment.events.map(({ tNs }) => tNs);

test("events go to their device; markers to all; a controller that nobody named counts as the DUT's", () => {
  const { events, split, dut, other } = boot();
  events.push(pm("mhi0", 1));
  expect([split.hasUnheard(), split.hasUnheard()]).toEqual([true, false]);
  expect([times(dut), times(other)]).toEqual([[1], []]);
  events.push(pm("mhi1", 2), marker(3), pm("mhi0", 4));
  expect(split.hasUnheard()).toBe(true);
  split.learn([
    { name: "mhi0", pciAddress: DUT, channels: [] },
    { name: "mhi1", pciAddress: OTHER, channels: [] },
  ]);
  events.push(pm("mhi1", 5));
  expect([times(dut), times(other)]).toEqual([
    [1, 3, 4],
    [2, 3, 5],
  ]);
});

test("a name that goes to another device goes there from then on", () => {
  const { events, split, dut, other } = boot();
  split.learn([{ name: "mhi0", pciAddress: DUT, channels: [] }]);
  events.push(pm("mhi0", 1));
  expect(times(dut)).toEqual([1]);
  expect(times(other)).toEqual([]);
  split.learn([{ name: "mhi0", pciAddress: OTHER, channels: [] }]);
  events.push(pm("mhi0", 2));
  expect([times(dut), times(other)]).toEqual([[1], [2]]);
});

test("the log's lines by controller or PCI address; what names neither goes to all", () => {
  const { dmesg, split, dut, other } = boot();
  split.learn([
    { name: "mhi0", pciAddress: DUT, channels: [] },
    { name: "mhi1", pciAddress: OTHER, channels: [] },
  ]);
  dmesg.push(
    line("mhi mhi1: Device failed to enter MHI Ready"),
    line("mhi_net mhi0_IP_HW0 mhi_hwip0: up"),
    line(`mhi-pci-generic ${OTHER}: failed to suspend device: -5`),
    line("PM: suspend entry (deep)"),
  );
  const at = (segment: LiveSegment): number[] => segment.dmesg.map((entry) => dmesg.indexOf(entry));
  expect([at(dut), at(other)]).toEqual([
    [1, 3],
    [0, 2, 3],
  ]);
});
