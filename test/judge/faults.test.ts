/** The five faults that the endpoint injects, as they look to the host: made of a good recording and the host's own words. */
import { describe, expect, it } from "vitest";
import type { DeviceLine, Evidence, LogLine } from "../../harness/judge/evidence.ts";
import { judge, scenario } from "../../harness/judge/index.ts";
import { sdx55 } from "../../harness/mhi/families/qualcomm.ts";
import { PmState } from "../../harness/mhi/pm-state.ts";
import type { TraceEvent } from "../../harness/trace/mhi-events.ts";
import { evidenceOf, k20 } from "./support.ts";

const good = k20();

const pmAt = (state: PmState, nth = 0): number => {
  const found = good.events.flatMap((event, index) => (event.kind === "pm" && event.pmState === state ? [index] : []));
  const at = found[nth];
  if (at === undefined) throw new Error(`no PM ${state} number ${nth} in the recording`);
  return at;
};
const timeOf = (index: number): number => good.events[index]?.tNs ?? 0;
const log = (tNs: number, text: string): LogLine => ({ tNs, level: 3, text });
const device = (tNs: number, kind: string, text: string): DeviceLine => ({ tNs, kind, text });
const evidence = (events: readonly TraceEvent[], extra: Partial<Evidence>): Evidence => evidenceOf(events, extra);

