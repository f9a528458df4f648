/**
 * What the kernel prints after `event_name: ` for an mhi_host event -> typed event; merged (6.9+) and v2 wordings.
 * Source of the wordings: TP_printk of drivers/bus/mhi/host/trace.h and of the v2 patch.
 */
import { elementChannel, elementCode, elementLength, elementType } from "../mhi/ring-element.ts";
import type { MhiEvent, RingEvent } from "./mhi-events.ts";
import type { MhiRecordKind } from "./mhi-names.ts";
import {
  CHANNEL_COMMAND_BY_TEXT,
  EXEC_ENV_BY_TEXT,
  enumFromText,
  MHI_STATE_BY_TEXT,
  PM_STATE_BY_TEXT,
  WORKER_ITEM_BY_TEXT,
} from "./mhi-names.ts";

/** What every event has, whatever it is. */
export interface EventHead {
  readonly tNs: number;
  readonly cpu: number;
  readonly pid: number;
}

type Parts = Readonly<Record<string, string>>;
type Build = (parts: Parts, head: EventHead) => MhiEvent | undefined;
interface Reading {
  readonly patterns: readonly RegExp[];
  readonly build: Build;
}

const CONTROLLER = String.raw`^(?<controller>\S+): `;
const hex = (name: string): string => `0x(?<${name}>[0-9a-f]+)`;
/** The pointer column is a hash, a real address or `(____ptrval____)`. */
const POINTER = String.raw`0x(?:[0-9a-fx]+|\(\S+\)) `;
const pattern = (...parts: string[]): RegExp => new RegExp(`${CONTROLLER}${parts.join("")}$`);

const RING_MERGED = `TRE: ${POINTER}TRE buf: ${hex("ptr")} DWORD0: ${hex("dword0")} DWORD1: ${hex("dword1")} State: .+`;
const text = (parts: Parts, name: string): string => parts[name] ?? "";
const number = (parts: Parts, name: string): number => Number.parseInt(text(parts, name), 16);

/** One ring element, its fields taken apart by packet type and never by the kernel's `State:` column. */
export function ringEvent(
  head: EventHead,
  controller: string,
  ring: RingEvent["ring"],
  element: { ptr: string; dword0: number; dword1: number },
): RingEvent {
  const { ptr, dword0, dword1 } = element;
  return {
    kind: "ring",
    ...head,
    controller,
    ring,
    type: elementType(dword1),
    code: elementCode(dword0),
    channel: elementChannel(dword1),
    length: elementLength(dword0),
    ptr,
    dword0,
    dword1,
  };
}

const element = (parts: Parts) => ({
  ptr: `0x${text(parts, "ptr")}`,
  dword0: number(parts, "dword0"),
  dword1: number(parts, "dword1"),
});

const ring =
  (which: RingEvent["ring"]): Build =>
  (parts, head) =>
    ringEvent(head, text(parts, "controller"), which, element(parts));

const channelCommand =
  (phase: "start" | "end"): Build =>
  (parts, head) => {
    const command = enumFromText(text(parts, "state"), CHANNEL_COMMAND_BY_TEXT);
    if (command === undefined) return undefined;
    const channel = Number(text(parts, "channel"));
    return { kind: "chan", ...head, controller: text(parts, "controller"), phase, channel, command };
  };

const intvec: Build = (parts, head) => {
  const localEe = enumFromText(text(parts, "localEe"), EXEC_ENV_BY_TEXT);
  const localState = enumFromText(text(parts, "localState"), MHI_STATE_BY_TEXT);
  const deviceEe = enumFromText(text(parts, "deviceEe"), EXEC_ENV_BY_TEXT);
  const deviceState = enumFromText(text(parts, "deviceState"), MHI_STATE_BY_TEXT);
  if (localEe === undefined || localState === undefined) return undefined;
  if (deviceEe === undefined || deviceState === undefined) return undefined;
  const controller = text(parts, "controller");
  return { kind: "intvec", ...head, controller, localEe, localState, deviceEe, deviceState };
};

const READINGS: Readonly<Record<MhiRecordKind, Reading>> = {
  pm: {
    patterns: [pattern("PM state: (?<state>.+)")],
    build: (parts, head) => {
      const pmState = enumFromText(text(parts, "state"), PM_STATE_BY_TEXT);
      return pmState === undefined
        ? undefined
        : { kind: "pm", ...head, controller: text(parts, "controller"), pmState };
    },
  },
  worker: {
    patterns: [pattern("Handling state transition: (?<state>.+)")],
    build: (parts, head) => {
      const item = enumFromText(text(parts, "state"), WORKER_ITEM_BY_TEXT);
      return item === undefined ? undefined : { kind: "worker", ...head, controller: text(parts, "controller"), item };
    },
  },
  intvec: {
    patterns: [
      pattern(
        "Local EE: (?<localEe>.+) State: (?<localState>.+) Device EE: (?<deviceEe>.+) Dev State: (?<deviceState>.+)",
      ),
      pattern("local ee: (?<localEe>.+) state: (?<localState>.+) device ee: (?<deviceEe>.+) state: (?<deviceState>.+)"),
    ],
    build: intvec,
  },
  ctrl: {
    patterns: [
      pattern(RING_MERGED),
      pattern(`RP:0x[0-9a-f]+ Processing Event:${hex("ptr")} ${hex("dword0")} ${hex("dword1")} state:.+`),
    ],
    build: ring("ctrl"),
  },
  data: {
    patterns: [pattern(RING_MERGED), pattern(`Processing Event:${hex("ptr")} ${hex("dword0")} ${hex("dword1")}`)],
    build: ring("data"),
  },
  tre: {
    patterns: [
      pattern(
        String.raw`Chan: (?<channel>-?\d+) TRE: ${POINTER}TRE buf: ${hex("ptr")} `,
        `DWORD0: ${hex("dword0")} DWORD1: ${hex("dword1")}`,
      ),
      pattern(
        String.raw`Chan: (?<channel>-?\d+) WP: 0x[0-9a-f]+ TRE: ${hex("ptr")} `,
        `${hex("dword0")} ${hex("dword1")}`,
      ),
    ],
    build: (parts, head) => {
      const { ptr, dword0, dword1 } = element(parts);
      const controller = text(parts, "controller");
      const channel = Number(text(parts, "channel"));
      return { kind: "tre", ...head, controller, channel, length: elementLength(dword0), ptr, dword0, dword1 };
    },
  },
  // The reason word is a kernel pointer that some tools print raw: the event's name says it, the word is not read.
  "chan-start": {
    patterns: [pattern(String.raw`ch(?:an)?(?<channel>-?\d+): .+ state to: (?<state>.+)`)],
    build: channelCommand("start"),
  },
  "chan-end": {
    patterns: [pattern(String.raw`ch(?:an)?(?<channel>-?\d+): .+ state to: (?<state>.+)`)],
    build: channelCommand("end"),
  },
};

/** Undefined when the text is cut, or worded in a way that no known kernel prints. */
export function mhiEventFromText(kind: MhiRecordKind, body: string, head: EventHead): MhiEvent | undefined {
  const { patterns, build } = READINGS[kind];
  for (const candidate of patterns) {
    const parts = candidate.exec(body)?.groups;
    if (parts) return build(parts, head);
  }
  return undefined;
}
