import { bind, boot, removeAndRescan, unbind } from "./boot.ts";
import { channelClose, channelOpen, channelOpenClose, echo } from "./channels.ts";
import { firmwareFailed } from "./firmware.ts";
import { contextLostResume, offOverSleep, runtimeResume, runtimeSuspend, systemSuspendResume } from "./power.ts";
import { deviceGone, hotPlug, sysErrRecovery, unplugged } from "./trouble.ts";

export type { BootOptions } from "./boot.ts";
export { inTurn, type Scenario, type ScenarioMeasure } from "./scenario.ts";

/** The expected sequences, each made for a family: `scenario.boot(rig.family)`. */
export const scenario = {
  boot,
  bind,
  unbind,
  removeAndRescan,
  runtimeSuspend,
  runtimeResume,
  systemSuspendResume,
  contextLostResume,
  offOverSleep,
  sysErrRecovery,
  firmwareFailed,
  deviceGone,
  unplugged,
  hotPlug,
  channelOpen,
  channelClose,
  channelOpenClose,
  echo,
} as const;
