import { readFileSync } from "node:fs";
import pc from "picocolors";
import { describe, expect, test } from "vitest";
import { headLine, skippedLines, summary, testLine } from "../../reports/console.ts";
import { fixtureRun, testOf } from "./support/fixture.ts";

const plain = pc.createColors(false);

describe("console text", () => {
  test("a whole run, letter by letter", () => {
    const run = fixtureRun();
    const lines = [
      headLine(run.rig, plain),
      ...run.tests.flatMap((one) => testLine(one, plain)),
      ...summary(run, "reports/out/2026-11-23T1904/index.html", plain),
    ];
    const golden = readFileSync(new URL("../data/reports/console.txt", import.meta.url), "utf8");
    expect(`${lines.join("\n")}\n`).toBe(golden);
  });

  test("skipped tests come together, a line a reason", () => {
    const base = { ...testOf(fixtureRun(), "pass"), outcome: "skipped" as const, area: "channels" };
    const tests = [
      { ...base, title: "LOOPBACK: 1 bytes", summary: "no LOOPBACK" },
      testOf(fixtureRun(), "fail"),
      { ...base, title: "AT on DUN", summary: "no DUN" },
      { ...base, title: "LOOPBACK: 64 bytes", summary: "no LOOPBACK" },
    ];
    expect(skippedLines(tests, plain).map((line) => line.replaceAll(/ {2,}/g, " | "))).toEqual([
      " | skip | channels | 2 tests | no LOOPBACK",
      " | skip | channels | AT on DUN | no DUN",
    ]);
    expect(skippedLines([], plain)).toEqual([]);
  });

  test("a failed test is one line and what was expected and found, never more than asked", () => {
    const lines = testLine(testOf(fixtureRun(), "fail"), plain);
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^ {2}FAIL {2}power {5}S3, slot power kept {28}resume: the device had lost its context$/);
    expect(lines[1]).toBe("          expected   M3_EXIT, then M0 within 8 s");
  });

  test("a second attempt, a flaky run, a fault and a trouble are told", () => {
    const run = fixtureRun();
    const again = { ...testOf(run, "pass"), attempt: 1, outcome: "flaky" as const, summary: "first: no M0" };
    expect(testLine(again, plain)[0]).toMatch(
      /^ {2}flaky boot {6}cold boot reaches mission mode \(attempt 2\) .*first: no M0$/,
    );
    const counts = { ...run.counts, flaky: 1 };
    const last = summary(
      { ...run, counts, faults: ["m3-not-acknowledged"], trouble: ["lease taken"] },
      undefined,
      plain,
    );
    expect(last).toEqual([
      "trouble: lease taken",
      "3 ok  1 FAIL  1 inconclusive  1 infra  1 flaky   61.0 s   PM edges 5 of 27   with fault m3-not-acknowledged",
    ]);
  });

  test("no text of a device reaches the terminal as a command", () => {
    const hostile = { ...testOf(fixtureRun(), "infra"), title: "a\u001b[2Jb\rc\nd", summary: "\u202egnp.exe\u0007" };
    const text = testLine(hostile, plain).join("\n");
    expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(text).toContain("a␛[2Jb c d");
  });

  test("colour is the caller's: none with a colourless set, some with the other", () => {
    const failed = testOf(fixtureRun(), "fail");
    expect(testLine(failed, plain).join("")).not.toContain("\u001b");
    expect(testLine(failed, pc.createColors(true)).join("")).toContain("\u001b[31m");
  });
});
