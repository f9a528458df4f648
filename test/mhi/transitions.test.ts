import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { PmState, pmStateName } from "../../harness/mhi/pm-state.ts";
import { allPmEdges, judgeHop, legalTargets } from "../../harness/mhi/transitions.ts";

type Name = keyof typeof PmState;
const names = Object.keys(PmState) as Name[];
const targets = (from: Name): string[] => legalTargets(PmState[from]).map(pmStateName);

/**
 * Column by column: who may go there. The product has it row by row, so that a slip of one is no slip of the other.
 * Source: dev_state_transitions[] of drivers/bus/mhi/host/pm.c, 6.12.117 and 7.2.12.
 */
const COLUMNS: Readonly<Record<Name, readonly Name[]>> = {
  DISABLE: ["POR", "SHUTDOWN_PROCESS", "LD_ERR_FATAL_DETECT"],
  POR: ["DISABLE", "POR", "SYS_ERR_PROCESS"],
  M0: ["POR", "M0", "M2", "M3_EXIT"],
  M2: ["M0"],
  M3_ENTER: ["M0"],
  M3: ["M3_ENTER"],
  M3_EXIT: ["M3"],
  FW_DL_ERR: ["POR", "M0", "FW_DL_ERR"],
  SYS_ERR_DETECT: ["POR", "M0", "M2", "M3_ENTER", "M3", "M3_EXIT", "FW_DL_ERR", "SYS_ERR_FAIL"],
  SYS_ERR_PROCESS: ["SYS_ERR_DETECT"],
  SYS_ERR_FAIL: ["SYS_ERR_PROCESS"],
  SHUTDOWN_PROCESS: [
    "POR",
    "M0",
    "M2",
    "M3_ENTER",
    "M3_EXIT",
    "FW_DL_ERR",
    "SYS_ERR_DETECT",
    "SYS_ERR_PROCESS",
    "SYS_ERR_FAIL",
  ],
  LD_ERR_FATAL_DETECT: names.filter((name) => name !== "DISABLE"),
};

describe("the driver's table", () => {
  test.each(names)("who may go to %s", (to) => {
    expect(names.filter((from) => targets(from).includes(to))).toEqual(COLUMNS[to]);
  });

  test("its edges, each once", () => {
    const edges = allPmEdges().map(([from, to]) => `${pmStateName(from)}>${pmStateName(to)}`);
    expect(new Set(edges).size).toBe(edges.length);
    expect(edges).toHaveLength(Object.values(COLUMNS).flat().length);
    expect(edges).toContain("M3>M3_EXIT");
    expect(edges).not.toContain("M3>SHUTDOWN_PROCESS");
    expect(edges).not.toContain("DISABLE>LD_ERR_FATAL_DETECT");
  });

  test("every hop of a real kernel's recording is legal, from the first boot on", () => {
    const text = readFileSync(new URL("../data/judge/20-k6.12-sdx55-nominal.trace.txt", import.meta.url), "utf8");
    const words: Readonly<Record<string, Name>> = {
      "POWER ON RESET": "POR",
      "M?->M3": "M3_ENTER",
      "M3->M0": "M3_EXIT",
      "SYS ERROR Detect": "SYS_ERR_DETECT",
      "SYS ERROR Process": "SYS_ERR_PROCESS",
      "SHUTDOWN Process": "SHUTDOWN_PROCESS",
      "Linkdown or Error Fatal Detect": "LD_ERR_FATAL_DETECT",
    };
    const path = [...text.matchAll(/ PM state: (.+)$/gm)].map((match) => words[match[1] ?? ""] ?? (match[1] as Name));
    expect(path.length).toBeGreaterThan(8);
    let last: Name = "DISABLE";
    for (const next of path) {
      expect(PmState[next], `${next} is a state`).toBeDefined();
      expect(judgeHop(PmState[last], PmState[next]).legal, `${last} to ${next}`).toBe(true);
      last = next;
    }
  });
});

/** Design facts 2.4: what the driver assigns without a record. */
describe("assignments without a record", () => {
  const hop = (from: Name, to: Name, missionUnproven = false) =>
    judgeHop(PmState[from], PmState[to], "6.12.117", { missionUnproven });

  test("what the table allows needs none", () => {
    expect(hop("DISABLE", "POR")).toEqual({ legal: true });
    expect(hop("M0", "M3_ENTER")).toEqual({ legal: true });
  });

  test("from DISABLE a power-up may fail or be shut down before its first record, but it cannot be in M0", () => {
    for (const to of ["SYS_ERR_DETECT", "SHUTDOWN_PROCESS", "LD_ERR_FATAL_DETECT", "FW_DL_ERR"] as const) {
      expect(hop("DISABLE", to)).toEqual({ legal: true, via: PmState.POR });
    }
    for (const to of ["DISABLE", "M0", "M2", "M3_ENTER", "M3", "M3_EXIT", "SYS_ERR_PROCESS", "SYS_ERR_FAIL"] as const) {
      expect(hop("DISABLE", to), to).toEqual({ legal: false });
    }
  });

  test("power down in M3 is forced: DISABLE follows, and from M0 it may not", () => {
    expect(hop("M3", "DISABLE")).toEqual({ legal: true, via: PmState.LD_ERR_FATAL_DETECT });
    expect(hop("M0", "DISABLE")).toEqual({ legal: false });
    expect(hop("M3", "SHUTDOWN_PROCESS")).toEqual({ legal: false });
    expect(hop("M3", "M0")).toEqual({ legal: false });
  });

  test("a mission-mode item that may have failed explains an end from anywhere, and no more than an end", () => {
    expect(hop("M0", "DISABLE", true)).toEqual({ legal: true, via: PmState.LD_ERR_FATAL_DETECT });
    expect(hop("M2", "DISABLE", true)).toEqual({ legal: true, via: PmState.LD_ERR_FATAL_DETECT });
    expect(hop("M0", "M3", true)).toEqual({ legal: false });
    expect(hop("M0", "POR", true)).toEqual({ legal: false });
  });
});
