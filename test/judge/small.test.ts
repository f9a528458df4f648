import { describe, expect, it } from "vitest";
import { UsageError } from "../../harness/base/errors.ts";
import { type CoverageEvent, coverageOf, edgesOf, missingOf, scenario, united } from "../../harness/judge/index.ts";
import { sdx55 } from "../../harness/mhi/families/qualcomm.ts";
import { PmState } from "../../harness/mhi/pm-state.ts";
import { allPmEdges, judgeHop, legalTargets } from "../../harness/mhi/transitions.ts";
import { k20 } from "./support.ts";

describe("transitions", () => {
  it("has the edges of the driver's table", () => {
    expect(allPmEdges()).toHaveLength(48);
    expect(legalTargets(PmState.M3)).not.toContain(PmState.SHUTDOWN_PROCESS);
  });

  it("allows silent assignments only where the driver makes them", () => {
    expect(judgeHop(PmState.DISABLE, PmState.FW_DL_ERR)).toEqual({ legal: true, via: PmState.POR });
    expect(judgeHop(PmState.DISABLE, PmState.M0).legal).toBe(false);
    expect(judgeHop(PmState.DISABLE, PmState.DISABLE).legal).toBe(false);
    expect(judgeHop(PmState.M3, PmState.DISABLE)).toEqual({ legal: true, via: PmState.LD_ERR_FATAL_DETECT });
    expect(judgeHop(PmState.M0, PmState.DISABLE).legal).toBe(false);
    expect(judgeHop(PmState.M0, PmState.DISABLE, undefined, { missionUnproven: true }).legal).toBe(true);
  });
});

const covered = (segments: readonly (readonly CoverageEvent[])[]) => coverageOf(edgesOf(segments));

describe("coverage", () => {
  it("counts edges within a segment only", () => {
    const whole = covered([k20().events]);
    expect(whole.pmEdgesTotal).toBe(48);
    expect(whole.pmEdgesSeen).toContain("M3->LD_ERR_FATAL_DETECT");
    expect(whole.pmEdgesSeen).not.toContain("M0->SYS_ERR_DETECT");
    const event = (pmState: number) => ({ kind: "pm", controller: "mhi0", pmState });
    expect(covered([[event(PmState.M0)], [event(PmState.M2)]]).pmEdgesSeen).toEqual([]);
    expect(covered([[event(PmState.M0), event(PmState.M2)]]).pmEdgesSeen).toEqual(["M0->M2"]);
  });

  it("keeps controllers apart", () => {
    const event = (controller: string, pmState: number) => ({ kind: "pm", controller, pmState });
    const mixed = [event("mhi0", PmState.M0), event("mhi1", PmState.POR), event("mhi0", PmState.M2)];
    expect(covered([mixed]).pmEdgesSeen).toEqual(["M0->M2"]);
  });

  const of = { family: sdx55, kernel: "6.12.117" };
  it("counts what the device showed of its EE, from its reset on", () => {
    const seen = edgesOf([k20().events]);
    expect(coverageOf(seen, of).ee?.seen).toEqual(["off->AMSS"]);
    const late = [{ kind: "intvec", controller: "mhi0", deviceEe: 2 }]; // nobody knows what was before
    expect(coverageOf(edgesOf([late]), of).ee?.seen).toEqual([]);
  });

  it("counts commands of the family's channels that have come to their end", () => {
    const chan = (phase: string, channel: number) => ({ kind: "chan", controller: "mhi0", phase, channel, command: 2 });
    const { channels } = coverageOf(edgesOf([[chan("start", 4), chan("end", 5), chan("end", 77)]]), of);
    expect(channels?.seen).toEqual(["DIAG 5 START"]);
    expect(channels?.total).toBe(2 * sdx55.channels.length);
    // the driver of 6.1 has no IP_SW0
    expect(coverageOf(edgesOf([]), { ...of, kernel: "6.1.0-50-amd64" }).channels?.total).toBe(
      channels ? channels.total - 4 : 0,
    );
  });

  it("says what would reach the rest, and takes runs together", () => {
    const one = coverageOf(edgesOf([k20().events]), { ...of, scenarios: ["runtime-suspend+runtime-resume"] });
    const other = coverageOf(edgesOf([[]]), { ...of, scenarios: ["boot"] });
    const both = united([one, other]);
    expect(both?.scenarios?.seen).toEqual(["runtime-suspend", "runtime-resume", "boot"]);
    expect(both?.pmEdgesSeen).toEqual(one.pmEdgesSeen);
    const missing = missingOf(both ?? one, sdx55);
    expect(missing.map(({ name }) => name)).not.toContain("boot");
    expect(missing.find(({ name }) => name === "unplugged")?.reach).toBe("mhi-hil run suites/hotplug");
    expect(missing.filter(({ reach }) => reach.startsWith("no action"))).toEqual([]);
    expect(missing).toHaveLength(
      both
        ? 48 - both.pmEdgesSeen.length + 8 - 1 + 2 * sdx55.channels.length - (both.channels?.seen.length ?? 0) + 12 - 3
        : 0,
    );
  });
});

describe("scenarios", () => {
  it("refuse a channel that the family does not have, and say which there are", () => {
    expect(() => scenario.echo(sdx55, "DUN")).toThrow(UsageError);
    expect(() => scenario.echo(sdx55, "DUN")).toThrow(/family sdx55 has no channel pair "DUN"; it has: DIAG, MBIM/);
  });
});
