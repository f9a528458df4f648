/** Judges mutants and counts: killed, legal by the driver's source, survived. */
import { judge, type Verdict } from "../../harness/judge/index.ts";
import { type LegalKind, legalKind } from "./legal.ts";
import { kindOfMutant, MUTATIONS, type Mutant, type Mutation } from "./mutants.ts";

export type Fate = "killed" | "legal" | "survived" | "false alarm";

export interface Judged {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
  readonly fate: Fate;
  readonly legal?: LegalKind;
}

/** A cut that says so may leave the question open; all others must be told as a failure. */
const isKilled = ({ mutation }: Mutant, { outcome }: Verdict): boolean =>
  outcome === "fail" || (mutation === "cut" && outcome === "inconclusive");

export function judged(mutant: Mutant): Judged {
  const verdict = judge(mutant.make(), mutant.source.options);
  const legal = legalKind(mutant);
  const isAlarm = legal?.always === true && verdict.outcome !== "pass";
  const fate = isAlarm ? "false alarm" : isKilled(mutant, verdict) ? "killed" : legal ? "legal" : "survived";
  return { mutant, verdict, fate, ...(legal ? { legal } : {}) };
}

export interface Count {
  killed: number;
  legal: number;
  survived: number;
  "false alarm": number;
}

const noCount = (): Count => ({ killed: 0, legal: 0, survived: 0, "false alarm": 0 });

/** Killed of those that are not legal, 0 to 1. */
export const killRate = ({ killed, survived }: Count): number => killed / Math.max(1, killed + survived);

/** How often by kind of mutant and by scenario, with the number of one of them. */
export interface Kind {
  readonly kind: string;
  readonly scenarios: Map<string, number>;
  count: number;
  readonly first: number;
  readonly why?: string;
}

export class Tally {
  readonly total = noCount();
  readonly byMutation = new Map<Mutation, Count>(MUTATIONS.map((mutation) => [mutation, noCount()]));
  readonly kinds = {
    survived: new Map<string, Kind>(),
    legal: new Map<string, Kind>(),
    "false alarm": new Map<string, Kind>(),
  };

  add({ mutant, fate, legal }: Judged, number: number): void {
    this.total[fate]++;
    const count = this.byMutation.get(mutant.mutation);
    if (count) count[fate]++;
    if (fate === "killed") return;
    const kind = kindOfMutant(mutant);
    const why = legal ? `${legal.why} (${legal.source})` : undefined;
    const key = `${kind}${why ?? ""}`;
    const entry = this.kinds[fate].get(key) ?? {
      kind,
      scenarios: new Map(),
      count: 0,
      first: number,
      ...(why ? { why } : {}),
    };
    entry.count++;
    const { scenario } = mutant.source;
    entry.scenarios.set(scenario, (entry.scenarios.get(scenario) ?? 0) + 1);
    this.kinds[fate].set(key, entry);
  }

  /** Most frequent first. */
  sorted(fate: keyof Tally["kinds"]): Kind[] {
    return [...this.kinds[fate].values()].sort((a, b) => b.count - a.count);
  }
}
