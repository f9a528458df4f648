import { CompletionCode, ElementType, elementType } from "../../mhi/ring-element.ts";
import { defineFault, occasions, WHEN } from "./fault.ts";

/** The client's probe or open fails with -5. */
export const commandRefused = defineFault({
  name: "command-refused",
  about: "a channel command is completed with an error code",
  options: {
    ...WHEN,
    code: { kind: "whole-number", min: 0, max: 255, default: CompletionCode.UNDEFINED_ERR, about: "completion code" },
  },
  arm: ({ code, ...when }, port) => {
    const acts = occasions(when);
    return {
      events: (_ring, events) =>
        events.map((event) => {
          if (elementType(event.dword1) !== ElementType.CMD_COMPLETION_EVENT || !acts()) return event;
          port.acted(`command completed with code 0x${code.toString(16)}`);
          return { ...event, dword0: (code << 24) | (event.dword0 & 0xffffff) };
        }),
    };
  },
});
