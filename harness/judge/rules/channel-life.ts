/**
 * A channel's life: START only when closed, RESET only when open, buffers only in between, and never more completions
 * than buffers. Source: mhi_update_channel_state, mhi_queue, parse_xfer_event in drivers/bus/mhi/host/main.c;
 * facts 6.0.6, 6.0.8. A command in the wrong state is refused by the host itself and told by channel-command.
 */
import { formatSeconds } from "../../base/clock.ts";
import { channelName } from "../../mhi/families/family.ts";
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

  #completed(event: RingEvent, index: number): void {
    const { machine, report } = this.#context;
    const view = machine.channel(event.channel);
    if (view.queued === undefined || view.completed < view.queued) return;
    report({
      title: `device completed more buffers on ${this.#name(event.channel)} than were queued`,
      expected: `at most ${view.queued} completions since the channel's START`,
      found: `completion ${view.completed + 1} at ${formatSeconds(event.tNs)}, ${view.queued} buffers queued`,
      fromNs: event.tNs,
      atNs: event.tNs,
      because: [index],
    });
  }
}

export const channelLife: RuleDefinition = {
  id: "channel-life",
  create: (context) => new ChannelLifeRule(context),
};
