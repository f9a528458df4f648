/** What the faults on transfer events share: which events they act on. */
import { ElementType, elementChannel, elementType } from "../../mhi/ring-element.ts";
import type { PostedEvent } from "../mhi-device/event-rings.ts";
import { CHANNEL, type FaultHooks, occasions, WHEN } from "./fault.ts";

export const TRANSFER = { ...WHEN, channel: CHANNEL } as const;

export interface TransferOptions {
  readonly skip: number;
  readonly times: number;
  readonly channel: number | undefined;
}

export const channelOf = ({ dword1 }: PostedEvent): number => elementChannel(dword1 >>> 0);

/** `change` is given each transfer event that the fault acts on, and says what is posted in its place. */
export function onTransfers(
  { channel, ...when }: TransferOptions,
  change: (event: PostedEvent, ring: number) => readonly PostedEvent[],
  fits: (event: PostedEvent) => boolean = () => true,
): Pick<FaultHooks, "events"> {
  const acts = occasions(when);
  return {
    events: (ring, events) =>
      events.flatMap((event) => {
        const mine =
          elementType(event.dword1) === ElementType.TX_EVENT &&
          (channel === undefined || channelOf(event) === channel) &&
          fits(event);
        return mine && acts() ? change(event, ring) : [event];
      }),
  };
}
