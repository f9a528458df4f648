/** Which edges of the driver's PM table a run has exercised. */
import { pmStateName } from "../mhi/pm-state.ts";
import { allPmEdges } from "../mhi/transitions.ts";

/** Whatever carries the fields of a PM event: a typed event or a record that was read back. */
export interface CoverageEvent {
  readonly kind: string;
  readonly controller?: unknown;
  readonly pmState?: unknown;
  readonly source?: unknown;
}

export interface PmEdgeCoverage {
  /** `M0->M3_ENTER`, in the order of the table. */
  readonly pmEdgesSeen: string[];
  readonly pmEdgesTotal: number;
}

/** One list of events a segment: an edge never spans two segments, nor two controllers. */
export function pmEdgeCoverage(segments: readonly (readonly CoverageEvent[])[]): PmEdgeCoverage {
  const seen = new Set<string>();
  for (const events of segments) {
    const last = new Map<unknown, number>();
    for (const event of events) {
      if (event.kind !== "pm" || typeof event.pmState !== "number") continue;
      // A debug message mentions a state: what was between two mentions is not known.
      if (event.source === "dynamic-debug") continue;
      const from = last.get(event.controller);
      if (from !== undefined) seen.add(edgeName(from, event.pmState));
      last.set(event.controller, event.pmState);
    }
  }
  const all = allPmEdges().map(([from, to]) => edgeName(from, to));
  return { pmEdgesSeen: all.filter((edge) => seen.has(edge)), pmEdgesTotal: all.length };
}

const edgeName = (from: number, to: number): string => `${pmStateName(from)}->${pmStateName(to)}`;
