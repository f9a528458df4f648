import { countdown, defineFault, type SysErrVia, TIMES } from "./fault.ts";

/** The firmware crashes on the host's side: "firmware crashed (6)", recovery in place. */
export const sysErr = defineFault({
  name: "sys-err",
  about: "SYS_ERR is raised some time after mission mode is entered",
  options: {
    afterMs: { kind: "whole-number", min: 0, max: 3_600_000, default: 500, about: "time from mission mode, ms" },
    times: TIMES,
    via: { kind: "one-of", values: ["event", "interrupt"], default: "event", about: "how the host is told" },
  },
  arm: ({ afterMs, times, via }, port) => {
    const mayAct = countdown(times);
    return {
      enteredMissionMode: () =>
        port.later(afterMs, () => {
          if (!mayAct()) return;
          port.acted(`SYS_ERR raised by ${via}, ${afterMs} ms after mission mode`, { via });
          port.raiseSysErr(via as SysErrVia);
        }),
    };
  },
});
