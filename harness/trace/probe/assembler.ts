/**
 * Records of our probes (definitions.ts) and debug messages of the driver -> the events that the driver's own trace events
 * would have been.
 *
 * Records are pushed in time order over all CPUs. An element of an event ring is known when the driver is done with it,
 * and its event belongs before what it caused: such events, and what is later than their begin, are held back until the
 * call that reads the ring has returned.
 */
import type { Nanoseconds } from "../../base/clock.ts";
import { RigFault } from "../../base/errors.ts";
import { oneLine } from "../../base/one-line.ts";
import { elementLength } from "../../mhi/ring-element.ts";
import type { Gap, MhiEvent, OtherEvent, TraceEvent } from "../mhi-events.ts";
import { ringEvent } from "../ring-event.ts";
import { PROBE_GROUP } from "./definitions.ts";
import { messageToEvent } from "./message.ts";

/** A call whose return did not come by then has lost it: tasklets do not run that long. */
const LONGEST_CALL_NS = 1_000_000_000;

/** A call that reads an event ring. */
interface RingCall {
  readonly kind: "ctrl" | "data";
  /** Address of its mhi_event. */
  readonly ring: bigint;
  readonly fromNs: Nanoseconds;
  /** When the element under way was taken up. */
  markNs: Nanoseconds;
  markOrder: number;
  elements: number;
}

interface Held {
  readonly event: TraceEvent;
  readonly order: number;
}

type Fields = OtherEvent["fields"];

/** What is read of each probe's records, by the stem of its name (definitions.ts). */
const ELEMENT_FIELDS = ["name", "slot", "base", "bytes", "start", "within", "ptr", "dword0", "dword1"];
const FIELDS_OF: Readonly<Record<string, readonly string[]>> = {
  pm: ["name", "new", "states"],
  tre: ["name", "channel", "slot", "ptr", "dword0", "dword1"],
  ctrl: ELEMENT_FIELDS,
  data: ELEMENT_FIELDS,
  step: ELEMENT_FIELDS,
  ctrl_begin: ["ring"],
  data_begin: ["ring"],
  ctrl_end: ["ret"],
  data_end: ["ret"],
  chan_begin: ["name", "channel", "state"],
  chan_end: ["ret"],
};
const isNumber = (value: string | number | undefined): boolean =>
  typeof value === "number" || (value !== undefined && /^0x[0-9a-f]{1,16}$/.test(value));
type Head = Pick<MhiEvent, "tNs" | "cpu" | "pid" | "controller" | "source" | "buffer">;

export interface AssemblerOptions {
  /** Debug messages become events of every kind (`all`), or only of those that no probe can see. */
  readonly messages: "all" | "unprobed";
  readonly onGap?: (gap: Gap) => void;
}

export class ProbeAssembler {
  readonly #options: AssemblerOptions;
  #order = 0;
  #held: Held[] = [];
  /** Open calls by context: a call starts and ends on one CPU in one task. */
  readonly #calls = new Map<string, RingCall[]>();
  /** Channel commands under way by task: it sleeps in them, so its CPU may change. */
  readonly #commands = new Map<number, Fields>();
  #unpaired = 0;

  constructor(options: AssemblerOptions) {
    this.#options = options;
  }

  /** Records that could not be made an event: of a probe that hit something else, or without their first half. */
  get unpaired(): number {
    return this.#unpaired;
  }

  /** Takes the next record; whatever is not ours passes through in its place. */
  push(event: TraceEvent): void {
    this.#order++;
    if (event.kind === "other" && event.system === PROBE_GROUP) this.#record(event);
    else if (event.kind === "other" && event.system === "printk") this.#message(event);
    else this.#hold(event);
  }

  /** Nothing that is still to come stands before it, given that no record before `untilNs` is still to be pushed. */
  settledNs(untilNs: Nanoseconds): Nanoseconds {
    let settled = untilNs;
    for (const [context, calls] of this.#calls) {
      const open = calls.filter((call) => untilNs - call.fromNs < LONGEST_CALL_NS || !Number.isFinite(untilNs));
      if (!Number.isFinite(untilNs) || open.length === 0) this.#calls.delete(context);
      else this.#calls.set(context, open);
      if (Number.isFinite(untilNs)) for (const call of open) settled = Math.min(settled, call.markNs);
    }
    return settled;
  }

