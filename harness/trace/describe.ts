/**
 * What an event means, in a driver engineer's words: the same in every output that a person reads. Ring elements are
 * told by their own type and code, never by the kernel's `State:` column, which is right for state changes alone.
 */
import { channelCommandName } from "../mhi/channel.ts";
import { execEnvName } from "../mhi/exec-env.ts";
import { mhiStateName } from "../mhi/mhi-state.ts";
import { pmStateName } from "../mhi/pm-state.ts";
import {
  completionCodeName,
  ElementType,
  elementChannel,
  elementCode,
  elementLength,
  elementType,
  elementTypeName,
  TRE_BEI,
  TRE_CHAIN,
  TRE_IEOB,
  TRE_IEOT,
} from "../mhi/ring-element.ts";
import { workerItemName } from "../mhi/worker-item.ts";
import { type EventBatch, hex64, Kind } from "./batch.ts";
import type { Gap } from "./mhi-events.ts";

/** A read over a dead link gives all ones: EE 0xffffffff, and a state field of 0xff, which is also SYS ERROR's. */
export const isLinkDown = (deviceEe: number): boolean => deviceEe === -1;
export const LINK_DOWN = "LINK DOWN (all ones; reads as SYS ERROR)";

/** Row `i` without time, CPU, task and controller: `PM M0`, `tre ch 20 32768 bytes IEOT ptr 0x3d60028`. */
export function describeRow(batch: EventBatch, i: number): string {
  const a = batch.a[i] ?? 0;
  switch (batch.kind[i]) {
    case Kind.PM:
      return `PM ${pmStateName(a)}`;
    case Kind.WORKER:
      return `worker ${workerItemName(a)}`;
    case Kind.INTVEC:
      return intvec(a, batch.b[i] ?? 0, batch.c[i] ?? 0, batch.d[i] ?? 0);
    case Kind.CTRL:
      return ringElement("ctrl", a, batch.b[i] ?? 0, batch.ptrLow[i] ?? 0, batch.ptrHigh[i] ?? 0);
    case Kind.DATA:
      return ringElement("data", a, batch.b[i] ?? 0, batch.ptrLow[i] ?? 0, batch.ptrHigh[i] ?? 0);
    case Kind.TRE:
      return tre(batch.c[i] ?? 0, a, batch.b[i] ?? 0, batch.ptrLow[i] ?? 0, batch.ptrHigh[i] ?? 0);
    case Kind.CHAN_START:
      return `chan ${batch.c[i] ?? 0} ${channelCommandName(a)} begin`;
    case Kind.CHAN_END:
      return `chan ${batch.c[i] ?? 0} ${channelCommandName(a)} done`;
    case Kind.MARKER:
      return `marker ${batch.texts[a] ?? ""}`;
    default:
      return other(batch, a);
  }
}

/** Host's and device's view at a BHI interrupt; the device's is what it was read to be. */
export const deviceView = (deviceEe: number, deviceState: number): string =>
  isLinkDown(deviceEe) ? LINK_DOWN : `${execEnvName(deviceEe)}/${mhiStateName(deviceState)}`;

function intvec(localEe: number, localState: number, deviceEe: number, deviceState: number): string {
  return `intvec host ${execEnvName(localEe)}/${mhiStateName(localState)} device ${deviceView(deviceEe, deviceState)}`;
}

function ringElement(ring: "ctrl" | "data", dword0: number, dword1: number, low: number, high: number): string {
  const type = elementType(dword1);
  const code = elementCode(dword0);
  switch (type) {
    case ElementType.STATE_CHANGE_EVENT:
      return `${ring} state change ${mhiStateName(code)}`;
    case ElementType.EE_EVENT:
      return `${ring} EE change ${execEnvName(code)}`;
    case ElementType.CMD_COMPLETION_EVENT:
      return `${ring} command completion ${completionCodeName(code)}${commandChannel(dword1)} command at ${hex64(low, high)}`;
    case ElementType.TX_EVENT:
    case ElementType.RSC_TX_EVENT:
      return (
        `${ring} transfer ch ${elementChannel(dword1)} ${completionCodeName(code)} ` +
        `${elementLength(dword0)} bytes ptr ${hex64(low, high)}`
      );
    default:
      return `${ring} ${elementTypeName(type)} ${dwords(dword0, dword1)} ptr ${hex64(low, high)}`;
  }
}

/** Devices may leave the field 0, which is also a channel's number: then only the pointer tells the command. */
const commandChannel = (dword1: number): string =>
  elementChannel(dword1) === 0 ? "" : ` ch ${elementChannel(dword1)}`;

const dwords = (dword0: number, dword1: number): string =>
  `dword0 0x${(dword0 >>> 0).toString(16).padStart(8, "0")} dword1 0x${(dword1 >>> 0).toString(16).padStart(8, "0")}`;

function tre(channel: number, dword0: number, dword1: number, low: number, high: number): string {
  const type = elementType(dword1);
  const name = type === ElementType.TRANSFER ? "" : ` ${elementTypeName(type)}`;
  return `tre ch ${channel}${name} ${elementLength(dword0)} bytes${treFlags(dword1)} ptr ${hex64(low, high)}`;
}

const treFlags = (dword1: number): string =>
  (dword1 & TRE_CHAIN ? " CHAIN" : "") +
  (dword1 & TRE_IEOB ? " IEOB" : "") +
  (dword1 & TRE_IEOT ? " IEOT" : "") +
  (dword1 & TRE_BEI ? " BEI" : "");

function other(batch: EventBatch, index: number): string {
  const record = batch.others[index];
  if (!record) return "other";
  let text = record.system === "" ? record.name : `${record.system}:${record.name}`;
  const { fields } = record;
  for (const name in fields) text += name === "text" ? ` ${fields[name]}` : ` ${name}=${fields[name]}`;
  return text;
}

const REASONS: Readonly<Record<Gap["reason"], string>> = {
  overrun: "the ring buffer was overwritten",
  dropped: "the ring buffer was full",
  "stream-lost": "the stream broke off",
  "host-down": "the host was down",
  "not-collecting": "nothing was collecting",
  cut: "the recording ends too early",
  damaged: "bytes or lines that cannot be read",
  "clock-step": "the clock stepped back",
};

/** `cpu1: 1424 events lost: the ring buffer was overwritten`; the interval is for the caller to tell. */
export function describeGap(gap: Gap): string {
  const where = gap.cpu === undefined ? "all cpus" : `cpu${gap.cpu}`;
  const lost = gap.lost === undefined ? "evidence missing" : `${gap.lost} ${gap.lost === 1 ? "event" : "events"} lost`;
  return `${where}: ${lost}: ${REASONS[gap.reason]}`;
}
