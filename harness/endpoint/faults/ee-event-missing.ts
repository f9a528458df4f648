import { ElementType, elementType } from "../../mhi/ring-element.ts";
import { defineFault, occasions, WHEN } from "./fault.ts";

/** Boot stops in M0: the host waits for the event that never comes. */
export const eeEventMissing = defineFault({
  name: "ee-event-missing",
  about: "the execution environment is never told",
  options: WHEN,
  arm: (options, port) => {
    const acts = occasions(options);
    return {
      events: (_ring, events) =>
        events.filter(({ dword1 }) => {
          if (elementType(dword1) !== ElementType.EE_EVENT || !acts()) return true;
          port.acted("EE event dropped");
          return false;
        }),
    };
  },
});
