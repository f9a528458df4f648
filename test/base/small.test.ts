import { describe, expect, test } from "vitest";
import { formatSeconds, formatSpan, msToNs, nsToMs, systemClock } from "../../harness/base/clock.ts";
import { hex, hexDump } from "../../harness/base/hex.ts";

describe("clock", () => {
  test("the monotonic clock never goes back, and runs in nanoseconds", async () => {
    const before = systemClock.monotonicNs();
    const [seconds, rest] = process.hrtime();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const span = systemClock.monotonicNs() - before;
    expect(span).toBeGreaterThanOrEqual(19e6);
    expect(span).toBeLessThan(5e9);
    // CLOCK_MONOTONIC itself, not an offset of this process: other processes' logs stand on the same axis.
    expect(Math.abs(before - (seconds * 1e9 + rest))).toBeLessThan(1e9);
  });

  test("there and back", () => {
    expect(msToNs(2.5)).toBe(2_500_000);
    expect(nsToMs(2_500_000)).toBe(2.5);
  });

  test("seconds as the kernel prints them", () => {
    expect(formatSeconds(12_304_567_891)).toBe("12.304568");
    expect(formatSeconds(12_304_567_891, 3)).toBe("12.305");
    expect(formatSeconds(0)).toBe("0.000000");
  });

  test.each([
    [0, "0 us"],
    [1_400, "1 us"],
    [99_000, "99 us"],
    [100_000, "0.1 ms"],
    [2_140_000, "2.1 ms"],
    [25_400_000, "25 ms"],
    [999_000_000, "999 ms"],
    [1_000_000_000, "1.00 s"],
    [8_007_000_000, "8.01 s"],
    [10_000_000_000, "10.0 s"],
    [119_900_000_000, "119.9 s"],
    [120_000_000_000, "2 min"],
    [41 * 60e9, "41 min"],
  ])("%d ns reads %s", (ns, text) => {
    expect(formatSpan(ns)).toBe(text);
  });
});

describe("hex", () => {
  test.each([
    [0x0501, 4, "0x0501"],
    [0, 8, "0x00000000"],
    [0xffffffff, 4, "0xffffffff"],
    [10, undefined, "0xa"],
    [0xffffffffffffffffn, 16, "0xffffffffffffffff"],
  ])("%s at width %s", (value, digits, text) => {
    expect(hex(value, digits)).toBe(text);
  });

  test("bytes, and where there are too many how many", () => {
    expect(hexDump(Uint8Array.of(0, 1, 255))).toBe("00 01 ff");
    expect(hexDump(new Uint8Array(0))).toBe("");
    expect(hexDump(new Uint8Array(32)).length).toBe(32 * 3 - 1);
    expect(hexDump(new Uint8Array(5), 2)).toBe("00 00 ... (5 bytes)");
  });
});
