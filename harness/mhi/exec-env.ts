/**
 * Execution environments of the device (BHI_EXECENV and the EE event's code).
 * Source: enum mhi_ee_type, include/linux/mhi.h; names as the driver's tables print them.
 */
export const ExecEnv = {
  PBL: 0, // primary boot loader
  SBL: 1, // secondary boot loader
  AMSS: 2, // mission mode
  RDDM: 3, // RAM dump download mode
  WFW: 4, // WLAN firmware, mission mode of WLAN devices
  PTHRU: 5, // pass through
  EDL: 6, // emergency download
  FP: 7, // flash programmer
  DISABLE: 8, // host only: device is being reset
  NOT_SUPPORTED: 9, // host only
  MAX: 10, // host only: not read yet
} as const;
export type ExecEnv = (typeof ExecEnv)[keyof typeof ExecEnv];

const NAMES = ["PBL", "SBL", "AMSS", "RDDM", "WFW", "PTHRU", "EDL", "FP", "DISABLE", "NOT_SUPPORTED", "unknown"];

/** Short name; a value outside the table in hex, as an all-ones read gives it. */
export const execEnvName = (ee: number): string => NAMES[ee] ?? `0x${(ee >>> 0).toString(16)}`;

/** MHI_IN_MISSION_MODE of drivers/bus/mhi/host/internal.h. */
export const isMissionMode = (ee: number): boolean => ee === ExecEnv.AMSS || ee === ExecEnv.WFW || ee === ExecEnv.FP;

/** MHI_IN_PBL: only in these does the host load firmware or go to the PBL work item. */
export const isInPbl = (ee: number): boolean => ee === ExecEnv.PBL || ee === ExecEnv.PTHRU || ee === ExecEnv.EDL;

/** Where a device may stand after power-on: mhi_async_power_up takes these and no other. */
export const POWER_ON_EES = ["AMSS", "PBL", "EDL", "PTHRU"] as const;
export type PowerOnEe = (typeof POWER_ON_EES)[number];
export const isPowerOnEe = (text: string): text is PowerOnEe => (POWER_ON_EES as readonly string[]).includes(text);
