import { AFTER_MISSION_MODE, afterMissionMode, defineFault, type SysErrVia, TIMES } from "./fault.ts";

/** The firmware crashes on the host's side: "firmware crashed (6)", recovery in place. */
export const sysErr = defineFault({
  name: "sys-err",
  about: "SYS_ERR is raised some time after mission mode is entered",
  options: {
    afterMs: AFTER_MISSION_MODE,
    times: TIMES,
    via: { kind: "one-of", values: ["event", "interrupt"], default: "event", about: "how the host is told" },
  },
  arm: ({ via, ...when }, port) =>
    afterMissionMode(when, port, () => {
      port.acted(`SYS_ERR raised by ${via}, ${when.afterMs} ms after mission mode`, { via });
      port.raiseSysErr(via as SysErrVia);
    }),
});
