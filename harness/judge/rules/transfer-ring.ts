/**
 * A channel's ring: never fuller than it is, never more completions than buffers, completions in the order of the ring
 * from its begin on, no completion longer than its buffer, and only codes and elements that the driver knows.
 *
 * A ring begins at its own length's multiple (mhi_alloc_aligned_ring), is made anew with every START (mhi_init_chan_ctxt)
 * and is emptied by RESET. A chain of buffers is given back by one completion, which points to its last: where a client
 * chains, only the number of completions is judged. So it is where the START was not seen.
 * Source: mhi_queue, mhi_gen_tre, mhi_is_ring_full, parse_xfer_event in drivers/bus/mhi/host/main.c; design facts 4.6,
 * 4.7, 6.0.8.
 */
import { formatSeconds } from "../../base/clock.ts";
import { channelName } from "../../mhi/families/family.ts";
import {
  CompletionCode,
  completionCodeName,
  ElementType,
  elementTypeName,
  RING_ELEMENT_BYTES,
} from "../../mhi/ring-element.ts";
import type { RingEvent } from "../../trace/mhi-events.ts";
import type { ChannelView } from "../machine.ts";
import type { Transfer } from "../transfer.ts";
import type { Rule, RuleContext, RuleDefinition } from "./rule.ts";

/** Time sync belongs to no in-tree host, but devices may post it, and nothing comes of it but a line in the log. */
const CTRL_TYPES: readonly number[] = [
  ElementType.STATE_CHANGE_EVENT,
  ElementType.CMD_COMPLETION_EVENT,
  ElementType.EE_EVENT,
  ElementType.BW_REQ_EVENT,
  ElementType.TSYNC_EVENT,
  ElementType.STALE_EVENT,
];
const DATA_TYPES: readonly number[] = [ElementType.STALE_EVENT];

/** Lengths of the buffers in a ring, oldest first. */
class Lengths {
  /** START that it counts from; another one makes it empty. */
  start = -1;
  /** What it holds is no longer what the ring holds. */
  lost = true;
  readonly #bytes: Uint16Array;
  #first = 0;
  #count = 0;

  constructor(elements: number) {
    this.#bytes = new Uint16Array(elements);
  }

  begin(start: number): void {
    this.start = start;
    this.lost = false;
    this.#first = 0;
    this.#count = 0;
  }

