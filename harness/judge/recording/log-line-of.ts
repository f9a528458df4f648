/** Lines of the kernel's log that stand in a recording as events, and which of them may tell why. */
import type { TraceEvent } from "../../trace/mhi-events.ts";
import type { LogLine } from "../evidence.ts";

/** A message that may say why: of the bus, its drivers, the slot, or of sleep. */
export const isTelling = (message: string): boolean =>
  /mhi|qaic|ath1[12]k|wwan|qrtr|pcieport|AER|Linux version|PM: |Firmware|firmware/.test(message);

/** printk's console event, or a line of the log that stands between trace records; undefined unless it is telling. */
export function logLineOf(event: TraceEvent): LogLine | undefined {
  if (event.kind !== "other") return undefined;
  const said = event.fields.text ?? event.fields.msg;
  if (typeof said !== "string") return undefined;
  const text = said.trim();
  return isTelling(text) ? { tNs: event.tNs, level: 6, text } : undefined;
}
