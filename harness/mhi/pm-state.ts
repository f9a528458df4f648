/**
 * PM states: what the host driver believes. The trace records the index of the one bit that is set.
 * Source: enum mhi_pm_state, drivers/bus/mhi/host/internal.h (6.9 and later; the v2 patch's base tree lacks
 * SYS_ERR_FAIL, so its indices above 9 differ: read the names from the recording's own format).
 */
export const PmState = {
  DISABLE: 0,
  POR: 1,
  M0: 2,
  M2: 3,
  M3_ENTER: 4,
  M3: 5,
  M3_EXIT: 6,
  FW_DL_ERR: 7,
  SYS_ERR_DETECT: 8,
  SYS_ERR_PROCESS: 9,
  SYS_ERR_FAIL: 10,
  SHUTDOWN_PROCESS: 11,
  LD_ERR_FATAL_DETECT: 12,
} as const;
export type PmState = (typeof PmState)[keyof typeof PmState];

/** The driver's own words (to_mhi_pm_state_str), by index: what dmesg and trace text hold. */
export const PM_STATE_TEXT: readonly string[] = [
  "DISABLE",
  "POWER ON RESET",
  "M0",
  "M2",
  "M?->M3",
  "M3",
  "M3->M0",
  "Firmware Download Error",
  "SYS ERROR Detect",
  "SYS ERROR Process",
  "SYS ERROR Failure",
  "SHUTDOWN Process",
  "Linkdown or Error Fatal Detect",
];

const NAMES = Object.entries(PmState).sort((a, b) => a[1] - b[1]);

/** Identifier-like name: `M3_ENTER`. */
export const pmStateName = (state: number): string => NAMES[state]?.[0] ?? `PM#${state}`;
