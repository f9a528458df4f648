/**
 * Between PM M3 and the next PM M0 the rings are quiet: no completion is taken, and whoever wants something of the
 * device wakes it first. Source: MHI_REG_ACCESS_VALID in mhi_ctrl_ev_task, mhi_trigger_resume; facts 6.0.7.
 */
import type { Nanoseconds } from "../../base/clock.ts";
import { formatSeconds, msToNs } from "../../base/clock.ts";
import { ChannelCommand, channelCommandName } from "../../mhi/channel.ts";
import { PmState, pmStateName } from "../../mhi/pm-state.ts";
import { ElementType } from "../../mhi/ring-element.ts";
import type { ChannelCommandEvent, PmStateEvent, RingEvent } from "../../trace/mhi-events.ts";
import { isErrorPm } from "../machine.ts";
import type { Transfer } from "../transfer.ts";
import { PLAIN_MARGIN } from "./expectations.ts";
import type { Rule, RuleContext, RuleDefinition } from "./rule.ts";

/**
 * Data rings have tasklets of their own, which nothing orders against the M3 event on ring 0; what the device posted
 * before M3 may be read this much later than the ring's moderation time.
 */
const DATA_RING_LAG_MS = 10;

class M3Quiet implements Rule {
  readonly #context: RuleContext;
  readonly #dataLagNs: number;
  /** Long ago where PM M3 itself was not seen. */
  #asleepNs: Nanoseconds = 0;
  #waitingForWake = false;

  constructor(context: RuleContext) {
    this.#context = context;
    const moderationMs = Math.max(0, ...context.family.eventRings.map((ring) => ring.moderationMs));
    this.#dataLagNs = msToNs(moderationMs + DATA_RING_LAG_MS);
  }

  forget(): void {
    this.#waitingForWake = false;
  }

  pm(event: PmStateEvent, index: number): void {
    this.#waitingForWake = false;
    if (event.pmState === PmState.M3_ENTER) this.#busy(event, index);
    if (event.pmState === PmState.M3) this.#asleepNs = event.tNs;
  }

  element(event: RingEvent, index: number): void {
    const ctrl = event.ring === "ctrl";
    if (event.type === ElementType.CMD_COMPLETION_EVENT) this.#completion(event.tNs, ctrl, index);
  }

  completion({ tNs, ctrl }: Transfer, index: number): void {
    this.#completion(tNs, ctrl, index);
  }

  buffer({ tNs, channel }: Transfer, index: number): void {
    if (this.#context.machine.pm === PmState.M3) this.#wake(tNs, `a buffer queued on channel ${channel}`, index);
  }

  /** A command that the host refuses by itself wakes nobody. */
  chan(event: ChannelCommandEvent, index: number): void {
    const { machine } = this.#context;
    if (event.phase !== "start" || machine.pm !== PmState.M3) return;
    const { state } = machine.channel(event.channel);
    if (state !== (event.command === ChannelCommand.START ? "closed" : "open")) return;
    this.#wake(event.tNs, `${channelCommandName(event.command)} of channel ${event.channel}`, index);
  }

  /** The host refuses to suspend while a packet to the device is under way (pending_pkts in mhi_pm_suspend). */
  #busy(event: PmStateEvent, index: number): void {
    const { machine, report } = this.#context;
    for (const view of machine.channels()) {
      const { profile } = view;
      if (profile?.direction !== "ul" || view.state !== "open" || view.chained) continue;
      if (view.queued === undefined || view.completed >= view.queued) continue;
      report({
        title: `host suspended with ${view.queued - view.completed} packets under way on channel ${view.channel} (${profile.name})`,
        expected: "no PM M3_ENTER before every packet to the device is completed",
        found: `${view.queued} queued, ${view.completed} completed at ${formatSeconds(event.tNs)}`,
        atNs: event.tNs,
        because: [index],
      });
    }
  }

  #completion(tNs: Nanoseconds, ctrl: boolean, index: number): void {
    const { machine, report } = this.#context;
    if (machine.pm !== PmState.M3 && machine.pm !== PmState.M3_EXIT) return;
    if (!ctrl && tNs - this.#asleepNs <= this.#dataLagNs) return;
    report({
      title: `a completion was taken while the host was in ${pmStateName(machine.pm)}`,
      expected: "no completions between PM M3 and the next PM M0",
      found: `an element of the ${ctrl ? "ctrl" : "data"} ring at ${formatSeconds(tNs)}, PM M3 since ${formatSeconds(this.#asleepNs)}`,
      fromNs: this.#asleepNs,
      atNs: tNs,
      because: [machine.pmIndex, index],
    });
  }

  /** Who wants something of the device in M3 must wake it (F17: it did not, and the channel was dead). */
  #wake(fromNs: Nanoseconds, what: string, index: number): void {
    if (this.#waitingForWake) return;
    this.#waitingForWake = true;
    const { family, expect, report } = this.#context;
    expect({
      fromNs,
      deadlineNs: fromNs + PLAIN_MARGIN * msToNs(family.timeoutMs),
      because: [index],
      met: (next) => next.kind === "pm" && next.pmState === PmState.M3_EXIT,
      excused: (next) => next.kind === "pm" && (isErrorPm(next.pmState) || next.pmState === PmState.DISABLE),
      failed: (atNs, how, because) =>
        report({
          title: `${what} in M3 did not wake the device within ${family.timeoutMs / 1000} s`,
          expected: "PM M3_EXIT after a buffer is queued or a command given in M3",
          found: `${what} at ${formatSeconds(fromNs)}, then ${how}`,
          cause: "runtime PM of the controller did not see the client's request (F17)",
          fromNs,
          atNs,
          because,
          failure: "not-acknowledged",
        }),
    });
  }
}

export const m3Quiet: RuleDefinition = { id: "m3-quiet", create: (context) => new M3Quiet(context) };
