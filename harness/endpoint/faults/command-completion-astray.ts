import { ElementType, elementType } from "../../mhi/ring-element.ts";
import { defineFault, occasions, WHEN } from "./fault.ts";

/** "Event element points outside of the cmd ring"; the command itself runs into its time-out. */
export const commandCompletionAstray = defineFault({
  name: "command-completion-astray",
  about: "a command's completion points outside the command ring",
  options: WHEN,
  arm: (options, port) => {
    const acts = occasions(options);
    return {
      events: (_ring, events) =>
        events.map((event) => {
          if (elementType(event.dword1) !== ElementType.CMD_COMPLETION_EVENT || !acts()) return event;
          port.acted("command completion points nowhere");
          return { ...event, ptr: event.ptr ^ 0x8000_0000n };
        }),
    };
  },
});
