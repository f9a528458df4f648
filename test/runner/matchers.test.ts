/** What suites ask of a trace, on recordings of real kernels; each matcher is seen to pass and to fail. */
import { describe, expect, test } from "vitest";
import type { Evidence } from "../../harness/judge/evidence.ts";
import { sequence, steps } from "../../harness/judge/index.ts";
import { scenario } from "../../harness/judge/scenarios/index.ts";
import { PmState } from "../../harness/mhi/pm-state.ts";
import { expectTrace } from "../../harness/runner/matchers/index.ts";
import { Trace } from "../../harness/runner/trace.ts";
import { between, foxconn, k01, k10 } from "../judge/support.ts";

/** A test that begins where the evidence does; all of it is there at the first look. */
function traceOf(evidence: Evidence): Trace {
  const segment = {
    bootId: "boot-1",
    kernel: evidence.kernel,
    events: [] as (typeof evidence.events)[number][],
    gaps: evidence.gaps,
    dmesg: [] as (typeof evidence.dmesg)[number][],
    clock: [],
    watermarkNs: evidence.fromNs,
  };
  return new Trace({
    family: foxconn,
    segments: [segment],
    drain: async () => {
      segment.events.push(...evidence.events.slice(segment.events.length));
      segment.dmesg.push(...evidence.dmesg.slice(segment.dmesg.length));
      segment.watermarkNs = evidence.toNs + 120e9;
    },
    deviceLines: () => [],
    checkRig: () => undefined,
  });
}

const suspended = (): Trace => traceOf(between(k01(), "STEP rpm", "STEP s2"));
const crashed = (): Trace => traceOf(k10());
const refusal = async (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => "(it passed)",
    (error: Error) => error.message,
  );

describe("toReachPmState", () => {
  test("waits for a state that comes", async () => {
    await expectTrace(suspended()).toReachPmState("M3");
  });

  test("names what did not come, and by when", async () => {
    const said = await refusal(expectTrace(suspended()).toReachPmState("SHUTDOWN_PROCESS", { withinMs: 50 }));
    expect(said).toContain("SHUTDOWN_PROCESS");
    expect(said).toMatch(/within 50/);
  });

  test("an error state that is asked for is no failure of the test", async () => {
    const whole = k10();
    const toNs = 8.5e9; // it crashes a second time after that
    const trace = traceOf({ ...whole, toNs, events: whole.events.filter(({ tNs }) => tNs < toNs) });
    await expectTrace(trace).toReachPmState("SYS_ERR_DETECT");
    expect(trace.followed[0]?.verdict.findings).toEqual([]);
  });
});

describe("toNeverEnter", () => {
  test("a state that was not entered, and one that was", async () => {
    await expectTrace(suspended()).toNeverEnter(["SYS_ERR_DETECT", "LD_ERR_FATAL_DETECT"]);
    const trace = crashed();
    expect(await refusal(expectTrace(trace).toNeverEnter("SYS_ERR_DETECT"))).toContain(
      "PM state SYS_ERR_DETECT was entered",
    );
    expect(trace.verdicts().some(({ rule, outcome }) => rule === "never-entered" && outcome === "fail")).toBe(true);
  });

  test("where events are lost nobody can tell: inconclusive, not a pass", async () => {
    const evidence = between(k01(), "STEP rpm", "STEP s2");
    const [first] = evidence.events;
    const gap = { fromNs: first?.tNs ?? 0, toNs: (first?.tNs ?? 0) + 1e6, reason: "overrun", lost: 3 } as const;
    const trace = traceOf({ ...evidence, gaps: [gap] });
    expect(await refusal(expectTrace(trace).toNeverEnter("SYS_ERR_DETECT"))).toContain("evidence is missing");
    expect(trace.verdicts().every(({ outcome }) => outcome === "inconclusive")).toBe(true);
  });
});

describe("toStayLegal", () => {
  test("a quiet test, and one in which the device crashed", async () => {
    await expectTrace(suspended()).toStayLegal();
    expect(await refusal(expectTrace(crashed()).toStayLegal())).toMatch(/SYS_ERR: device reported a system error/);
  });
});

describe("toTakeAtMost", () => {
  test("a latency that a scenario measured", async () => {
    const trace = suspended();
    await expectTrace(trace).toFollow(scenario.runtimeSuspend(foxconn));
    expectTrace(trace).toTakeAtMost("M3", 8000);
    expect(() => expectTrace(trace).toTakeAtMost("M3", 0.000001)).toThrow(/M3 took .* at most/);
    expect(() => expectTrace(trace).toTakeAtMost("boot", 1)).toThrow(/no latency "boot" was measured; there are: M3/);
  });
});

describe("toFollow", () => {
  test("a sequence of the suite's own", async () => {
    const there = sequence(steps.pm(PmState.M3_ENTER), steps.pm(PmState.M3).within(8000, "M3"));
    await expectTrace(suspended()).toFollow(there);
    const back = sequence(steps.pm(PmState.M3), steps.pm(PmState.M3_ENTER).within(100, "the way back"));
    const said = await refusal(expectTrace(suspended()).toFollow(back));
    expect(said).toMatch(/ok .*host enters PM M3\n.*FAIL .*host enters PM M3_ENTER/s);
  });
});