  push(bytes: number): void {
    if (this.#count === this.#bytes.length) this.lost = true;
    else this.#bytes[(this.#first + this.#count++) % this.#bytes.length] = bytes;
  }

  /** -1 where there is none. */
  shift(): number {
    if (this.#count === 0) return -1;
    const bytes = this.#bytes[this.#first] ?? 0;
    this.#first = (this.#first + 1) % this.#bytes.length;
    this.#count--;
    return bytes;
  }
}

class TransferRing implements Rule {
  readonly #context: RuleContext;
  #lengths: (Lengths | undefined)[] = [];

  constructor(context: RuleContext) {
    this.#context = context;
  }

  forget(): void {
    this.#lengths = [];
  }

  #name(channel: number): string {
    return `channel ${channel} (${channelName(this.#context.family, channel)})`;
  }

  buffer(buffer: Transfer, index: number): void {
    const view = this.#context.machine.channel(buffer.channel);
    if (view.queued === undefined || !view.profile) return;
    const lengths = this.#lengthsOf(view, view.profile.elements);
    if (buffer.chained) lengths.lost = true;
    lengths.push(buffer.length);
    if (!view.chained && !buffer.chained) this.#full(view, view.queued, view.profile.elements, buffer, index);
  }

  /** What else stands on a ring is passed over by the driver: with an error in the log on ring 0, in silence elsewhere. */
  element(event: RingEvent, index: number): void {
    const known = event.ring === "ctrl" ? CTRL_TYPES : DATA_TYPES;
    if (known.includes(event.type)) return;
    this.#context.report({
      title: `device posted ${elementTypeName(event.type)} on a ${event.ring} ring`,
      expected: `elements of types ${known.map(elementTypeName).join(", ")}${event.ring === "ctrl" ? "" : " and transfers"}`,
      found: `${elementTypeName(event.type)} at ${formatSeconds(event.tNs)}, which the driver does not know there`,
      atNs: event.tNs,
      because: [index],
    });
  }

  completion(completion: Transfer, index: number): void {
    this.#code(completion, index);
    if (!completion.completes) return;
    const view = this.#context.machine.channel(completion.channel);
    const { queued, profile } = view;
    if (profile) this.#order(view, profile.elements, completion, index);
    if (queued === undefined) return;
    if (profile) this.#length(this.#lengthsOf(view, profile.elements), completion, index);
    if (view.completed < queued) return;
    this.#context.report({
      title: `device completed more buffers on ${this.#name(completion.channel)} than were queued`,
      expected: `at most ${queued} completions since the channel's START`,
      found: `completion ${view.completed + 1} at ${formatSeconds(completion.tNs)}, ${queued} buffers queued`,
      atNs: completion.tNs,
      because: [index],
    });
  }

  /** "Unknown event" in the log: the buffer stays where it is. */
  #code({ type, code, channel, tNs }: Transfer, index: number): void {
    if (type !== ElementType.TX_EVENT || (code >= CompletionCode.EOT && code <= CompletionCode.DB_MODE)) return;
    this.#context.report({
      title: `device completed a transfer on ${this.#name(channel)} with code ${completionCodeName(code)}`,
      expected: "EOT, OVERFLOW or EOB for a buffer; OOB or DB_MODE for the doorbell",
      found: `code ${completionCodeName(code)} at ${formatSeconds(tNs)}`,
      atNs: tNs,
      because: [index],
    });
  }

  #lengthsOf({ channel, start }: ChannelView, elements: number): Lengths {
    let lengths = this.#lengths[channel];
    if (!lengths) {
      lengths = new Lengths(elements);
      this.#lengths[channel] = lengths;
    }
    if (lengths.start !== start) lengths.begin(start);
    return lengths;
  }

  /** A ring of n elements holds n-1 (mhi_is_ring_full). */
  #full(view: ChannelView, queued: number, elements: number, buffer: Transfer, index: number): void {
    const held = queued - view.completed + 1;
    if (held <= elements - 1) return;
    this.#context.report({
      title: `more buffers were queued on ${this.#name(view.channel)} than its ring holds`,
      expected: `at most ${elements - 1} buffers in a ring of ${elements}`,
      found: `${held} buffers in it at ${formatSeconds(buffer.tNs)}`,
      atNs: buffer.tNs,
      because: [index],
    });
  }

  /** Longer than 16 bits can tell, a buffer's length reads 0 (64 KiB): that says nothing. */
  #length(lengths: Lengths, completion: Transfer, index: number): void {
    const held = lengths.shift();
    if (lengths.lost || held <= 0 || completion.length <= held) return;
    this.#context.report({
      title: `device completed more bytes on ${this.#name(completion.channel)} than the buffer holds`,
      expected: `at most ${held} bytes, the length of the oldest buffer in the ring`,
      found: `a completion of ${completion.length} bytes at ${formatSeconds(completion.tNs)}; the host cuts it to ${held}`,
      atNs: completion.tNs,
      because: [index],
    });
  }

  /** The host itself refuses an unexpected ring element since 6.12.44 (design facts 2.5). */
  #order(view: ChannelView, elements: number, completion: Transfer, index: number): void {
    const { ptr } = completion;
    const next = nextElement(view, elements);
    if (next === undefined || !Number.isSafeInteger(ptr)) return;
    const again = ptr === view.lastPtr;
    if (next === "any" ? !again : next === "first" ? ptr % (elements * RING_ELEMENT_BYTES) === 0 : ptr === next) return;
    const lengths = this.#lengths[view.channel];
    if (lengths) lengths.lost = true;
    const element = typeof next === "number" ? `ring element 0x${next.toString(16)}` : "another ring element";
    this.#context.report({
      title: `device completed ${again ? "one buffer" : "a buffer"} of ${this.#name(view.channel)} ${again ? "twice" : "out of order"}`,
      expected:
        next === "first"
          ? `the first completion after START for the ring's first element, at a multiple of ${elements * RING_ELEMENT_BYTES} bytes`
          : `a completion for ${element}, the one after 0x${(view.lastPtr ?? 0).toString(16)}`,
      found: `a completion for 0x${ptr.toString(16)} at ${formatSeconds(completion.tNs)}`,
      atNs: completion.tNs,
      because: [index],
    });
  }
}

/** Bus address that the next completion must have, as far as it is known; "any": but not the last one again. */
function nextElement(view: ChannelView, elements: number): number | "first" | "any" | undefined {
  const { lastPtr, chained } = view;
  // the ring's begin is known from any of its elements only where its length is a power of two
  const aligned = (elements & (elements - 1)) === 0;
  if (lastPtr === undefined)
    return view.start > 0 && view.queued !== undefined && !chained && aligned ? "first" : undefined;
  if (chained || !aligned) return "any";
  const bytes = elements * RING_ELEMENT_BYTES;
  const base = lastPtr - (lastPtr % bytes);
  return base + ((lastPtr - base + RING_ELEMENT_BYTES) % bytes);
}

export const transferRing: RuleDefinition = {
  id: "transfer-ring",
  create: (context) => new TransferRing(context),
};
