/** A row in words. Used by the renderer for the records behind a finding and by the page for its table. */
import { Kind, type Names, ROW_HEAD, type Row } from "./data.ts";

const STATE_CHANGE_EVENT = 0x20;
const CMD_COMPLETION_EVENT = 0x21;
const TX_EVENT = 0x22;
const RSC_TX_EVENT = 0x28;
const EE_EVENT = 0x40;
const ALL_ONES = 0xffffffff; // what a read of a device gives that has left the bus

export const argument = (row: Row, index: number): number => {
  const value = row[ROW_HEAD + index];
  return typeof value === "number" ? value : -1;
};
export const textArgument = (row: Row, index: number): string => String(row[ROW_HEAD + index] ?? "");

export const nameOf = (names: Readonly<Record<number, string>>, value: number): string =>
  names[value] ?? (isAllOnes(value) ? "all ones (link down)" : `0x${(value >>> 0).toString(16)}`);

export const isAllOnes = (value: number): boolean => value === -1 || value === ALL_ONES;

export const channelLabel = (names: Names, channel: number): string => {
  const name = names.channel[channel];
  return name === undefined ? `ch ${channel}` : `ch ${channel} ${name}`;
};

export const isTransfer = (type: number): boolean => type === TX_EVENT || type === RSC_TX_EVENT;
export const isStateChange = (type: number): boolean => type === STATE_CHANGE_EVENT;
export const isEeEvent = (type: number): boolean => type === EE_EVENT;

const EVENT_LABELS = ["PM state", "worker item", "interrupt", "event ring", "TRE queued", "channel", "marker", "trace"];
export const rowLabel = (row: Row): string => EVENT_LABELS[Number(row[1])] ?? "trace";

/** `M3_ENTER  (M?->M3)`, `state change to M3`, `ch 32 START begins`. */
export function rowText(row: Row, names: Names): string {
  switch (row[1]) {
    case Kind.PM:
      return pmText(argument(row, 0), names);
    case Kind.WORKER:
      return nameOf(names.worker, argument(row, 0));
    case Kind.INTVEC:
      return intvecText(row, names);
    case Kind.RING:
      return ringText(row, names);
    case Kind.TRE:
      return `${channelLabel(names, argument(row, 0))}: ${argument(row, 1)} bytes queued at ${textArgument(row, 2)}`;
    case Kind.CHAN: {
      const done = argument(row, 0) === 1 ? "done" : "asked for";
      return `${channelLabel(names, argument(row, 1))}: ${nameOf(names.command, argument(row, 2))} ${done}`;
    }
    case Kind.MARKER:
      return textArgument(row, 0).trim();
    default:
      return `${textArgument(row, 0)} ${textArgument(row, 1)}`.trim();
  }
}

function pmText(state: number, names: Names): string {
  const own = names.pmText[state];
  const name = nameOf(names.pm, state);
  return own === undefined || own === name ? name : `${name}  (${own})`;
}

function intvecText(row: Row, names: Names): string {
  const [localEe, localState, deviceEe, deviceState] = [0, 1, 2, 3].map((index) => argument(row, index));
  const device = `${nameOf(names.execEnv, deviceEe ?? -1)} ${nameOf(names.mhiState, deviceState ?? -1)}`;
  return `device ${device}, host had ${nameOf(names.execEnv, localEe ?? -1)} ${nameOf(names.mhiState, localState ?? -1)}`;
}

function ringText(row: Row, names: Names): string {
  const [type = -1, code = -1, channel = -1, length = -1] = [1, 2, 3, 4].map((index) => argument(row, index));
  if (isStateChange(type)) return `state change to ${nameOf(names.mhiState, code)}`;
  if (isEeEvent(type)) return `execution environment ${nameOf(names.execEnv, code)}`;
  if (type === CMD_COMPLETION_EVENT) return `command completed: ${nameOf(names.completion, code)}`;
  if (isTransfer(type)) {
    return `${channelLabel(names, channel)}: ${length} bytes completed, ${nameOf(names.completion, code)}`;
  }
  const words = [6, 7].map((index) => `0x${(argument(row, index) >>> 0).toString(16).padStart(8, "0")}`);
  return `${nameOf(names.elementType, type)} ${words.join(" ")}`;
}
