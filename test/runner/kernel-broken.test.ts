/** Whose fault a broken kernel is. */
import { describe, expect, it } from "vitest";
import { brokenKernel } from "../../harness/runner/kernel-broken.ts";

const lines = (...texts: string[]): { text: string }[] => texts.map((text) => ({ text }));

const OOPS = [
  "[   12.1] BUG: unable to handle page fault for address: ffa0000000172000",
  "[   12.1] Call Trace:",
  "[   12.1]  ssr_dump_worker+0x17b/0x2d0 [qaic]",
  "[   12.1]  process_one_work+0x198/0x370",
];
const PANIC = "[   12.2] Kernel panic - not syncing: Fatal exception in interrupt";

describe("brokenKernel", () => {
  it("names the driver and the place when a frame of it is in the backtrace", () => {
    expect(brokenKernel(lines(...OOPS, PANIC))).toEqual({
      dead: true,
      byDriver: true,
      why: "the host's kernel panicked in its qaic driver, at ssr_dump_worker: see the console",
    });
  });

  it("an oops is told too: the kernel goes on, and is not to be trusted", () => {
    expect(brokenKernel(lines(...OOPS))).toEqual({
      dead: false,
      byDriver: true,
      why: "the host's kernel broke (bad memory access) in its qaic driver, at ssr_dump_worker: see the console",
    });
  });

  it("blames no driver for trouble elsewhere, nor for a frame from before it", () => {
    const sysrq = ["Kernel panic - not syncing: sysrq triggered crash", " sysrq_handle_crash+0x1a/0x20"];
    expect(brokenKernel(lines(...sysrq))).toMatchObject({ dead: true, byDriver: false });
    expect(brokenKernel(lines(" mhi_queue+0x10/0x200 [mhi]", "WARNING ended", ...sysrq))).toMatchObject({
      byDriver: false,
      why: "the host's kernel panicked outside the drivers under test: see the console",
    });
  });

  it("is silent about a healthy kernel, and about a warning", () => {
    expect(brokenKernel(lines("[    1.0] mhi mhi0: Direct firmware load", "WARNING: CPU: 0 PID: 1 at x.c:3"))).toBe(
      undefined,
    );
  });
});