describe("M3 not acknowledged", () => {
  const at = pmAt(PmState.M3_ENTER);
  const askedNs = timeOf(at);
  const broken = evidence(good.events.slice(0, at + 1), {
    toNs: askedNs + 9e9,
    dmesg: [
      log(askedNs + 8.2e9, "mhi mhi0: Did not enter M3 state, MHI state: M0, PM state: M?->M3"),
      log(askedNs + 8.2e9, "mhi-pci-generic 0000:01:00.0: failed to suspend device: -5"),
    ],
    device: [
      device(askedNs + 1e6, "mmio-write", "MHICTRL = 0x0500"),
      device(askedNs + 1e6, "fault", "m3-not-acked: MHICTRL = M3 ignored"),
    ],
  });

  it.each([
    ["with its scenario", scenario.runtimeSuspend(sdx55)],
    ["with no scenario", undefined],
  ])("is named, %s", (_name, expected) => {
    const verdict = judge(broken, { family: sdx55, ...(expected ? { scenario: expected } : {}) });
    expect(verdict.outcome).toBe("fail");
    expect(verdict.findings).toHaveLength(1);
    const [finding] = verdict.findings;
    expect(finding?.title).toBe("suspend: device did not acknowledge M3 within 8 s");
    expect(finding?.found).toMatch(/nothing for 8.20 s, then "mhi mhi0: Did not enter M3 state/);
    expect(finding?.found).toContain("device log agrees: MHICTRL=M3 seen, no M3 event posted");
    expect(finding?.found).toContain("fault injected: m3-not-acked: MHICTRL = M3 ignored");
    expect(finding?.because).toContain(at);
  });

  it("fails by the clock alone when the log is silent", () => {
    const quiet = { ...broken, dmesg: [], toNs: askedNs + 30e9 };
    expect(judge(quiet, { family: sdx55 }).findings[0]?.title).toBe(
      "suspend: device did not acknowledge M3 within 8 s",
    );
  });

  it("is not decided before the time is up", () => {
    const early = { ...broken, dmesg: [], toNs: askedNs + 5e9 };
    expect(judge(early, { family: sdx55 }).outcome).toBe("pass");
    const verdict = judge(early, { family: sdx55, scenario: scenario.runtimeSuspend(sdx55) });
    expect(verdict.outcome).toBe("inconclusive");
    expect(verdict.undecided).toEqual({ waitingFor: "device acknowledges M3", deadlineNs: askedNs + 10e9 });
  });

  it("is inconclusive when the acknowledgement may have been lost", () => {
    const gap = { fromNs: askedNs + 1e6, toNs: askedNs + 2e6, reason: "overrun" as const, lost: 3 };
    const verdict = judge({ ...broken, gaps: [gap] }, { family: sdx55, scenario: scenario.runtimeSuspend(sdx55) });
    expect(verdict.outcome).toBe("inconclusive");
    expect(verdict.findings[0]?.found).toContain("the trace buffer overran (3 events lost)");
  });

  it("fails all the same when the gap lies elsewhere", () => {
    const gap = { fromNs: 1e9, toNs: 1.1e9, reason: "not-collecting" as const };
    expect(judge({ ...broken, gaps: [gap] }, { family: sdx55 }).outcome).toBe("fail");
  });
});

describe("SYS_ERR unasked", () => {
  const at = pmAt(PmState.M3_EXIT) + 4;
  const tNs = timeOf(at);
  const base = { tNs, cpu: 0, pid: 1, controller: "mhi0" };
  const broken = evidence(
    [
      ...good.events.slice(0, at),
      { ...base, kind: "intvec", localEe: 2, localState: 2, deviceEe: 2, deviceState: 0xff },
      { ...base, tNs: tNs + 1e5, kind: "pm", pmState: PmState.SYS_ERR_DETECT },
      { ...base, tNs: tNs + 2e5, kind: "worker", item: 5 },
    ],
    { toNs: tNs + 1e9, dmesg: [log(tNs + 1e6, "mhi-pci-generic 0000:01:00.0: firmware crashed (6)")] },
  );

  it("is told first, before the scenario that it broke", () => {
    const verdict = judge(broken, { family: sdx55, scenario: scenario.systemSuspendResume(sdx55) });
    expect(verdict.outcome).toBe("fail");
    expect(verdict.findings[0]?.title).toBe("SYS_ERR: device reported a system error in M0 (EE AMSS), unasked");
    expect(verdict.findings[0]?.found).toContain("firmware crashed (6)");
    expect(verdict.findings[0]?.because).toEqual([at, at + 1]);
  });
});

describe("device gone", () => {
  const at = pmAt(PmState.M0, 1) + 2;
  const tNs = timeOf(at) + 1.5e9;
  const base = { cpu: 0, pid: 1, controller: "mhi0" };
  const events: readonly TraceEvent[] = [
    ...good.events.slice(0, at),
    { ...base, tNs, kind: "pm", pmState: PmState.LD_ERR_FATAL_DETECT },
    { ...base, tNs: tNs + 1e6, kind: "worker", item: 7 },
    { ...base, tNs: tNs + 9e7, kind: "pm", pmState: PmState.DISABLE },
  ];
  const dmesg = [
    log(tNs - 1e6, "mhi-pci-generic 0000:01:00.0: Device died"),
    log(tNs, "mhi-pci-generic 0000:01:00.0: device recovery started"),
  ];

  it("is named where nobody expects it", () => {
    const verdict = judge(evidence(events, { dmesg, toNs: tNs + 1e9 }), { family: sdx55 });
    expect(verdict.findings.map((finding) => finding.title)).toEqual([
      "device gone: the health check could not read its vendor id",
    ]);
    expect(verdict.findings[0]?.cause).toMatch(/unplugged/);
    expect(verdict.story).toMatch(/device given up; not recovered/);
  });

  it("is what the device-gone scenario wants", () => {
    const options = { family: sdx55, scenario: scenario.deviceGone(sdx55), scenarioFromNs: timeOf(at) - 1 };
    expect(judge(evidence(events, { dmesg, toNs: tNs + 1e9 }), options).outcome).toBe("pass");
  });
});

describe("READY never", () => {
  const begin = good.events.slice(0, 1);
  const tNs = timeOf(0);
  const broken = evidence(begin, {
    toNs: tNs + 12e9,
    dmesg: [log(tNs + 10.4e9, "mhi mhi0: Device failed to enter MHI Ready")],
    device: [device(tNs + 1e6, "fault", "ready-never: READY withheld")],
  });

  it.each([
    ["with its scenario", scenario.boot(sdx55)],
    ["with no scenario", undefined],
  ])("is named, %s", (_name, expected) => {
    const verdict = judge(broken, { family: sdx55, ...(expected ? { scenario: expected } : {}) });
    expect(verdict.findings.map((finding) => finding.title)).toEqual(["boot: device did not become READY within 8 s"]);
    expect(verdict.findings[0]?.found).toContain("fault injected: ready-never: READY withheld");
    expect(verdict.findings[0]?.known?.id).toBe("F01");
  });

  it("is no fault of a device that was in M0 when the host asked once more", () => {
    const refused = [log(tNs + 1e6, "mhi mhi0: Error moving to state POWER ON RESET from M0")];
    const verdict = judge({ ...broken, dmesg: refused, toNs: tNs + 41e9 }, { family: sdx55 });
    expect(verdict.outcome).toBe("fail");
    expect(verdict.findings[0]?.title).toMatch(
      /^READY: the host ran its handshake a second time, with the device in M0/,
    );
    expect(verdict.findings[0]?.cause).toMatch(/driver race/);
  });

  it("fails by the clock after two polled waits", () => {
    expect(judge({ ...broken, dmesg: [], toNs: tNs + 39e9 }, { family: sdx55 }).outcome).toBe("pass");
    expect(judge({ ...broken, dmesg: [], toNs: tNs + 41e9 }, { family: sdx55 }).outcome).toBe("fail");
  });
});

describe("a command completion lost", () => {
  const start = good.events.findIndex(
    (event) => event.kind === "chan" && event.channel === 21 && event.phase === "start",
  );
  const next = good.events.findIndex((event) => event.kind === "chan" && event.channel === 46);
  const lateNs = 8.2e9;
  const later = good.events.slice(next, pmAt(PmState.M3_ENTER)).map((event) => ({ ...event, tNs: event.tNs + lateNs }));
  // the device works on through its ring: the completions behind the lost one keep their places
  const events = [...good.events.slice(0, start + 1), ...later];
  const askedNs = timeOf(start);

  it.each([
    [
      "told by the log",
      [log(askedNs + 8.05e9, "qcom_mhi_qrtr mhi0_IPCR: 21: Failed to receive START channel command completion")],
    ],
    ["proved by the completion of the next command", []],
  ])("names the channel, %s", (_name, dmesg) => {
    const verdict = judge(evidence(events, { dmesg, toNs: askedNs + 20e9 }), {
      family: sdx55,
      scenario: scenario.boot(sdx55),
    });
    expect(verdict.outcome).toBe("fail");
    expect(verdict.findings[0]?.title).toBe("channel 21 (IPCR): device did not complete START within 8 s");
    expect(verdict.findings).toHaveLength(1);
  });
});
