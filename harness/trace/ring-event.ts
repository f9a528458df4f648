/** An element of an event ring as an event: its fields taken apart by packet type, never by the driver's `State:`. */
import { elementChannel, elementCode, elementLength, elementType } from "../mhi/ring-element.ts";
import type { RingEvent } from "./mhi-events.ts";

/** What every event has, whatever it is. */
export interface EventHead {
  readonly tNs: number;
  readonly cpu: number;
  readonly pid: number;
}

export function ringEvent(
  head: EventHead,
  controller: string,
  ring: RingEvent["ring"],
  element: { ptr: string; dword0: number; dword1: number },
): RingEvent {
  const { ptr, dword0, dword1 } = element;
  return {
    kind: "ring",
    ...head,
    controller,
    ring,
    type: elementType(dword1),
    code: elementCode(dword0),
    channel: elementChannel(dword1),
    length: elementLength(dword0),
    ptr,
    dword0,
    dword1,
  };
}
