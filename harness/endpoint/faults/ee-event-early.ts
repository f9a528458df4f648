import { MhiState } from "../../mhi/mhi-state.ts";
import { ElementType, elementCode, elementType } from "../../mhi/ring-element.ts";
import type { PostedEvent } from "../mhi-device/event-rings.ts";
import { defineFault, occasions, WHEN } from "./fault.ts";

const isM0 = ({ dword0, dword1 }: PostedEvent): boolean =>
  elementType(dword1) === ElementType.STATE_CHANGE_EVENT && elementCode(dword0 >>> 0) === MhiState.M0;

/** The mission-mode item waits for PM M0, up to the time-out. */
export const eeEventEarly = defineFault({
  name: "ee-event-early",
  about: "the execution environment is told before M0 is acknowledged",
  options: WHEN,
  arm: (options, port) => {
    const acts = occasions(options);
    let held: PostedEvent | undefined;
    return {
      reset: () => {
        held = undefined;
      },
      events: (_ring, events) =>
        events.flatMap((event) => {
          if (held === undefined && isM0(event) && acts()) {
            held = event;
            return [];
          }
          if (held === undefined || elementType(event.dword1) !== ElementType.EE_EVENT) return [event];
          const late = held;
          held = undefined;
          port.acted("EE event posted before the M0 event");
          return [event, late];
        }),
    };
  },
});
