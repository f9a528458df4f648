/**
 * A channel's life: one command at a time, and buffers only between START and RESET. A command in the wrong state is
 * refused by the host itself and told by channel-command.
 * Source: mhi_update_channel_state, mhi_gen_tre in drivers/bus/mhi/host/main.c; design facts 6.0.6.
 */
import type { Nanoseconds } from "../../base/clock.ts";
import { formatSeconds } from "../../base/clock.ts";
import { channelName } from "../../mhi/families/family.ts";
import { ElementType } from "../../mhi/ring-element.ts";
import type { ChannelCommandEvent, RingEvent } from "../../trace/mhi-events.ts";
import type { Transfer } from "../transfer.ts";
import type { Rule, RuleContext, RuleDefinition } from "./rule.ts";

class ChannelLifeRule implements Rule {
  readonly #context: RuleContext;
  /** Channels already blamed for queueing while closed: once until they are started again. */
  readonly #blamed = new Set<number>();
  /** Index of the last command completion. */
  #lastAnswer = -1;

  constructor(context: RuleContext) {
    this.#context = context;
  }

  forget(): void {
    this.#blamed.clear();
  }

  #name(channel: number): string {
    return `channel ${channel} (${channelName(this.#context.family, channel)})`;
  }

  chan(event: ChannelCommandEvent, index: number): void {
    if (event.phase === "end") {
      this.#ended(event, index);
      return;
    }
    this.#blamed.delete(event.channel);
    const { machine, report } = this.#context;
    const under = machine.pending.get(event.channel);
    // the channel's mutex is held over the whole command (mhi_prepare_channel, mhi_unprepare_channel)
    if (!under || under.event.pid === event.pid) return;
    report({
      title: `${this.#name(event.channel)}: a second command began while the first was under way`,
      expected: "one command at a time on a channel",
      found: `commands at ${formatSeconds(under.event.tNs)} and ${formatSeconds(event.tNs)}, channel ${machine.channel(event.channel).state}`,
      fromNs: under.event.tNs,
      atNs: event.tNs,
      because: [under.index, index],
    });
  }

  /** mhi_update_channel_state is one call: the task that records its begin records its end. */
  #ended(event: ChannelCommandEvent, index: number): void {
    const { machine, report } = this.#context;
    const begun = machine.pending.get(event.channel);
    if (!begun || begun.event.pid === event.pid || event.source === "dynamic-debug") return;
    report({
      title: `${this.#name(event.channel)}: a command was ended by another task than began it`,
      expected: `the end by task ${begun.event.pid}`,
      found: `begun at ${formatSeconds(begun.event.tNs)}, ended by task ${event.pid} at ${formatSeconds(event.tNs)}`,
      fromNs: begun.event.tNs,
      atNs: event.tNs,
      because: [begun.index, index],
    });
  }

  element(event: RingEvent, index: number): void {
    if (event.type === ElementType.CMD_COMPLETION_EVENT) this.#lastAnswer = index;
  }

  buffer({ channel, tNs, pid }: Transfer, index: number): void {
    const { machine, report } = this.#context;
    this.#tooEarly(channel, pid, tNs, index);
    // "starting" and "resetting": another CPU may queue just before the state changes or its record is made
    if (machine.channel(channel).state !== "closed" || this.#blamed.has(channel)) return;
    this.#blamed.add(channel);
    report({
      title: `a buffer was queued on ${this.#name(channel)}, which is not open`,
      expected: "buffers only between START and RESET of their channel",
      found: `a buffer at ${formatSeconds(tNs)}, the channel is closed`,
      fromNs: machine.pmSinceNs,
      atNs: tNs,
      because: [index],
    });
  }

  /**
   * The driver opens the channel when the device has answered, so before any answer nobody can queue; and the task that
   * asked goes on only after the end's record.
   */
  #tooEarly(channel: number, pid: number, tNs: Nanoseconds, index: number): void {
    const { machine, report } = this.#context;
    if (machine.channel(channel).state !== "starting" || this.#blamed.has(channel)) return;
    const start = machine.pending.get(channel);
    if (!start || (start.index < this.#lastAnswer && start.event.pid !== pid)) return;
    this.#blamed.add(channel);
    report({
      title: `a buffer was queued on ${this.#name(channel)} before its START had ended`,
      expected: "buffers only after the completion and the end of START",
      found: `START at ${formatSeconds(start.event.tNs)}, a buffer at ${formatSeconds(tNs)}, before the end of START`,
      fromNs: start.event.tNs,
      atNs: tNs,
      because: [start.index, index],
    });
  }
}

export const channelLife: RuleDefinition = {
  id: "channel-life",
  create: (context) => new ChannelLifeRule(context),
};
