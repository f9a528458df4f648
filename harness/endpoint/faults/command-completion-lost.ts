import { countdown, defineFault, TIMES } from "./fault.ts";

/**
 * The host waits out its command timeout: "Failed to receive START channel command completion".
 * From the first lost one on, that channel gets no completion of the command until the device is reset.
 */
export const commandCompletionLost = defineFault({
  name: "command-completion-lost",
  about: "a channel command is carried out and its completion never posted",
  options: {
    channel: {
      kind: "whole-number",
      min: 0,
      max: 127,
      about: "which channel; left out: the first that gets the command",
    },
    command: { kind: "one-of", values: ["START", "STOP", "RESET"], default: "START", about: "which command" },
    nth: {
      kind: "whole-number",
      min: 1,
      max: 1_000_000,
      default: 1,
      about: "the first one lost, counted from the reset",
    },
    times: { ...TIMES, about: "after how many resets it acts again; 0 = without limit" },
  },
  arm: (options, port) => {
    const mayAct = countdown(options.times);
    let seen = 0;
    let victim: number | undefined;
    return {
      reset: () => {
        seen = 0;
        victim = undefined;
      },
      loseCompletion: (command, channel) => {
        if (command !== options.command || (options.channel ?? channel) !== channel) return false;
        seen += 1;
        if (victim === undefined && seen >= options.nth && mayAct()) victim = channel;
        if (victim !== channel) return false;
        port.acted(`completion of ${command} for channel ${channel} lost`, { channel, command });
        return true;
      },
    };
  },
});
