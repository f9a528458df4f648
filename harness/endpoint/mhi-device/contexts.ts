/**
 * The context structures that host and device share, 44 bytes each, little endian, packed.
 *
 *        channel             event               command
 *    0   chcfg               intmod              -
 *    4   chtype              ertype              -
 *    8   erindex             msivec              -
 *   12   rbase  20 rlen  28 rp  36 wp            (u64 each, all three)
 *
 * Source: struct mhi_chan_ctxt, mhi_event_ctxt, mhi_cmd_ctxt in drivers/bus/mhi/common.h; layout compiled and compared.
 */
import { Ring } from "./ring.ts";

export const CONTEXT_BYTES = 44;
export const RP_AT = 28;
export const WP_AT = 36;

export interface RingContext {
  readonly ring: Ring;
  /** Index of the next element to fetch (transfer, command) or to fill (event). */
  readonly rp: number;
  readonly wp: number;
}

export interface ChannelContext extends RingContext {
  readonly chcfg: number;
  readonly type: number;
  readonly eventRing: number;
  /** chcfg[9:8]. */
  readonly burstMode: number;
}

export interface EventContext extends RingContext {
  readonly moderationMs: number;
  readonly vector: number;
}

/** The ring part of a context; a sentence where it makes no sense. */
export function parseRingContext(bytes: Buffer): RingContext | string {
  const ring = Ring.of(bytes.readBigUInt64LE(12), bytes.readBigUInt64LE(20));
  if (typeof ring === "string") return ring;
  const rp = ring.indexOf(bytes.readBigUInt64LE(RP_AT));
  const wp = ring.indexOf(bytes.readBigUInt64LE(WP_AT));
  if (rp === undefined || wp === undefined) return `rp or wp is not an element of the ring at ${ring}`;
  return { ring, rp, wp };
}

export function parseChannelContext(bytes: Buffer): ChannelContext | string {
  const common = parseRingContext(bytes);
  if (typeof common === "string") return common;
  const chcfg = bytes.readUInt32LE(0);
  const burstMode = (chcfg >>> 8) & 3;
  return { ...common, chcfg, burstMode, type: bytes.readUInt32LE(4), eventRing: bytes.readUInt32LE(8) };
}

export function parseEventContext(bytes: Buffer): EventContext | string {
  const common = parseRingContext(bytes);
  if (typeof common === "string") return common;
  return { ...common, moderationMs: bytes.readUInt16LE(2), vector: bytes.readUInt32LE(8) };
}
