/**
 * Between PM M3 and the next PM M0 the rings are quiet: no completion is taken, and whoever wants something of the
 * device wakes it first. Source: MHI_REG_ACCESS_VALID in mhi_ctrl_ev_task, mhi_trigger_resume; facts 6.0.7.
 */
import { formatSeconds, msToNs } from "../../base/clock.ts";
import { PmState, pmStateName } from "../../mhi/pm-state.ts";
import { ElementType } from "../../mhi/ring-element.ts";
import type { PmStateEvent, RingEvent, TreEvent } from "../../trace/mhi-events.ts";
import { isErrorPm } from "../machine.ts";
import { PLAIN_MARGIN } from "./expectations.ts";
import type { Rule, RuleContext, RuleDefinition } from "./rule.ts";

const COMPLETIONS: readonly number[] = [
  ElementType.CMD_COMPLETION_EVENT,
  ElementType.TX_EVENT,
  ElementType.RSC_TX_EVENT,
];
const ASLEEP: readonly (number | undefined)[] = [PmState.M3, PmState.M3_EXIT];

/**
 * Data rings have tasklets of their own, which nothing orders against the M3 event on ring 0; what the device posted
 * before M3 may be read this much later than the ring's moderation time.
 */
const DATA_RING_LAG_MS = 10;

class M3Quiet implements Rule {
  readonly #context: RuleContext;
  readonly #dataLagNs: number;
  #asleepNs = 0;
  #waitingForWake = false;

  constructor(context: RuleContext) {
    this.#context = context;
    const moderationMs = Math.max(0, ...context.family.eventRings.map((ring) => ring.moderationMs));
    this.#dataLagNs = msToNs(moderationMs + DATA_RING_LAG_MS);
  }

  forget(): void {
    this.#waitingForWake = false;
  }

  event: NonNullable<Rule["event"]> = (event, index) => {
    if (event.kind === "pm") {
      this.#waitingForWake = false;
      if (event.pmState === PmState.M3_ENTER) this.#busy(event, index);
      if (event.pmState === PmState.M3) this.#asleepNs = event.tNs;
    } else if (event.kind === "ring") this.#element(event, index);
    else if (event.kind === "tre") this.#wake(event, index);
  };

  /** The host refuses to suspend while a packet to the device is under way (pending_pkts in mhi_pm_suspend). */
  #busy(event: PmStateEvent, index: number): void {
    const { machine, family, report } = this.#context;
    for (const view of machine.channels()) {
      const profile = family.channels.find((entry) => entry.channel === view.channel);
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

  #element(event: RingEvent, index: number): void {
    const { machine, report } = this.#context;
    if (!ASLEEP.includes(machine.pm) || !COMPLETIONS.includes(event.type)) return;
    if (event.ring === "data" && event.tNs - this.#asleepNs <= this.#dataLagNs) return;
    report({
      title: `a completion was taken while the host was in ${pmStateName(machine.pm ?? PmState.M3)}`,
      expected: "no completions between PM M3 and the next PM M0",
      found: `an element of the ${event.ring} ring at ${formatSeconds(event.tNs)}, PM M3 since ${formatSeconds(this.#asleepNs)}`,
      fromNs: this.#asleepNs,
      atNs: event.tNs,
      because: [machine.pmIndex, index],
    });
  }

  /** A buffer queued in M3 must wake the device (F17: it did not, and the channel was dead). */
  #wake(event: TreEvent, index: number): void {
    const { machine, family, expect, report } = this.#context;
    if (machine.pm !== PmState.M3 || this.#waitingForWake) return;
    this.#waitingForWake = true;
    expect({
      fromNs: event.tNs,
      deadlineNs: event.tNs + PLAIN_MARGIN * msToNs(family.timeoutMs),
      because: [index],
      met: (next) => next.kind === "pm" && next.pmState === PmState.M3_EXIT,
      excused: (next) => next.kind === "pm" && (isErrorPm(next.pmState) || next.pmState === PmState.DISABLE),
      failed: (atNs, how, because) =>
        report({
          title: `a buffer queued on channel ${event.channel} in M3 did not wake the device within ${family.timeoutMs / 1000} s`,
          expected: "PM M3_EXIT after a buffer is queued in M3",
          found: `the buffer at ${formatSeconds(event.tNs)}, then ${how}`,
          cause: "runtime PM of the controller did not see the client's request (F17)",
          fromNs: event.tNs,
          atNs,
          because,
          failure: "not-acknowledged",
        }),
    });
  }
}

export const m3Quiet: RuleDefinition = { id: "m3-quiet", create: (context) => new M3Quiet(context) };
