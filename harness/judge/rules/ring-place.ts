/**
 * Every element stands where the one before it ends: buffers in their channel's ring (mhi_add_ring_element), events in
 * their event ring (mhi_recycle_ev_ring_element). A hole, a repeat or a change of places is a record that is missing,
 * made twice or altered, or a driver that lost its place.
 *
 * A place is the element's kernel address; recordings in text hold a hash of it, which says nothing (design facts 1.5
 * item 6). Channel rings are made anew with each START (mhi_init_chan_ctxt), event rings begin anew after PM DISABLE and
 * with the POR that follows SYS_ERR_PROCESS; both begin at a multiple of their length, as far as a page goes
 * (mhi_alloc_aligned_ring: the offset within the page is the same for bus and kernel).
 * Source: drivers/bus/mhi/host/main.c, init.c, pm.c; design facts 1.2, 4.7.
 */
import type { Nanoseconds } from "../../base/clock.ts";
import { formatSeconds } from "../../base/clock.ts";
import { channelName } from "../../mhi/families/family.ts";
import { PmState } from "../../mhi/pm-state.ts";
import { ElementType, RING_ELEMENT_BYTES } from "../../mhi/ring-element.ts";
import type { PmStateEvent } from "../../trace/mhi-events.ts";
import type { Transfer } from "../transfer.ts";
import type { Rule, RuleContext, RuleDefinition } from "./rule.ts";

/** Kernels of 64 bits live in the upper half of the addresses, with five levels of pages from 0xff00... on; a hash has 32 bits. */
const KERNEL_HIGH = 0xff000000;
const PAGE_BYTES = 4096;

const OF_A_CHANNEL: readonly number[] = [ElementType.TX_EVENT, ElementType.RSC_TX_EVENT, ElementType.STALE_EVENT];

type Step = "next" | "first" | "wrong" | "unknown";

/** Where the next element of one ring must stand. */
class Place {
  /** START that a channel's ring was made by. */
  start = -1;
  lastLow = 0;
  lastIndex = -1;
  readonly #bytes: number;
  #lastHigh = 0;
  /** Its begin, where it was seen. */
  #baseLow: number | undefined;
  #state: "unknown" | "begins" | "follows" = "unknown";

  constructor(elements: number) {
    this.#bytes = elements * RING_ELEMENT_BYTES;
  }

  begin(): void {
    this.#state = "begins";
    this.#baseLow = undefined;
  }

  forget(): void {
    this.#state = "unknown";
    this.#baseLow = undefined;
  }

  step(low: number, high: number, index: number): Step {
    if (high < KERNEL_HIGH) return "unknown";
    const step = this.#judge(low, high);
    if (step === "wrong") this.#baseLow = undefined;
    else if (this.#state === "begins") this.#baseLow = low;
    this.#state = "follows";
    this.lastLow = low;
    this.#lastHigh = high;
    this.lastIndex = index;
    return step;
  }

  #judge(low: number, high: number): Step {
    const bytes = this.#bytes;
    if (this.#state === "unknown") return "unknown";
    if (this.#state === "begins") {
      const whole = (bytes & (bytes - 1)) === 0;
      return whole && low % Math.min(bytes, PAGE_BYTES) !== 0 ? "wrong" : "first";
    }
    if (high !== this.#lastHigh) return "wrong";
    const forward = low === this.lastLow + RING_ELEMENT_BYTES;
    const round = low === this.lastLow + RING_ELEMENT_BYTES - bytes;
    if (this.#baseLow === undefined) return forward || round ? "next" : "wrong";
    const isLast = this.lastLow === this.#baseLow + bytes - RING_ELEMENT_BYTES;
    return (isLast ? round : forward) ? "next" : "wrong";
  }
}

class RingPlace implements Rule {
  readonly #context: RuleContext;
  #channels: (Place | undefined)[] = [];
  readonly #eventRings: Place[] = [];
  /** Event ring by channel, and of ring 0. */
  readonly #ctrl: Place | undefined;
  readonly #data: (Place | undefined)[] = [];
  /** SYS_ERR is being processed: until the next POR, elements may be of before or of after the reset of the rings. */
  #resetting = false;

  constructor(context: RuleContext) {
    this.#context = context;
    const { eventRings, channels } = context.family;
    for (const { index, elements } of eventRings) this.#eventRings[index] = new Place(elements);
    const ctrls = eventRings.filter(({ kind }) => kind === "ctrl");
    this.#ctrl = ctrls.length === 1 ? this.#eventRings[ctrls[0]?.index ?? 0] : undefined;
    for (const { channel, eventRing } of channels) this.#data[channel] = this.#eventRings[eventRing];
  }

  forget(): void {
    this.#channels = [];
    this.#resetting = false;
    for (const place of this.#eventRings) place?.forget();
  }

  pm(event: PmStateEvent): void {
    if (event.pmState === PmState.SYS_ERR_PROCESS) {
      this.#resetting = true;
      for (const place of this.#eventRings) place?.forget();
      return;
    }
    const afresh = event.pmState === PmState.DISABLE || (event.pmState === PmState.POR && this.#resetting);
    if (!afresh) return;
    this.#resetting = false;
    for (const place of this.#eventRings) place?.begin();
  }

  buffer(buffer: Transfer, index: number): void {
    if (buffer.slotHigh < KERNEL_HIGH) return;
    const { machine } = this.#context;
    const view = machine.channel(buffer.channel);
    if (!view.profile) return;
    let place = this.#channels[buffer.channel];
    if (!place) {
      place = new Place(view.profile.elements);
      place.start = view.start;
      if (view.start > 0) place.begin();
      this.#channels[buffer.channel] = place;
    } else if (place.start !== view.start) {
      place.start = view.start;
      place.begin();
    }
    const before = place.lastIndex;
    if (place.step(buffer.slotLow, buffer.slotHigh, index) !== "wrong") return;
    const name = `channel ${buffer.channel} (${channelName(this.#context.family, buffer.channel)})`;
    this.#report(`a buffer of ${name} does not stand behind the one before it in the ring`, buffer.tNs, before, index);
  }

  posted(element: Transfer, index: number): void {
    const { slotLow, slotHigh, ctrl, channel, type } = element;
    if (slotHigh < KERNEL_HIGH || this.#resetting) return;
    // of which ring another element of a data ring is, it does not say
    if (!ctrl && !OF_A_CHANNEL.includes(type)) {
      for (const place of this.#eventRings) if (place !== this.#ctrl) place?.forget();
      return;
    }
    const place = ctrl ? this.#ctrl : this.#data[channel];
    if (!place) return;
    const before = place.lastIndex;
    if (place.step(slotLow, slotHigh, index) !== "wrong") return;
    const name = ctrl ? "the control event ring" : `the event ring of channel ${channel}`;
    this.#report(`an element of ${name} does not stand behind the one before it`, element.tNs, before, index);
  }

  #report(title: string, tNs: Nanoseconds, before: number, index: number): void {
    this.#context.report({
      title,
      expected: "element behind element, round the ring, from its begin on",
      found: `another place at ${formatSeconds(tNs)}: what stood between was not recorded, or the order is not the ring's`,
      atNs: tNs,
      because: [before, index],
    });
  }
}

export const ringPlace: RuleDefinition = {
  id: "ring-place",
  create: (context) => new RingPlace(context),
};
