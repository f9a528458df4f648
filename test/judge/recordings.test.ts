import { describe, expect, it } from "vitest";
import type { Evidence } from "../../harness/judge/evidence.ts";
import type { Scenario } from "../../harness/judge/index.ts";
import { judge, scenario } from "../../harness/judge/index.ts";
import type { FamilyProfile } from "../../harness/mhi/families/family.ts";
import { cases } from "./cases.ts";
import { aic100, between, foxconn, k01, k04, k10, k12 } from "./support.ts";

const pieces: readonly [string, Evidence, FamilyProfile, Scenario, readonly string[]][] = [
  ["boot", between(k01(), "STEP bind", "STEP echo"), foxconn, scenario.boot(foxconn), ["POR", "M0", "AMSS"]],
  ["DUN echo", between(k01(), "STEP echo", "STEP rpm"), foxconn, scenario.echo(foxconn, "DUN"), ["echo"]],
  [
    "DUN open and close",
    between(k01(), "STEP echo", "STEP rpm"),
    foxconn,
    scenario.channelOpenClose(foxconn, "DUN"),
    [],
  ],
  ["runtime suspend", between(k01(), "STEP rpm", "STEP s2"), foxconn, scenario.runtimeSuspend(foxconn), ["M3"]],
  ["runtime resume", between(k01(), "STEP rpm", "STEP s2"), foxconn, scenario.runtimeResume(foxconn), ["M0"]],
  ["s2idle", between(k01(), "STEP s2", "STEP unbind"), foxconn, scenario.systemSuspendResume(foxconn), ["M3", "M0"]],
  ["unbind", between(k01(), "STEP unbind"), foxconn, scenario.unbind(foxconn), ["power down"]],
  ["S3, context lost", between(k04(), "STEP s3"), foxconn, scenario.contextLostResume(foxconn), ["M3", "recovery"]],
  [
    "DIAG echo on a data ring",
    between(k10(), "STEP echo-diag", "STEP syserr-event"),
    foxconn,
    scenario.echo(foxconn, "DIAG"),
    ["echo"],
  ],
  [
    "SYS_ERR by event, handled twice",
    between(k10(), "STEP syserr-event", "STEP syserr-intr"),
    foxconn,
    scenario.sysErrRecovery(foxconn),
    ["recovery"],
  ],
  [
    "SYS_ERR by interrupt",
    between(k10(), "STEP syserr-intr", "STEP unbind"),
    foxconn,
    scenario.sysErrRecovery(foxconn),
    ["recovery"],
  ],
  ["qaic boot by firmware load", k12(), aic100, scenario.boot(aic100), ["POR", "M0", "AMSS"]],
  ["qaic unbind, without grace", between(k12(), "STEP unbind"), aic100, scenario.unbind(aic100), ["power down"]],
];

describe("pieces of recordings of real kernels", () => {
  it.each(pieces)("%s passes", (_name, evidence, family, expected, measures) => {
    const verdict = judge(evidence, { family, scenario: expected });
    expect(verdict.findings).toEqual([]);
    expect(verdict.outcome).toBe("pass");
    expect(verdict.measures.map((measure) => measure.name)).toEqual(measures);
    for (const { valueNs } of verdict.measures) expect(valueNs).toBeGreaterThan(0);
  });
});

describe("whole recordings", () => {
  it.each(cases.map((entry) => [entry.name, entry] as const))("%s passes", (_name, { evidence, options }) => {
    const verdict = judge(evidence, options);
    expect(verdict.findings).toEqual([]);
    expect(verdict.outcome).toBe("pass");
  });

  it("tells what happened", () => {
    const [first] = cases;
    if (!first) throw new Error("no cases");
    expect(judge(first.evidence, { family: foxconn }).story).toBe(
      "boot ok in 18 ms; suspended 3 times; powered down; 4 channels opened; 2 transfers",
    );
  });

  it("finds nothing against the scenario of something else", () => {
    const verdict = judge(between(k01(), "STEP rpm", "STEP s2"), { family: foxconn, scenario: scenario.boot(foxconn) });
    expect(verdict.outcome).toBe("inconclusive");
    expect(verdict.findings[0]?.title).toMatch(/boot: the evidence ends before it could be decided/);
  });
});

describe("failures that nobody asked for", () => {
  it("fails a recording whose S3 lost the context, and says so", () => {
    const verdict = judge(k04(), { family: foxconn });
    expect(verdict.outcome).toBe("fail");
    expect(verdict.findings).toHaveLength(1);
    expect(verdict.findings[0]).toMatchObject({
      rule: "unexpected-failure",
      title: "resume: device lost its context while suspended",
    });
    expect(verdict.story).toMatch(/device given up; recovered in \d+ ms/);
  });

  it("fails a SYS_ERR outside of the scenario that brought one about", () => {
    const both = judge(between(k10(), "STEP syserr-event"), {
      family: foxconn,
      scenario: scenario.sysErrRecovery(foxconn),
    });
    expect(both.outcome).toBe("fail");
    expect(both.findings.map((finding) => finding.title)).toEqual([
      "SYS_ERR: device reported a system error in M0 (EE AMSS), unasked",
    ]);
    expect(both.findings[0]?.atNs).toBeGreaterThan(8.9e9);
  });

  it("takes what lies before the window as history only", () => {
    const whole = k10();
    const last = between(whole, "STEP unbind");
    const verdict = judge({ ...whole, fromNs: last.fromNs }, { family: foxconn, scenario: scenario.unbind(foxconn) });
    expect(verdict.findings).toEqual([]);
    expect(verdict.story).toBe("powered down");
  });

  it("passes it with the leave that another scenario's verdict gives", () => {
    const evidence = between(k10(), "STEP syserr-event");
    const second = judge(between(k10(), "STEP syserr-intr"), {
      family: foxconn,
      scenario: scenario.sysErrRecovery(foxconn),
    });
    const both = judge(evidence, {
      family: foxconn,
      scenario: scenario.sysErrRecovery(foxconn),
      allowed: second.allowed,
    });
    expect(both.outcome).toBe("pass");
  });
});
