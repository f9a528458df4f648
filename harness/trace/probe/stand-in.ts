/** Which records of a recording stand for the driver's own events. */
import type { TraceSource } from "../source.ts";
import { AssembledSource } from "./assembled-source.ts";
import { PROBE_GROUP } from "./definitions.ts";

/**
 * On kernels before 6.9: what was recorded in the events' place, probes or the debug messages that printk's console event
 * carries. Otherwise the records as they are.
 *
 * @param events - that the recording has formats of: `mhi_host:mhi_gen_tre`.
 */
export function standIn(records: TraceSource, events: Iterable<string>): TraceSource {
  const names = [...events];
  if (names.some((name) => name.startsWith(`${PROBE_GROUP}:`))) return new AssembledSource(records, "unprobed");
  const driver = names.some((name) => name.startsWith("mhi_host:"));
  return !driver && names.includes("printk:console") ? new AssembledSource(records, "all") : records;
}
