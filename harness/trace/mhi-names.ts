/**
 * The eight mhi_host trace events under both generations of their names, and the driver's words for the enums in them.
 * Source: drivers/bus/mhi/host/trace.h (6.9 and later) and the v2 patch of October 2023.
 */
import { PM_STATE_TEXT } from "../mhi/pm-state.ts";
import { WORKER_ITEM_TEXT } from "../mhi/worker-item.ts";

/** What a record of the event becomes. */
export type MhiRecordKind = "pm" | "worker" | "intvec" | "ctrl" | "data" | "tre" | "chan-start" | "chan-end";

const KINDS: ReadonlyMap<string, MhiRecordKind> = new Map([
  ["mhi_tryset_pm_state", "pm"],
  ["mhi_pm_st_transition", "worker"],
  ["mhi_intvec_states", "intvec"],
  ["mhi_intvec_threaded_handler", "intvec"], // v2
  ["mhi_ctrl_event", "ctrl"],
  ["mhi_process_ctrl_ev_ring", "ctrl"], // v2
  ["mhi_data_event", "data"],
  ["mhi_process_data_event_ring", "data"], // v2
  ["mhi_gen_tre", "tre"],
  ["mhi_channel_command_start", "chan-start"],
  ["mhi_update_channel_state_start", "chan-start"], // v2
  ["mhi_channel_command_end", "chan-end"],
  ["mhi_update_channel_state_end", "chan-end"], // v2
]);

/** Kind of an mhi_host event by its name in either generation; undefined when it is none of them. */
export const mhiRecordKind = (eventName: string): MhiRecordKind | undefined => KINDS.get(eventName);

const numbered = (texts: readonly string[]): ReadonlyMap<string, number> =>
  new Map(texts.map((text, index) => [text, index]));

/** The driver's printed word -> this project's number. */
export const PM_STATE_BY_TEXT = numbered(PM_STATE_TEXT);
export const WORKER_ITEM_BY_TEXT = numbered(WORKER_ITEM_TEXT);
export const CHANNEL_COMMAND_BY_TEXT = numbered(["RESET", "STOP", "START"]);
export const EXEC_ENV_BY_TEXT = numbered([
  "PRIMARY BOOTLOADER",
  "SECONDARY BOOTLOADER",
  "MISSION MODE",
  "RAMDUMP DOWNLOAD MODE",
  "WLAN FIRMWARE",
  "PASS THROUGH",
  "EMERGENCY DOWNLOAD",
  "FLASH PROGRAMMER",
  "DISABLE",
  "NOT SUPPORTED",
]);
export const MHI_STATE_BY_TEXT: ReadonlyMap<string, number> = new Map([
  ...numbered(["RESET", "READY", "M0", "M1", "M2", "M3", "M3_FAST", "BHI"]),
  ["M3 FAST", 6], // v2
  ["SYS ERROR", 0xff],
]);
