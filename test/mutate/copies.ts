/** The same on another day, another host: nothing that a verdict may hang on has changed. */
import type { Evidence } from "../../harness/judge/evidence.ts";
import { isMhiEvent, type TraceEvent } from "../../harness/trace/mhi-events.ts";
import type { Healthy } from "./sources.ts";

export const COPIES = ["an hour later", "other tasks, CPUs and addresses", "another controller"] as const;
export type Copy = (typeof COPIES)[number];

const HOUR_NS = 3600e9;
/** A whole number of any ring's length. */
const MOVED = 0x40000000n;

export function copyOf(evidence: Evidence, copy: Copy): Evidence {
  switch (copy) {
    case "an hour later":
      return shifted(evidence, HOUR_NS);
    case "other tasks, CPUs and addresses":
      return { ...evidence, events: evidence.events.map(moved) };
    case "another controller":
      return renamed(evidence, "mhi0", "mhi3");
  }
}

export const copyOfSource = (source: Healthy, copy: Copy): Healthy => ({
  ...source,
  name: `${source.name}, ${copy}`,
  evidence: copyOf(source.evidence, copy),
});

function shifted(evidence: Evidence, byNs: number): Evidence {
  const later = <T extends { readonly tNs: number }>(entry: T): T => ({ ...entry, tNs: entry.tNs + byNs });
  return {
    ...evidence,
    events: evidence.events.map(later),
    dmesg: evidence.dmesg.map(later),
    gaps: evidence.gaps.map((gap) => ({ ...gap, fromNs: gap.fromNs + byNs, toNs: gap.toNs + byNs })),
    fromNs: evidence.fromNs + byNs,
    toNs: evidence.toNs + byNs,
  };
}

/** No address stays no address. */
const further = (address: string): string =>
  address === "0x0" ? address : `0x${(BigInt(address) + MOVED).toString(16)}`;

function moved(event: TraceEvent): TraceEvent {
  // pid 0 is every CPU's idle task
  const other = { ...event, cpu: event.cpu + 4, pid: event.pid === 0 ? 0 : event.pid + 1000 };
  if (other.kind !== "ring" && other.kind !== "tre") return other;
  const slot = other.slot === undefined ? {} : { slot: further(other.slot) };
  return { ...other, ptr: further(other.ptr), ...slot };
}

function renamed(evidence: Evidence, from: string, to: string): Evidence {
  return {
    ...evidence,
    events: evidence.events.map((event) => (isMhiEvent(event) ? { ...event, controller: to } : event)),
    dmesg: evidence.dmesg.map((line) => ({ ...line, text: line.text.replaceAll(from, to) })),
  };
}
