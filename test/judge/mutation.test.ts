import { describe, expect, it } from "vitest";
import { judge } from "../../harness/judge/index.ts";
import { cases } from "./cases.ts";
import { cuts, drops, duplicates, gaps, type Mutant, retargets, swaps } from "./mutants.ts";

/**
 * Mutants that the driver could have left behind with a good device. Each line says why.
 */
const STILL_LEGAL: readonly [RegExp, string][] = [
  [/^(?:drop|duplicate): TRE/, "a client queues as many buffers as it likes, up to the ring's size"],
  [/^swap: .*TRE/, "clients queue on any CPU, side by side with all else"],
  [
    /^swap: (?:PM M0 \/ ST 3|ST 5 \/ ST 1|CS \d \/ PM M3_EXIT|PM M3 \/ CS \d|CS 2 \/ PM LD_ERR)/,
    "two CPUs, no causal edge",
  ],
  [/^(?:drop|duplicate): ST 5/, "a SYS_ERR may be handled twice, the second time without a PM record (6.4, 6.0.10)"],
  [/^retarget: ST 1 -> ST 0/, "PBL instead of READY, in which the driver waits for READY as well when it finds AMSS"],
  [/^swap: .*(?:ST [15]|PM POR)/, "the same, in another order"],
  [/^drop: PM POR/, "the second READY handshake of two is refused when M0 came first"],
  [/^duplicate: PM LD_ERR/, "LD_ERR -> LD_ERR is in the table"],
  [/^(?:drop|retarget|swap): ctrl 0x20 255/, "SYS_ERR is also seen by interrupt or by an empty tasklet run"],
  [/^(?:drop|swap): (?:ctrl|data) 0x22/, "a buffer may stay with the device; nothing waits for it in these recordings"],
  [/^duplicate: ctrl 0x40/, "a second EE event right before the end of what is known of the queue"],
  [/^(?:drop|duplicate|retarget): CS 2/, "the refused START of a client's early resume (context lost)"],
  [/^drop: CX 0/, "a RESET that is overtaken by an error state needs no end (6.0.11)"],
];

const legal = (mutant: Mutant): boolean =>
  STILL_LEGAL.some(([pattern]) => pattern.test(`${mutant.kind}: ${mutant.what}`));

function run(make: (evidence: (typeof cases)[number]["evidence"]) => Iterable<Mutant>): {
  total: number;
  survivors: string[];
  outcomes: Set<string>;
} {
  let total = 0;
  const survivors: string[] = [];
  const outcomes = new Set<string>();
  for (const { evidence, options, name } of cases) {
    for (const mutant of make(evidence)) {
      total++;
      const { outcome } = judge(mutant.evidence, options);
      outcomes.add(outcome);
      if (outcome === "pass") survivors.push(`${name}: ${mutant.kind}: ${mutant.what}`);
    }
  }
  return { total, survivors, outcomes };
}

const only = (
  make: (evidence: (typeof cases)[number]["evidence"]) => Iterable<Mutant>,
  keep: (mutant: Mutant) => boolean,
) =>
  function* (evidence: (typeof cases)[number]["evidence"]): Generator<Mutant> {
    for (const mutant of make(evidence)) if (keep(mutant)) yield mutant;
  };

describe("mutants of recordings", () => {
  it("kills every illegal PM hop", () => {
    const { total, survivors } = run(only(retargets, (mutant) => mutant.what.startsWith("PM")));
    expect(total).toBeGreaterThan(500);
    expect(survivors).toEqual([]);
  });

  it("kills every lost acknowledgement: the M0, M3 and EE events, the completions, the ends of commands", () => {
    const lost = /^(?:ctrl 0x20 [25]$|ctrl 0x21|ctrl 0x40|CX 2|PM M3$|PM M0$)/;
    const { total, survivors } = run(only(drops, (mutant) => lost.test(mutant.what)));
    expect(total).toBeGreaterThan(150);
    expect(survivors).toEqual([]);
  });

  it("calls every recording with a gap inconclusive: neither passed nor blamed", () => {
    const { total, outcomes } = run(gaps);
    expect(total).toBeGreaterThan(300);
    expect([...outcomes]).toEqual(["inconclusive"]);
  });

  it("calls every recording that stops in the middle failed or inconclusive", () => {
    const { total, survivors } = run(cuts);
    expect(total).toBeGreaterThan(400);
    // a cut after the last step that was asked for is no failure
    expect(survivors.filter((entry) => !/after PM (?:DISABLE|M0|M3)$/.test(entry))).toEqual([]);
    expect(survivors.length).toBeLessThan(8);
  });

  it("kills at least 98 % of the others that are not legal", () => {
    const all = [drops, duplicates, swaps, retargets].map((make) => run(only(make, (mutant) => !legal(mutant))));
    const total = all.reduce((sum, entry) => sum + entry.total, 0);
    const survivors = all.flatMap((entry) => entry.survivors);
    expect(total).toBeGreaterThan(1500);
    expect(survivors.length / total, survivors.join("\n")).toBeLessThanOrEqual(0.02);
  }, 120_000);
});
