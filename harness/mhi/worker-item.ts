/**
 * Items of the driver's state-transition worker (mhi_pm_st_transition).
 * Source: enum dev_st_transition, drivers/bus/mhi/host/internal.h.
 */
export const WorkerItem = {
  PBL: 0,
  READY: 1,
  SBL: 2,
  MISSION_MODE: 3,
  FP: 4,
  SYS_ERR: 5,
  DISABLE: 6,
  DISABLE_DESTROY_DEVICE: 7,
} as const;
export type WorkerItem = (typeof WorkerItem)[keyof typeof WorkerItem];

export const WORKER_ITEM_TEXT: readonly string[] = [
  "PBL",
  "READY",
  "SBL",
  "MISSION MODE",
  "FLASH PROGRAMMER",
  "SYS ERROR",
  "DISABLE",
  "DISABLE (DESTROY DEVICE)",
];

export const workerItemName = (item: number): string => WORKER_ITEM_TEXT[item] ?? `item#${item}`;
