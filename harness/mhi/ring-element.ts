/**
 * The 16-byte elements of MHI rings: u64 pointer, u32 dword0, u32 dword1, little endian.
 * Source: struct mhi_ring_element and the MHI_TRE_* macros, drivers/bus/mhi/common.h.
 */
export const RING_ELEMENT_BYTES = 16;

/** dword1[23:16] of an element (enum mhi_pkt_type). */
export const ElementType = {
  TRANSFER: 0x02,
  COALESCING: 0x08,
  NOOP_CMD: 0x01,
  RESET_CHAN_CMD: 0x10,
  STOP_CHAN_CMD: 0x11,
  START_CHAN_CMD: 0x12,
  STATE_CHANGE_EVENT: 0x20,
  CMD_COMPLETION_EVENT: 0x21,
  TX_EVENT: 0x22,
  RSC_TX_EVENT: 0x28,
  EE_EVENT: 0x40,
  TSYNC_EVENT: 0x48,
  BW_REQ_EVENT: 0x50,
  STALE_EVENT: 0x51, // host-internal: written over 0x22 by a channel reset
} as const;
export type ElementType = (typeof ElementType)[keyof typeof ElementType];

/** Completion codes, dword0[31:24] of completion events (enum mhi_ev_ccs). */
export const CompletionCode = {
  INVALID: 0,
  SUCCESS: 1,
  EOT: 2,
  OVERFLOW: 3,
  EOB: 4,
  OOB: 5,
  DB_MODE: 6,
  UNDEFINED_ERR: 0x10,
  BAD_TRE: 0x11,
} as const;
export type CompletionCode = (typeof CompletionCode)[keyof typeof CompletionCode];

const CODE_NAMES = new Map<number, string>(Object.entries(CompletionCode).map(([name, code]) => [code, name]));
export const completionCodeName = (code: number): string => CODE_NAMES.get(code) ?? `code 0x${code.toString(16)}`;

const TYPE_NAMES = new Map<number, string>(Object.entries(ElementType).map(([name, type]) => [type, name]));
export const elementTypeName = (type: number): string => TYPE_NAMES.get(type) ?? `type 0x${type.toString(16)}`;

export const elementType = (dword1: number): number => (dword1 >>> 16) & 0xff;
/** Channel of a command or transfer event. */
export const elementChannel = (dword1: number): number => dword1 >>> 24;
/** Completion code, MHI state or EE, by the element's type. */
export const elementCode = (dword0: number): number => dword0 >>> 24;
/** Length of a transfer event or TRE, bytes. */
export const elementLength = (dword0: number): number => dword0 & 0xffff;

/** dword1 bits of a transfer TRE. */
export const TRE_CHAIN = 1 << 0;
export const TRE_IEOB = 1 << 8;
export const TRE_IEOT = 1 << 9;
export const TRE_BEI = 1 << 10;
