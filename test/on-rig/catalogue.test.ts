/**
 * The fault catalogue against the real driver: what the verdict says of each fault. A fault that breaks no rule must pass,
 * all others must fail and be named; the last one takes the host's kernel down, which is the product's failure too.
 */
import { describe, expect, it } from "vitest";
import { root, runSuite } from "../support/cli.ts";

/** Test's title -> the first finding's title; undefined where the driver copes and nothing is wrong. */
const VERDICTS: Readonly<Record<string, RegExp | undefined>> = {
  "bind with m0-not-acked": /did not enter M0 within 8 s/,
  "bind with m0-duplicated": undefined,
  "bind with m0-late": undefined,
  "bind with ee-event-missing": /did not report mission mode within 8 s/,
  "bind with ee-event-early": /did not report mission mode within 8 s|before it was in M0/,
  "bind with ee-garbage": /shows 0x2a after AMSS|nobody asked for START/,
  "bind with command-refused": /did not complete START|completion code/,
  "bind with command-completion-astray": /did not complete START|outside the command ring/,
  "bind with read-pointer-astray": /read pointer that is no element of its event ring|did not complete START/,
  "bind with read-pointer-astray:unaligned": /read pointer that is no element of its event ring|did not complete START/,
  "bind with interrupt-lost": /did not enter M0 within 8 s/,
  "bind with interrupt-spurious": undefined,
  "bind with rddm": /SYS_ERR: device reported a system error in M0 \(EE RDDM\)/,
  "unbind with reset-stuck": /the host did not come to an end/,
  "function reset with doorbells-out-of-range": /outside its BAR|did not enter M0/,
  "ping with transfers-swapped": /another buffer than the one whose turn it was|out of order/,
  "ping with doorbell-mode-missing": /pings that came back|DB_MODE|stalls|stands still/,
  "echo with transfer-late": undefined,
  "echo with transfer-lost": /did not send an answer/,
  "echo with transfer-duplicated": /one buffer of channel 5 \(DIAG\) twice|another buffer/,
  "echo with transfer-astray": /outside the channel's ring|bytes that came back/,
  "echo with transfer-channel-wrong": /did not send an answer/,
  "echo with transfer-code-unknown": /code 0x30|code that is none|did not send an answer/,
  "echo with transfer-length-wrong": /more bytes on channel 5 \(DIAG\) than the buffer holds/,
  "echo with completion-past-wp": /more buffers on channel 4|panicked/,
};

describe("the fault catalogue", () => {
  it("is judged fault by fault", async () => {
    const { run } = await runSuite(["--suites", `${root}/test/on-rig/catalogue`]);
    const told = Object.fromEntries(
      run.tests.map(({ title, outcome, findings, summary }) => [
        title,
        { outcome, says: findings[0]?.title ?? summary },
      ]),
    );
    expect(Object.keys(told).sort()).toEqual(Object.keys(VERDICTS).sort());
    const astray = Object.entries(VERDICTS).flatMap(([title, words]) => {
      const { outcome, says } = told[title] ?? { outcome: "none", says: "" };
      const right = words === undefined ? outcome === "pass" : outcome === "fail" && words.test(says);
      return right ? [] : [{ title, outcome, says }];
    });
    expect(astray).toEqual([]);
  }, 900_000);
});
