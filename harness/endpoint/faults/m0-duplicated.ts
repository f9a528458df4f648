import { MhiState } from "../../mhi/mhi-state.ts";
import { ElementType, elementCode, elementType } from "../../mhi/ring-element.ts";
import { defineFault, occasions, WHEN } from "./fault.ts";

/** Harmless: the host enters PM M0 again. */
export const m0Duplicated = defineFault({
  name: "m0-duplicated",
  about: "the M0 event is posted twice",
  options: WHEN,
  arm: (options, port) => {
    const acts = occasions(options);
    return {
      events: (_ring, events) =>
        events.flatMap((event) => {
          const isState = elementType(event.dword1) === ElementType.STATE_CHANGE_EVENT;
          if (!isState || elementCode(event.dword0 >>> 0) !== MhiState.M0 || !acts()) return [event];
          port.acted("M0 event posted twice");
          return [event, event];
        }),
    };
  },
});