  /** Events before `untilNs` that nothing can precede any more, in time order. */
  take(untilNs: Nanoseconds): TraceEvent[] {
    const settled = this.settledNs(untilNs);
    this.#held.sort((a, b) => a.event.tNs - b.event.tNs || a.order - b.order);
    const end = this.#held.findIndex(({ event }) => event.tNs >= settled);
    const taken = end < 0 ? this.#held : this.#held.slice(0, end);
    this.#held = end < 0 ? [] : this.#held.slice(end);
    return taken.map(({ event }) => event);
  }

  #hold(event: TraceEvent, order = this.#order): void {
    this.#held.push({ event, order });
  }

  #message(event: OtherEvent): void {
    const made = messageToEvent(event);
    const wanted = made && (this.#options.messages === "all" || made.kind === "worker" || made.kind === "intvec");
    this.#hold(wanted ? made : event);
  }

  #record(event: OtherEvent): void {
    const stem = event.name.replace(/_\d+$/, "");
    if (!this.#readable(event, FIELDS_OF[stem] ?? [])) return;
    if (stem === "pm") this.#keep(event, pmEvent(event));
    else if (stem === "tre") this.#keep(event, treEvent(event));
    else if (stem === "ctrl_begin") this.#begin(event, "ctrl");
    else if (stem === "data_begin") this.#begin(event, "data");
    else if (stem === "ctrl" || stem === "data") this.#element(event, stem);
    else if (stem === "step") this.#element(event, undefined);
    else if (stem === "ctrl_end") this.#end(event, "control");
    else if (stem === "data_end") this.#end(event, "data");
    else if (stem === "chan_begin") this.#command(event);
    else if (stem === "chan_end") this.#commandEnd(event);
    else this.#hold(event);
  }

  /**
   * False: the record is cut; it is kept as it is and told as missing evidence.
   *
   * @throws RigFault `trace-format-changed` when the recording's format of the probe lacks a field.
   */
  #readable(event: OtherEvent, needed: readonly string[]): boolean {
    const { name, fields, tNs, cpu } = event;
    const missing = needed.find((field) => fields[field] === undefined);
    if (missing !== undefined) {
      throw new RigFault(
        "trace-format-changed",
        `format of ${PROBE_GROUP}/${oneLine(name, 80)}: no field "${oneLine(missing, 80)}"; records of it would be misread, so it is refused`,
      );
    }
    const cut = needed.find((field) => field !== "name" && !isNumber(fields[field]));
    if (cut === undefined) return true;
    const detail = `cpu${cpu}: a record of ${PROBE_GROUP}/${oneLine(name, 80)} whose field "${cut}" is no number`;
    this.#options.onGap?.({ fromNs: tNs, toNs: tNs, reason: "damaged", cpu, lost: 1, detail });
    this.#hold(event);
    return false;
  }

  /** A record that is no event after all is kept as it is: nothing that was recorded is dropped. */
  #keep(record: OtherEvent, made: MhiEvent | undefined): void {
    if (!made) this.#unpaired++;
    this.#hold(made ?? record);
  }

  #begin(event: OtherEvent, kind: RingCall["kind"]): void {
    const call = { kind, ring: BigInt(String(event.fields.ring)), fromNs: event.tNs, elements: 0 };
    this.#contextCalls(event).push({ ...call, markNs: event.tNs, markOrder: this.#order });
  }

  #element(event: OtherEvent, owner: RingCall["kind"] | undefined): void {
    const { fields } = event;
    // A second write of one step, which puts the pointer from the ring's end back to its start, leaves no element behind.
    const isElement = inside(fields);
    const ring = BigInt(String(fields.start)) - BigInt(Number(fields.within));
    const call = isElement ? this.#contextCalls(event).findLast((open) => open.ring === ring) : undefined;
    const which = owner ?? call?.kind;
    if (!isElement || !which || !isController(fields)) {
      if (isElement) this.#unpaired++;
      this.#hold(event);
      return;
    }
    const tNs = call?.markNs ?? event.tNs;
    const order = call?.markOrder ?? this.#order;
    const raw = { ptr: String(fields.ptr), dword0: unsigned(fields.dword0), dword1: unsigned(fields.dword1) };
    const made = ringEvent({ ...head(event), tNs }, String(fields.name), which, raw);
    this.#hold({ ...made, slot: String(fields.slot) }, order);
    if (!call) return;
    call.elements++;
    call.markNs = event.tNs;
    call.markOrder = this.#order;
  }

  #end(event: OtherEvent, which: string): void {
    const call = this.#contextCalls(event).pop();
    const handled = Number(event.fields.ret);
    if (!call || handled <= call.elements) return;
    const lost = handled - call.elements;
    const detail = `cpu${event.cpu}: the driver handled ${handled} ${which} events, ${call.elements} were seen`;
    this.#options.onGap?.({ fromNs: call.fromNs, toNs: event.tNs, reason: "dropped", cpu: event.cpu, lost, detail });
  }

  #command(event: OtherEvent): void {
    this.#commands.set(event.pid, event.fields);
    this.#keep(event, channelEvent(event, event.fields, "start"));
  }

  #commandEnd(event: OtherEvent): void {
    const begun = this.#commands.get(event.pid);
    this.#commands.delete(event.pid);
    // The driver's own event tells of success only.
    if (begun && Number(event.fields.ret) !== 0) this.#hold(event);
    else this.#keep(event, begun && channelEvent(event, begun, "end"));
  }

  #contextCalls({ cpu, pid }: OtherEvent): RingCall[] {
    const context = `${cpu} ${pid}`;
    const found = this.#calls.get(context);
    if (found) return found;
    const made: RingCall[] = [];
    this.#calls.set(context, made);
    return made;
  }
}

