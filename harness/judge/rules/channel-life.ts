/**
 * A channel's life: START only when closed, RESET only when open, buffers only in between, and never more completions
 * than buffers. Source: mhi_update_channel_state, mhi_queue, parse_xfer_event in drivers/bus/mhi/host/main.c;
 * facts 6.0.6, 6.0.8. A command in the wrong state is refused by the host itself and told by channel-command.
 */
import { formatSeconds } from "../../base/clock.ts";
import { channelName } from "../../mhi/families/family.ts";
import { RING_ELEMENT_BYTES } from "../../mhi/ring-element.ts";
import type { ChannelCommandEvent, RingEvent, TreEvent } from "../../trace/mhi-events.ts";
import { isTransferCompletion } from "../machine.ts";
import type { Rule, RuleContext, RuleDefinition } from "./rule.ts";

class ChannelLifeRule implements Rule {
  readonly #context: RuleContext;
  /** Channels already blamed for queueing while closed: once until they are started again. */
  readonly #blamed = new Set<number>();

  constructor(context: RuleContext) {
    this.#context = context;
  }

  forget(): void {
    this.#blamed.clear();
  }

  event: NonNullable<Rule["event"]> = (event, index) => {
    if (event.kind === "tre") this.#queued(event, index);
    else if (event.kind === "ring" && isTransferCompletion(event)) this.#completed(event, index);
    else if (event.kind === "chan" && event.phase === "start") this.#started(event, index);
  };

  #name(channel: number): string {
    return `channel ${channel} (${channelName(this.#context.family, channel)})`;
  }

  #started(event: ChannelCommandEvent, index: number): void {
    this.#blamed.delete(event.channel);
    const { machine, report } = this.#context;
    const view = machine.channel(event.channel);
    if (!machine.pending.has(event.channel)) return;
    // the channel's mutex is held over the whole command (mhi_prepare_channel, mhi_unprepare_channel)
    const under = machine.pending.get(event.channel);
    if (under && under.event.pid !== event.pid) {
      report({
        title: `${this.#name(event.channel)}: a second command began while the first was under way`,
        expected: "one command at a time on a channel",
        found: `commands at ${formatSeconds(under.event.tNs)} and ${formatSeconds(event.tNs)}, channel ${view.state}`,
        fromNs: under.event.tNs,
        atNs: event.tNs,
        because: [under.index, index],
      });
    }
  }

  #queued(event: TreEvent, index: number): void {
    const { machine, report } = this.#context;
    const view = machine.channel(event.channel);
    this.#full(event, index);
    // "starting" and "resetting": another CPU may queue just before the state changes or its record is made
    if (view.state !== "closed" || this.#blamed.has(event.channel)) return;
    this.#blamed.add(event.channel);
    report({
      title: `a buffer was queued on ${this.#name(event.channel)}, which is not open`,
      expected: "buffers only between START and RESET of their channel",
      found: `a buffer at ${formatSeconds(event.tNs)}, the channel is closed`,
      fromNs: machine.pmSinceNs,
      atNs: event.tNs,
      because: [index],
    });
  }

  /** A ring of n elements holds n-1 (mhi_is_ring_full). A chain is freed by one completion, so it is not counted. */
  #full(event: TreEvent, index: number): void {
    const { machine, family, report } = this.#context;
    const view = machine.channel(event.channel);
    const elements = family.channels.find((entry) => entry.channel === event.channel)?.elements;
    if (elements === undefined || view.queued === undefined || view.chained) return;
    const held = view.queued - view.completed + 1;
    if (held <= elements - 1) return;
    report({
      title: `more buffers were queued on ${this.#name(event.channel)} than its ring holds`,
      expected: `at most ${elements - 1} buffers in a ring of ${elements}`,
      found: `${held} buffers in it at ${formatSeconds(event.tNs)}`,
      atNs: event.tNs,
      because: [index],
    });
  }

  #completed(event: RingEvent, index: number): void {
    const { machine, report } = this.#context;
    const view = machine.channel(event.channel);
    this.#order(event, index);
    if (view.queued === undefined || view.completed < view.queued) return;
    report({
      title: `device completed more buffers on ${this.#name(event.channel)} than were queued`,
      expected: `at most ${view.queued} completions since the channel's START`,
      found: `completion ${view.completed + 1} at ${formatSeconds(event.tNs)}, ${view.queued} buffers queued`,
      atNs: event.tNs,
      because: [index],
    });
  }

  /** Completions go round the ring in order (the host refuses an unexpected TRE since 6.12.44; facts 2.5, 4.7). */
  #order(event: RingEvent, index: number): void {
    const { machine, family, report } = this.#context;
    const { lastPtr, chained } = machine.channel(event.channel);
    const ptr = Number.parseInt(event.ptr, 16);
    const elements = family.channels.find((entry) => entry.channel === event.channel)?.elements;
    if (lastPtr === undefined || elements === undefined || !Number.isSafeInteger(ptr)) return;
    const bytes = elements * RING_ELEMENT_BYTES;
    // the ring is aligned to its own length, so its begin is known where that is a power of two
    const aligned = (elements & (elements - 1)) === 0;
    const base = lastPtr - (lastPtr % bytes);
    const next = base + ((lastPtr - base + RING_ELEMENT_BYTES) % bytes);
    if (chained || !aligned ? ptr !== lastPtr : ptr === next) return;
    report({
      title:
        ptr === lastPtr
          ? `device completed one buffer of ${this.#name(event.channel)} twice`
          : `device completed a buffer of ${this.#name(event.channel)} out of order`,
      expected: `a completion for ring element 0x${next.toString(16)}, the one after 0x${lastPtr.toString(16)}`,
      found: `a completion for 0x${ptr.toString(16)} at ${formatSeconds(event.tNs)}`,
      atNs: event.tNs,
      because: [index],
    });
  }
}

export const channelLife: RuleDefinition = {
  id: "channel-life",
  create: (context) => new ChannelLifeRule(context),
};
