/**
 * MHI states: what the device reports in MHISTATUS[15:8] and in a state-change event.
 * Not to be mixed with the host driver's PM states (pm-state.ts).
 * Source: enum mhi_state, include/linux/mhi.h.
 */
export const MhiState = {
  RESET: 0,
  READY: 1,
  M0: 2,
  M1: 3,
  M2: 4,
  M3: 5,
  M3_FAST: 6,
  BHI: 7,
  SYS_ERR: 0xff,
  MAX: 0x100, // host only: not read
} as const;
export type MhiState = (typeof MhiState)[keyof typeof MhiState];

const NAMES = ["RESET", "READY", "M0", "M1", "M2", "M3", "M3_FAST", "BHI"];

export const mhiStateName = (state: number): string =>
  state === MhiState.SYS_ERR ? "SYS_ERR" : (NAMES[state] ?? `0x${(state >>> 0).toString(16)}`);
