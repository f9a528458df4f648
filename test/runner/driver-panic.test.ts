/** Whose fault a dead kernel is. */
import { describe, expect, it } from "vitest";
import { driverPanic } from "../../harness/runner/driver-panic.ts";

const lines = (...texts: string[]): { text: string }[] => texts.map((text) => ({ text }));

const OOPS = [
  "[   12.1] BUG: kernel NULL pointer dereference, address: 0000000000000008",
  "[   12.1] Call Trace:",
  "[   12.1]  mhi_process_ctrl_ev_ring+0x1c2/0x370 [mhi]",
  "[   12.1]  tasklet_action_common+0xbb/0x230",
  "[   12.2] Kernel panic - not syncing: Fatal exception in interrupt",
];

describe("driverPanic", () => {
  it("names the driver and the place when a frame of it is in the backtrace", () => {
    expect(driverPanic(lines(...OOPS))).toBe(
      "the host's kernel panicked in its mhi driver, at mhi_process_ctrl_ev_ring: see the console",
    );
  });

  it("is silent while the kernel lives: an oops alone is no panic", () => {
    expect(driverPanic(lines(...OOPS.slice(0, 4)))).toBeUndefined();
  });

  it("blames no driver for a panic elsewhere, nor for a frame from before the trouble", () => {
    const sysrq = ["Kernel panic - not syncing: sysrq triggered crash", " sysrq_handle_crash+0x1a/0x20"];
    expect(driverPanic(lines(...sysrq))).toBeUndefined();
    expect(driverPanic(lines(" mhi_queue+0x10/0x200 [mhi]", "WARNING ended", ...sysrq))).toBeUndefined();
  });
});
