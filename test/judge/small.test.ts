import { describe, expect, it } from "vitest";
import { UsageError } from "../../harness/base/errors.ts";
import { pmEdgeCoverage } from "../../harness/judge/coverage.ts";
import { scenario } from "../../harness/judge/index.ts";
import { sdx55 } from "../../harness/mhi/families/sdx55.ts";
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

describe("coverage", () => {
  it("counts edges within a segment only", () => {
    const whole = pmEdgeCoverage([k20().events]);
    expect(whole.pmEdgesTotal).toBe(48);
    expect(whole.pmEdgesSeen).toContain("M3->LD_ERR_FATAL_DETECT");
    expect(whole.pmEdgesSeen).not.toContain("M0->SYS_ERR_DETECT");
    const event = (pmState: number) => ({ kind: "pm", controller: "mhi0", pmState });
    expect(pmEdgeCoverage([[event(PmState.M0)], [event(PmState.M2)]]).pmEdgesSeen).toEqual([]);
    expect(pmEdgeCoverage([[event(PmState.M0), event(PmState.M2)]]).pmEdgesSeen).toEqual(["M0->M2"]);
  });

  it("keeps controllers apart", () => {
    const event = (controller: string, pmState: number) => ({ kind: "pm", controller, pmState });
    const mixed = [event("mhi0", PmState.M0), event("mhi1", PmState.POR), event("mhi0", PmState.M2)];
    expect(pmEdgeCoverage([mixed]).pmEdgesSeen).toEqual(["M0->M2"]);
  });
});

describe("scenarios", () => {
  it("refuse a channel that the family does not have, and say which there are", () => {
    expect(() => scenario.echo(sdx55, "DUN")).toThrow(UsageError);
    expect(() => scenario.echo(sdx55, "DUN")).toThrow(/family sdx55 has no channel pair "DUN"; it has: DIAG, MBIM/);
  });
});
