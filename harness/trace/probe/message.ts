/** A record of printk:console that holds a debug message of the driver -> the event that the message states. */
import { BatchNames, EventBatch } from "../batch.ts";
import type { MhiEvent, OtherEvent } from "../mhi-events.ts";
import { isMhiEvent } from "../mhi-events.ts";
import { messageEvent } from "../text/dynamic-debug.ts";

export function messageToEvent({ fields, tNs, cpu, pid, buffer = "" }: OtherEvent): MhiEvent | undefined {
  const said = messageEvent(String(fields.msg ?? "").trimEnd());
  if (!said) return undefined;
  const row = new EventBatch(new BatchNames(), 1);
  row.kind[0] = said.kind;
  row.lane[0] = row.names.lane({ cpu, buffer, source: "dynamic-debug" });
  row.controller[0] = row.names.controller(said.controller);
  row.tNs[0] = tNs;
  row.pid[0] = pid;
  row.a[0] = said.a;
  row.b[0] = said.b ?? 0;
  row.c[0] = said.c ?? 0;
  row.d[0] = said.d ?? 0;
  const event = row.event(0);
  return isMhiEvent(event) ? event : undefined;
}
