/** The `timeline` fixture on recordings of real kernels, replayed as a collector brings them: piece by piece. */
import { describe, expect, test } from "vitest";
import { DutFault, RigFault } from "../../harness/base/errors.ts";
import type { Evidence, LogLine } from "../../harness/judge/evidence.ts";
import { scenario } from "../../harness/judge/index.ts";
import type { LiveSegment } from "../../harness/runner/segment.ts";
import { Trace, type TraceSource } from "../../harness/runner/trace.ts";
import type { Gap, TraceEvent } from "../../harness/trace/mhi-events.ts";
import { between, foxconn, k01, k10 } from "../judge/support.ts";

/** One boot: each drain brings `step` events more, and the log lines up to there. */
class Replay {
  readonly events: TraceEvent[] = [];
  readonly dmesg: LogLine[] = [];
  readonly gaps: readonly Gap[];
  readonly clock = [];
  readonly bootId: string = "boot-1";
  readonly kernel: string;
  watermarkNs: number;
  readonly #evidence: Evidence;

  constructor(evidence: Evidence) {
    this.#evidence = evidence;
    this.kernel = evidence.kernel;
    this.gaps = evidence.gaps;
    this.watermarkNs = evidence.fromNs;
  }

  advance(step: number): void {
    const { events, dmesg, toNs } = this.#evidence;
    this.events.push(...events.slice(this.events.length, this.events.length + step));
    const whole = this.events.length === events.length;
    this.watermarkNs = Math.max(this.watermarkNs, whole ? toNs : (this.events.at(-1)?.tNs ?? 0));
    this.dmesg.push(...dmesg.slice(this.dmesg.length).filter((line) => line.tNs <= this.watermarkNs));
  }
}

function source(
  segments: readonly LiveSegment[],
  drain: () => void,
  checkRig: () => void = () => undefined,
): TraceSource {
  return { family: foxconn, segments, drain: async () => drain(), deviceLines: () => [], checkRig };
}

const runtimePm = (): Replay => new Replay(between(k01(), "STEP rpm", "STEP s2"));

describe("following scenarios live", () => {
  test("one after another, each from where the one before it ended", async () => {
    const replay = runtimePm();
    let drains = 0;
    const trace = new Trace(
      source([replay], () => {
        drains++;
        replay.advance(1);
      }),
    );
    expect(trace.events).toEqual([]);
    const suspend = await trace.follow(scenario.runtimeSuspend(foxconn));
    expect(suspend.findings.map(({ title }) => title)).toEqual([]);
    expect(suspend.outcome).toBe("pass");
    const resume = await trace.follow(scenario.runtimeResume(foxconn));
    expect(resume.outcome).toBe("pass");
    expect(drains).toBeGreaterThan(2);
    expect(trace.followed.map((entry) => entry.scenario.id)).toEqual(["runtime-suspend", "runtime-resume"]);
    expect(trace.events.some((event) => event.kind === "pm")).toBe(true);
    expect(trace.verdicts()).toEqual([]);
  });

  test("what never comes fails at its deadline, and once in the test's findings", async () => {
    const replay = runtimePm();
    const trace = new Trace(
      source([replay], () => {
        replay.advance(1000);
        replay.watermarkNs += 30e9;
      }),
    );
    const verdict = await trace.follow(scenario.sysErrRecovery(foxconn));
    expect(verdict.outcome).not.toBe("pass");
    const titles = trace.verdicts().map(({ title }) => title);
    expect(titles).toContain(verdict.findings[0]?.title);
    expect(new Set(titles).size).toBe(titles.length);
  });

  test("a rig that breaks ends the wait with the rig's own words", async () => {
    const replay = runtimePm();
    const broken = new RigFault("host-ended", "QEMU ended with code 1");
    const trace = new Trace(
      source(
        [replay],
        () => replay.advance(1),
        () => {
          if (replay.events.length > 2) throw broken;
        },
      ),
    );
    await expect(trace.follow(scenario.runtimeSuspend(foxconn))).rejects.toBe(broken);
    expect(trace.followed).toEqual([]);
  });
});

describe("where a test begins", () => {
  test("at what has been seen so far: earlier events are history and not the test's", () => {
    const replay = runtimePm();
    replay.advance(4);
    const trace = new Trace(source([replay], () => undefined));
    expect(trace.fromNs(0)).toBe(replay.watermarkNs);
    replay.advance(4);
    expect(trace.events[0]?.tNs).toBeGreaterThanOrEqual(trace.fromNs(0));
    expect(trace.events.length).toBeLessThan(8);
    expect(trace.events.at(-1)).toBe(replay.events[7]);
  });

  test("a new boot of the host in the middle of it: from its first event, and both boots count", () => {
    const segments = [runtimePm(), runtimePm()];
    const live: Replay[] = segments.slice(0, 1);
    segments[0]?.advance(4);
    const trace = new Trace(source(live, () => undefined));
    live.push(...segments.slice(1));
    segments[1]?.advance(4);
    expect(trace.segments).toHaveLength(2);
    expect(trace.fromNs(1)).toBe(segments[1]?.events[0]?.tNs);
    expect(trace.events).toHaveLength(4);
  });

  test("a host that was never up has nothing that could be followed", async () => {
    const trace = new Trace(
      source(
        [],
        () => undefined,
        () => {
          throw new DutFault("no-boot", "the host does not boot with this device");
        },
      ),
    );
    expect(trace.events).toEqual([]);
    expect(trace.verdicts()).toEqual([]);
    await expect(trace.follow(scenario.boot(foxconn))).rejects.toThrow("does not boot");
  });
});

describe("what happened before the test began, and nobody has judged yet", () => {
  const sysErr = (): Replay => new Replay(k10());
  const titles = (trace: Trace): string =>
    trace
      .verdicts()
      .map(({ title }) => title)
      .join("; ");

  test("is judged with it, from where the test before stopped looking", () => {
    const replay = sysErr();
    const judgedTo = { bootId: replay.bootId, tNs: replay.watermarkNs };
    replay.advance(1_000_000);
    const unjudged = new Trace(source([replay], () => undefined));
    expect(titles(unjudged)).toBe("");
    const trace = new Trace(
      source([replay], () => undefined),
      judgedTo,
    );
    expect(trace.fromNs(0)).toBe(judgedTo.tNs);
    expect(titles(trace)).toMatch(/SYS_ERR/);
  });

  test("in an older boot too: a power cycle hides nothing", () => {
    const old = sysErr();
    const judgedTo = { bootId: old.bootId, tNs: old.watermarkNs };
    old.advance(1_000_000);
    const fresh = Object.assign(runtimePm(), { bootId: "boot-2" });
    const trace = new Trace(
      source([old, fresh], () => undefined),
      judgedTo,
    );
    expect(trace.segments).toHaveLength(2);
    expect(titles(trace)).toMatch(/SYS_ERR/);
    expect(
      new Trace(
        source([old, fresh], () => undefined),
        { bootId: "boot-0", tNs: 0 },
      ).segments,
    ).toHaveLength(1);
  });
});
