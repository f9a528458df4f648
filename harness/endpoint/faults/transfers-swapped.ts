import { ElementType, elementType } from "../../mhi/ring-element.ts";
import type { PostedEvent } from "../mhi-device/event-rings.ts";
import { defineFault, occasions } from "./fault.ts";
import { channelOf, TRANSFER } from "./transfer-event.ts";

/** "points to an unexpected TRE". */
export const transfersSwapped = defineFault({
  name: "transfers-swapped",
  about: "two completions of a channel come in the wrong order",
  options: TRANSFER,
  arm: ({ channel, ...when }, port) => {
    const acts = occasions(when);
    const held = new Map<number, PostedEvent>();
    const take = (event: PostedEvent): PostedEvent[] => {
      const number = channelOf(event);
      const first = held.get(number);
      if (elementType(event.dword1) !== ElementType.TX_EVENT || number !== (channel ?? number)) return [event];
      if (first) {
        held.delete(number);
        port.acted(`two completions of channel ${number} swapped`, { channel: number });
        return [event, first];
      }
      if (!acts()) return [event];
      held.set(number, event);
      return [];
    };
    return { reset: () => held.clear(), events: (_ring, events) => events.flatMap(take) };
  },
});
