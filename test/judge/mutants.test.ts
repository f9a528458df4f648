import { describe, expect, it } from "vitest";
import { judge } from "../../harness/judge/index.ts";
import { COPIES, copyOf, copyOfSource } from "../mutate/copies.ts";
import { MUTATIONS, wordsOfMutant } from "../mutate/mutants.ts";
import { planOf } from "../mutate/plan.ts";
import { healthySources } from "../mutate/sources.ts";
import { judged, killRate, Tally } from "../mutate/tally.ts";

const sources = await healthySources(process.cwd());

/** What the rules reach today: never less. `npm run mutate` tells what survives. */
const FLOOR = 0.97;
const SLICE = 540;

describe("healthy windows", () => {
  it("are of three kernels, three families and every scenario", () => {
    const kernels = new Set(sources.map(({ evidence }) => evidence.kernel.slice(0, 4)));
    expect(kernels).toEqual(new Set(["6.1.", "6.12", "7.2."]));
    expect(new Set(sources.map(({ options }) => options.family.id))).toEqual(
      new Set(["sdx55", "foxconn-sdx55", "aic100"]),
    );
    expect(new Set(sources.map(({ scenario }) => scenario)).size).toBeGreaterThanOrEqual(11);
  });

  it.each(sources.map((source) => [source.name, source] as const))("%s: passes", (_name, { evidence, options }) => {
    const { outcome, findings } = judge(evidence, options);
    expect({ outcome, findings }).toEqual({ outcome: "pass", findings: [] });
  });

  it.each(COPIES)("pass as well: %s", (copy) => {
    const bad = sources
      .map((source) => copyOfSource(source, copy))
      .filter(({ evidence, options }) => judge(evidence, options).outcome !== "pass");
    expect(bad.map(({ name }) => name)).toEqual([]);
  });
});

describe("mutants", () => {
  const plan = planOf(sources, 1, SLICE);

  it("are there by the thousand, and the same again by the same seed", () => {
    expect(plan.possible).toBeGreaterThan(10_000);
    const again = planOf(sources, 1, SLICE);
    expect(again.mutants.map(wordsOfMutant)).toEqual(plan.mutants.map(wordsOfMutant));
    expect(planOf(sources, 2, SLICE).mutants.map(wordsOfMutant)).not.toEqual(plan.mutants.map(wordsOfMutant));
  });

  it("change the evidence", () => {
    for (const mutant of plan.mutants) {
      const { events, toNs } = mutant.make();
      const { evidence } = mutant.source;
      expect({ events, toNs }, wordsOfMutant(mutant)).not.toEqual({ events: evidence.events, toNs: evidence.toNs });
    }
  });

  it(`of a slice, ${FLOOR * 100} % of those that are not legal are killed, and no legal one is blamed`, () => {
    const tally = new Tally();
    for (const [number, mutant] of plan.mutants.entries()) tally.add(judged(mutant), number);
    expect([...tally.byMutation.keys()]).toEqual(MUTATIONS);
    expect(tally.total["false alarm"]).toBe(0);
    const survivors = tally.sorted("survived").map(({ kind, count, first }) => `${count} ${kind}, e.g. ${first}`);
    expect(killRate(tally.total), survivors.join("\n")).toBeGreaterThanOrEqual(FLOOR);
  });

  it.each(COPIES)("are judged and signed the same: %s", (copy) => {
    for (const mutant of plan.mutants.slice(0, 60)) {
      const evidence = mutant.make();
      const [one, other] = [evidence, copyOf(evidence, copy)].map((own) => judge(own, mutant.source.options));
      const told = { outcome: one?.outcome, rules: one?.findings.map(({ rule }) => rule), signature: one?.signature };
      expect(
        { outcome: other?.outcome, rules: other?.findings.map(({ rule }) => rule), signature: other?.signature },
        wordsOfMutant(mutant),
      ).toEqual(told);
    }
  });
});
