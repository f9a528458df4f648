/**
 * Which edges and scenarios a run has exercised, of which device: family, firmware, kernel. What a run has not shown is
 * listed with what would reach it.
 */
import type { FamilyProfile } from "../../mhi/families/family.ts";
import { familyOn } from "../../mhi/families/family.ts";
import type { CoverageRecord } from "../../record/schema.ts";
import { allChannelEdgeNames, allEeEdgeNames, allPmEdgeNames, channelEdgesOf, type SeenEdges } from "./edges.ts";
import { reachChannel, reachEe, reachPm, reachScenario, SCENARIO_IDS, scenariosIn } from "./reach.ts";

export { type CoverageEvent, EdgeFold, edgesOf, edgesOfAll, type SeenEdges } from "./edges.ts";

export interface CoverageOf {
  /** Absent: not known; then PM edges are counted and nothing else. */
  readonly family?: FamilyProfile;
  /** `uname -r` of the host. */
  readonly kernel?: string;
  readonly firmware?: string;
  /** Scenarios that were followed to their end, `a+b` for two in turn. */
  readonly scenarios?: readonly string[];
}

type Part = keyof Pick<CoverageRecord, "ee" | "channels" | "scenarios"> | "pm";

const REACH: Readonly<Record<Part, (name: string) => string | undefined>> = {
  pm: reachPm,
  ee: reachEe,
  channels: reachChannel,
  scenarios: reachScenario,
};

export function coverageOf(seen: SeenEdges, of: CoverageOf = {}): CoverageRecord {
  const { family, kernel, firmware, scenarios = [] } = of;
  const pm = counted(allPmEdgeNames(), seen.pm);
  const base = { pmEdgesSeen: pm.seen, pmEdgesTotal: pm.total };
  if (!family) return base;
  const known = familyOn(family, kernel);
  return {
    ...base,
    of: {
      family: family.id,
      ...(kernel === undefined ? {} : { kernel }),
      ...(firmware === undefined ? {} : { firmware }),
    },
    ee: counted(allEeEdgeNames(known), seen.ee),
    channels: counted(allChannelEdgeNames(known), channelEdgesOf(seen, known)),
    scenarios: counted(SCENARIO_IDS, new Set(scenarios.flatMap(scenariosIn))),
  };
}

function counted(all: readonly string[], seen: ReadonlySet<string>): { seen: string[]; total: number } {
  return { seen: all.filter((name) => seen.has(name)), total: all.length };
}

export interface Missing {
  readonly part: Part;
  readonly name: string;
  /** A command, or what the rig must do. */
  readonly reach: string;
}

/** What has not been exercised of what the family has. */
export function missingOf(coverage: CoverageRecord, family: FamilyProfile | undefined): Missing[] {
  const { pmEdgesSeen, ee, channels, scenarios, of } = coverage;
  const known = family && familyOn(family, of?.kernel);
  const parts: readonly (readonly [Part, readonly string[], readonly string[] | undefined])[] = [
    ["pm", allPmEdgeNames(), pmEdgesSeen],
    ["ee", known ? allEeEdgeNames(known) : [], ee?.seen],
    ["channels", known ? allChannelEdgeNames(known) : [], channels?.seen],
    ["scenarios", SCENARIO_IDS, scenarios?.seen],
  ];
  return parts.flatMap(([part, all, seen]) =>
    (seen ? all.filter((name) => !seen.includes(name)) : []).map((name) => ({
      part,
      name,
      reach: REACH[part](name) ?? "no action of a rig is known for it",
    })),
  );
}

/** Of several runs of one device: what any of them has shown. */
export function united(coverages: readonly CoverageRecord[]): CoverageRecord | undefined {
  const [first, ...rest] = coverages;
  if (!first) return undefined;
  let sum = first;
  for (const next of rest) {
    const pmEdgesSeen = [...new Set([...sum.pmEdgesSeen, ...next.pmEdgesSeen])];
    sum = {
      ...sum,
      pmEdgesSeen,
      ...both("ee", sum, next),
      ...both("channels", sum, next),
      ...both("scenarios", sum, next),
    };
  }
  return sum;
}

function both(part: "ee" | "channels" | "scenarios", a: CoverageRecord, b: CoverageRecord): Partial<CoverageRecord> {
  const [one, other] = [a[part], b[part]];
  if (!one || !other) return {};
  return { [part]: { seen: [...new Set([...one.seen, ...other.seen])], total: one.total } };
}
