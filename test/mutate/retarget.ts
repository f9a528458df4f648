/** One field of one event changed to something else that the field can hold: what a broken device or driver would leave. */
import { ElementType, RING_ELEMENT_BYTES } from "../../harness/mhi/ring-element.ts";
import type {
  ChannelCommandEvent,
  IntvecEvent,
  MhiEvent,
  RingEvent,
  TreEvent,
} from "../../harness/trace/mhi-events.ts";
import type { Random } from "./random.ts";

export interface Field {
  readonly name: string;
  /** Other values; the event itself is not among them. */
  readonly others: readonly MhiEvent[];
}

const STATES = [0, 1, 2, 3, 4, 5, 6, 7, 0xff];
const ENVIRONMENTS = [0, 1, 2, 3, 4, 5, 6, 7];
const CODES = [0, 1, 2, 3, 4, 5, 6, 0x10, 0x11];
const PM_STATES = 13;
const WORKER_ITEMS = 8;
/** Of the families in the recordings, and one that none has. */
const CHANNELS = [4, 5, 12, 14, 20, 21, 32, 33, 46, 47, 100, 101, 77];

const others = (values: readonly number[], own: number): number[] => values.filter((value) => value !== own);
const upTo = (limit: number): number[] => Array.from({ length: limit }, (_, value) => value);

export function fieldsOf(event: MhiEvent, random: Random): Field[] {
  switch (event.kind) {
    case "pm":
      return [
        { name: "state", others: others(upTo(PM_STATES), event.pmState).map((pmState) => ({ ...event, pmState })) },
      ];
    case "worker":
      return [{ name: "item", others: others(upTo(WORKER_ITEMS), event.item).map((item) => ({ ...event, item })) }];
    case "intvec":
      return ofInterrupt(event);
    case "chan":
      return ofCommand(event);
    case "tre":
      return ofBuffer(event, random);
    case "ring":
      return ofElement(event, random);
  }
}

const ofInterrupt = (event: IntvecEvent): Field[] => [
  {
    name: "local EE",
    others: others([...ENVIRONMENTS, 8, 10], event.localEe).map((localEe) => ({ ...event, localEe })),
  },
  { name: "local state", others: others(STATES, event.localState).map((localState) => ({ ...event, localState })) },
  {
    name: "device EE",
    others: others([...ENVIRONMENTS, -1], event.deviceEe).map((deviceEe) => ({ ...event, deviceEe })),
  },
  { name: "device state", others: others(STATES, event.deviceState).map((deviceState) => ({ ...event, deviceState })) },
];

const ofCommand = (event: ChannelCommandEvent): Field[] => [
  { name: "channel", others: others(CHANNELS, event.channel).map((channel) => ({ ...event, channel })) },
  { name: "command", others: others([0, 1, 2], event.command).map((command) => ({ ...event, command })) },
  { name: "phase", others: [{ ...event, phase: event.phase === "start" ? "end" : "start" }] },
];

/** A neighbour in the ring, one far off, and an address that no ring of this boot has. */
function pointers(own: string | undefined, random: Random): string[] {
  if (own === undefined || own === "0x0") return [];
  const at = BigInt(own);
  const step = BigInt(RING_ELEMENT_BYTES);
  return [at + step, at - step, at + step * BigInt(2 + random.below(6)), at + 0x4000000n].map(
    (ptr) => `0x${ptr.toString(16)}`,
  );
}

function ofBuffer(event: TreEvent, random: Random): Field[] {
  const lengths = [0, event.length + 1, 0xffff].filter((length) => length !== event.length);
  return [
    { name: "channel", others: others(CHANNELS, event.channel).map((channel) => ({ ...event, channel })) },
    {
      name: "length",
      others: lengths.map((length) => ({ ...event, length, dword0: ((event.dword0 & ~0xffff) | length) >>> 0 })),
    },
    { name: "pointer", others: pointers(event.ptr, random).map((ptr) => ({ ...event, ptr })) },
    { name: "place", others: pointers(event.slot, random).map((slot) => ({ ...event, slot })) },
  ];
}

/** The words of the element say the same as its fields. */
function element(
  event: RingEvent,
  change: Partial<Pick<RingEvent, "type" | "code" | "channel" | "length">>,
): RingEvent {
  const next = { ...event, ...change };
  return {
    ...next,
    dword0: (((next.code & 0xff) << 24) | (event.dword0 & 0xff0000) | (next.length & 0xffff)) >>> 0,
    dword1: (((next.channel & 0xff) << 24) | ((next.type & 0xff) << 16) | (event.dword1 & 0xffff)) >>> 0,
  };
}

const TYPES: readonly number[] = [
  ElementType.STATE_CHANGE_EVENT,
  ElementType.CMD_COMPLETION_EVENT,
  ElementType.TX_EVENT,
  ElementType.EE_EVENT,
  ElementType.TSYNC_EVENT,
  ElementType.BW_REQ_EVENT,
];

function ofElement(event: RingEvent, random: Random): Field[] {
  const { type } = event;
  const codes = type === ElementType.STATE_CHANGE_EVENT ? STATES : type === ElementType.EE_EVENT ? ENVIRONMENTS : CODES;
  const fields: Field[] = [
    { name: "type", others: others(TYPES, type).map((other) => element(event, { type: other })) },
    { name: "code", others: others(codes, event.code).map((code) => element(event, { code })) },
    { name: "place", others: pointers(event.slot, random).map((slot) => ({ ...event, slot })) },
  ];
  if (type === ElementType.CMD_COMPLETION_EVENT || type === ElementType.TX_EVENT) {
    fields.push({ name: "pointer", others: pointers(event.ptr, random).map((ptr) => ({ ...event, ptr })) });
  }
  if (type === ElementType.TX_EVENT) {
    const lengths = [0, event.length + 1, 0xffff].filter((length) => length !== event.length);
    fields.push(
      { name: "channel", others: others(CHANNELS, event.channel).map((channel) => element(event, { channel })) },
      { name: "length", others: lengths.map((length) => element(event, { length })) },
    );
  }
  return fields;
}