const unsigned = (value: string | number | undefined): number => Number(value) >>> 0;

const head = ({ tNs, cpu, pid, buffer }: OtherEvent): Omit<Head, "controller"> => ({
  tNs,
  cpu,
  pid,
  source: "kprobe",
  ...(buffer === undefined ? {} : { buffer }),
});

/** A probe on bytes that look like the write that was meant, but are of another structure, gives no such name. */
const isController = ({ name }: Fields): boolean => /^mhi\d+$/.test(String(name));

function inside({ slot, base, bytes }: Fields): boolean {
  const at = BigInt(String(slot)) - BigInt(String(base));
  return at >= 0n && at < BigInt(String(bytes));
}

/** Kernels before SYS_ERR_FAIL have twelve states: from the tenth on theirs are one less than ours. */
const FIRST_SHIFTED = 10;

function pmEvent(event: OtherEvent): MhiEvent | undefined {
  const { fields } = event;
  const bit = unsigned(fields.new);
  const index = 31 - Math.clz32(bit);
  if (!isController(fields) || bit === 0 || 2 ** index !== bit || index >= Number(fields.states)) return undefined;
  const pmState = Number(fields.states) === 12 && index >= FIRST_SHIFTED ? index + 1 : index;
  return { kind: "pm", ...head(event), controller: String(fields.name), pmState };
}

function treEvent(event: OtherEvent): MhiEvent | undefined {
  const { fields } = event;
  if (!isController(fields)) return undefined;
  const dword0 = unsigned(fields.dword0);
  const raw = { ptr: String(fields.ptr), dword0, dword1: unsigned(fields.dword1), slot: String(fields.slot) };
  const controller = String(fields.name);
  const channel = Number(fields.channel);
  return { kind: "tre", ...head(event), controller, channel, length: elementLength(dword0), ...raw };
}

function channelEvent(event: OtherEvent, begun: Fields, phase: "start" | "end"): MhiEvent | undefined {
  const command = Number(begun.state);
  if (!isController(begun) || command > 2) return undefined;
  return {
    kind: "chan",
    ...head(event),
    controller: String(begun.name),
    phase,
    channel: Number(begun.channel),
    command,
  };
}
