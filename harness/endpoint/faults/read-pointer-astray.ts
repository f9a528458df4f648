import { defineFault, occasions, WHEN } from "./fault.ts";

/** "Event ring rp points outside of the event ring": the batch is dropped. */
export const readPointerAstray = defineFault({
  name: "read-pointer-astray",
  about: "an event ring's read pointer is unaligned, or outside the ring",
  options: {
    ...WHEN,
    ring: { kind: "whole-number", min: 0, max: 31, default: 0, about: "which event ring" },
    how: { kind: "one-of", values: ["outside", "unaligned"], default: "outside", about: "what is wrong with it" },
  },
  arm: ({ ring, how, ...when }, port) => {
    const acts = occasions(when);
    return {
      readPointer: (index, rp) => {
        if (index !== ring || !acts()) return undefined;
        port.acted(`read pointer of event ring ${ring} ${how}`);
        return how === "outside" ? rp ^ 0x4000_0000n : rp + 4n;
      },
    };
  },
});
