/** The rig as the record's heading tells it. */
import type { RunRecord, SegmentRecord } from "../record/schema.ts";
import type { KeeperStatus } from "./keeper-protocol.ts";
import type { Rig } from "./rig.ts";

type RigHeading = RunRecord["rig"];

export function rigFacts(
  rig: Rig,
  status: KeeperStatus | undefined,
  segment: SegmentRecord | undefined,
): { rig: RigHeading; versions: Record<string, string> } {
  const { pci, driverName, id } = rig.family;
  const hex = (value: number): string => value.toString(16).padStart(4, "0");
  const kernel = segment?.kernel ?? "not up";
  const slot = `slot power ${rig.file.slotPower}`;
  return {
    rig: {
      id: rig.file.id,
      kind: rig.file.kind,
      family: id,
      host: status?.accel ? `guest ${kernel} (${status.accel})` : kernel,
      dut: `${driverName} ${hex(pci.vendor)}:${hex(pci.device)}, ${slot}`,
      notes: [
        `trace ${rig.host.traceDescription}`,
        ...(status?.faults.length ? [`faults ${status.faults.join(", ")}`] : []),
      ],
    },
    versions: { ...status?.versions, kernel },
  };
}
