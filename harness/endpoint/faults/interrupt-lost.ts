import { defineFault, occasions, WHEN } from "./fault.ts";

/** Commands run into their time-out; a later interrupt drains what waits. */
export const interruptLost = defineFault({
  name: "interrupt-lost",
  about: "a message-signalled interrupt never reaches the host",
  options: WHEN,
  arm: (options, port) => {
    const acts = occasions(options);
    return {
      loseInterrupt: (vector) => {
        if (!acts()) return false;
        port.acted(`vector ${vector} lost`, { vector });
        return true;
      },
    };
  },
});
