/**
 * A channel command: asked for (start record), sent, acknowledged by one completion on ring 0, done (end record). The
 * call is synchronous, so the asking task goes on only after success, refusal or time-out.
 * Source: mhi_update_channel_state and mhi_process_cmd_completion in drivers/bus/mhi/host/main.c; facts 6.0.5, 6.0.11.
 */
import { formatSeconds, msToNs, NS_PER_S } from "../../base/clock.ts";
import { ChannelCommand, channelCommandName } from "../../mhi/channel.ts";
import { channelName } from "../../mhi/families/family.ts";
import { PmState, pmStateName } from "../../mhi/pm-state.ts";
import { CompletionCode, completionCodeName, ElementType } from "../../mhi/ring-element.ts";
import type { ChannelCommandEvent, MhiEvent, PmStateEvent, RingEvent } from "../../trace/mhi-events.ts";
import type { LogLine } from "../evidence.ts";
import type { PendingCommand } from "../machine.ts";
import { isErrorPm } from "../machine.ts";
import { PLAIN_MARGIN } from "./expectations.ts";
import type { Rule, RuleContext, RuleDefinition } from "./rule.ts";

/** The asking task only has to wake up and write its record. */
const WAKE_UP_NS = 2 * NS_PER_S;

/** 128 elements of 16 bytes, the ring aligned to its own length (CMD_EL_PER_RING, mhi_alloc_aligned_ring). */
const RING_BYTES = 128 * 16;

const isOver = (event: MhiEvent): boolean =>
  event.kind === "pm" && (isErrorPm(event.pmState) || event.pmState === PmState.DISABLE);

class ChannelCommandRule implements Rule {
  readonly #context: RuleContext;
  /** The history of the command ring is known: since a power cycle, without a gap. */
  #known = false;
  /** Successful completions that no end record has claimed yet. */
  #unclaimed = 0;
  /** Bus address of the last completed command; undefined: none yet since the reset, or not known. */
  #lastPtr: number | undefined;
  #lastPtrIndex = -1;
  /** Commands already blamed (by the index of their start), so that each is blamed once. */
  readonly #blamed = new Set<number>();

  constructor(context: RuleContext) {
    this.#context = context;
  }

  forget(): void {
    this.#known = false;
    this.#unclaimed = 0;
    this.#lastPtr = undefined;
    this.#blamed.clear();
  }

  chan(event: ChannelCommandEvent, index: number): void {
    if (event.phase === "start") this.#start(event, index);
    else this.#end(event, index);
  }

  element(event: RingEvent, index: number): void {
    if (event.type === ElementType.CMD_COMPLETION_EVENT) this.#completion(event, index);
  }

  /** A reset starts the command ring afresh (mhi_pm_disable_transition, mhi_pm_sys_error_transition). */
  pm(event: PmStateEvent, index: number): void {
    if (event.pmState === PmState.M3_ENTER) this.#suspended(event, index);
    if (event.pmState !== PmState.DISABLE && event.pmState !== PmState.POR) return;
    this.forget();
    this.#known = true;
  }

  /** A command holds a wake vote until its end is recorded, and mhi_pm_suspend refuses while there is one. */
  #suspended(event: PmStateEvent, index: number): void {
    const [pending] = this.#context.machine.pending.values();
    if (!pending || this.#unclaimed === 0 || this.#blamed.size > 0) return;
    this.#context.report({
      title: `host suspended in the middle of ${this.#words(pending.event)}`,
      expected: "no PM M3_ENTER between the device's completion of a command and the command's end",
      found: `${this.#words(pending.event)} at ${formatSeconds(pending.event.tNs)}, answered and not ended, M3_ENTER at ${formatSeconds(event.tNs)}`,
      fromNs: pending.event.tNs,
      atNs: event.tNs,
      because: [pending.index, index],
    });
  }

  #words(event: ChannelCommandEvent): string {
    return `${channelCommandName(event.command)} of channel ${event.channel} (${channelName(this.#context.family, event.channel)})`;
  }

  #start(event: ChannelCommandEvent, index: number): void {
    const { machine, family, expect } = this.#context;
    if (machine.pending.size === 0) this.#unclaimed = 0;
    // Already in an error state: refused on the spot, and the records around say why (6.0.11).
    if (isErrorPm(machine.pm)) return;
    // From a suspended state the call first waits `timeout_ms` for M0, then the same again for its completion.
    const awake = machine.pm === PmState.M0;
    const limitMs = awake ? family.timeoutMs : 2 * family.timeoutMs;
    expect({
      fromNs: event.tNs,
      deadlineNs: event.tNs + PLAIN_MARGIN * msToNs(limitMs),
      because: [index],
      met: (next) =>
        this.#blamed.has(index) || (next.kind === "chan" && next.phase === "end" && next.channel === event.channel),
      excused: isOver,
      refuted: (next) =>
        next.pid === event.pid && (next.kind === "worker" || (next.kind === "chan" && next.phase === "start")),
      refutedByLog: (line) => this.#saysTimeout(line, event),
      failed: (atNs, how, because) => this.#unanswered(event, index, atNs, how, because),
    });
  }

  #saysTimeout(line: LogLine, event: ChannelCommandEvent): boolean {
    return (
      line.text.includes(`${event.channel}: Failed to `) &&
      line.text.includes(`${channelCommandName(event.command)} channel command`)
    );
  }

  #unanswered(event: ChannelCommandEvent, index: number, atNs: number, how: string, because: readonly number[]): void {
    if (this.#blamed.has(index)) return;
    this.#blamed.add(index);
    const { machine, family, report } = this.#context;
    const pending = machine.pending.get(event.channel);
    machine.abandon(event.channel);
    const refusal = pending?.index === index ? this.#refusal(pending) : undefined;
    if (refusal) {
      report({
        title: `host refused ${this.#words(event)}: ${refusal}`,
        expected: `${channelCommandName(event.command)} only on a channel that is ${event.command === ChannelCommand.START ? "closed" : "open"}`,
        found: `${this.#words(event)} at ${formatSeconds(event.tNs)} while the channel is ${pending?.channelState}`,
        fromNs: event.tNs,
        atNs,
        because,
        failure: "refused-command",
      });
      return;
    }
    report({
      title: `channel ${event.channel} (${channelName(family, event.channel)}): device did not complete ${channelCommandName(event.command)} within ${family.timeoutMs / 1000} s`,
      expected: `a completion with code SUCCESS and the end of ${this.#words(event)} within ${family.timeoutMs / 1000} s`,
      found: `${this.#words(event)} at ${formatSeconds(event.tNs)}, then ${how}`,
      fromNs: event.tNs,
      atNs,
      because,
      failure: "not-acknowledged",
    });
  }

  #refusal(pending: PendingCommand): string | undefined {
    const { command } = pending.event;
    if (command === ChannelCommand.START && pending.channelState === "open") return "the channel is open already";
    if (command === ChannelCommand.RESET && pending.channelState === "closed") return "the channel is not open";
    return undefined;
  }

  #completion(event: RingEvent, index: number): void {
    const { machine, report } = this.#context;
    this.#order(event, index);
    if (event.code === CompletionCode.SUCCESS) {
      if (machine.pending.size > this.#unclaimed) this.#claimable(event, index);
      // a command that was given up may be completed late: that is the same failure, told already
      else if (this.#known && this.#blamed.size === 0) {
        report({
          title: "device completed a channel command that nobody had sent",
          expected: "one completion for each command",
          found: `a completion at ${formatSeconds(event.tNs)} for ring element ${event.ptr}, with no command waiting for one`,
          fromNs: event.tNs,
          atNs: event.tNs,
          because: [index],
        });
      }
      return;
    }
    const [pending] = machine.pending.values();
    if (pending) this.#blamed.add(pending.index);
    report({
      title: pending
        ? `device refused ${this.#words(pending.event)} (${completionCodeName(event.code)})`
        : `device reported a failed command (${completionCodeName(event.code)})`,
      expected: "completion code SUCCESS",
      found: `code ${completionCodeName(event.code)} at ${formatSeconds(event.tNs)}`,
      fromNs: pending?.event.tNs ?? event.tNs,
      atNs: event.tNs,
      because: pending ? [pending.index, index] : [index],
      failure: "not-acknowledged",
    });
    if (pending) machine.abandon(pending.event.channel);
  }

  /** The completion has come: where it can belong to one command only, that one must end now. */
  #claimable(event: RingEvent, index: number): void {
    this.#unclaimed++;
    const { machine, expect, report } = this.#context;
    const [only] = machine.pending.values();
    if (!only || machine.pending.size > 1) return;
    expect({
      fromNs: event.tNs,
      deadlineNs: event.tNs + WAKE_UP_NS,
      because: [only.index, index],
      met: (next) =>
        this.#blamed.has(only.index) ||
        (next.kind === "chan" && next.channel === only.event.channel && next.phase === "end"),
      excused: isOver,
      failed: (atNs, how, because) => {
        if (this.#blamed.has(only.index)) return;
        this.#blamed.add(only.index);
        machine.abandon(only.event.channel);
        report({
          title: `host did not end ${this.#words(only.event)} after the device's completion`,
          expected: `the end record of ${this.#words(only.event)}`,
          found: `completion at ${formatSeconds(event.tNs)}, then ${how}`,
          fromNs: only.event.tNs,
          atNs,
          because,
        });
      },
    });
  }

  /** The device works through the ring in order, so each completion points one element further. */
  #order(event: RingEvent, index: number): void {
    const ptr = Number.parseInt(event.ptr, 16);
    const last = this.#lastPtr;
    const lastIndex = this.#lastPtrIndex;
    this.#lastPtr = Number.isSafeInteger(ptr) ? ptr : undefined;
    this.#lastPtrIndex = index;
    if (!Number.isSafeInteger(ptr) || this.#blamed.size > 0 || (last === undefined && !this.#known)) return;
    const base = (last ?? ptr) - ((last ?? ptr) % RING_BYTES);
    // the first command after a reset of the ring stands at its begin
    const next = last === undefined ? base : base + ((last + 16 - base) % RING_BYTES);
    const inRing = ptr >= base && ptr < base + RING_BYTES;
    if (ptr === next || (inRing && this.#skipped((ptr - next + RING_BYTES) % RING_BYTES, event, index))) return;
    this.#context.report({
      title: "device completed a command out of order",
      expected: `a completion for ring element 0x${next.toString(16)}, ${last === undefined ? "the ring's first" : `the one after 0x${last.toString(16)}`}`,
      found: `a completion for 0x${ptr.toString(16)} at ${formatSeconds(event.tNs)}`,
      fromNs: event.tNs,
      atNs: event.tNs,
      because: [lastIndex, index],
    });
  }

  /** Later elements are completed while earlier commands still wait: those commands' completions were left out. */
  #skipped(bytes: number, event: RingEvent, index: number): boolean {
    const count = bytes / 16;
    const waiting = [...this.#context.machine.pending.values()];
    if (!Number.isInteger(count) || count >= waiting.length) return false;
    for (const lost of waiting.slice(0, count)) {
      const how = `the device completed the command after it at ${formatSeconds(event.tNs)}`;
      this.#unanswered(lost.event, lost.index, event.tNs, how, [lost.index, index]);
    }
    return true;
  }

  #end(event: ChannelCommandEvent, index: number): void {
    const { machine, report } = this.#context;
    const pending = machine.pending.get(event.channel);
    if (pending?.event.command === event.command) {
      if (this.#unclaimed > 0) {
        this.#unclaimed--;
        return;
      }
      report({
        title: `host ended ${this.#words(event)} without a completion from the device`,
        expected: "a completion on ring 0 between start and end of the command",
        found: `start at ${formatSeconds(pending.event.tNs)}, end at ${formatSeconds(event.tNs)}, no completion between`,
        fromNs: pending.event.tNs,
        atNs: event.tNs,
        because: [pending.index, index],
      });
      return;
    }
    if (machine.pm === undefined || machine.channel(event.channel).state === "unknown") return;
    report({
      title: `${this.#words(event)} ended that had not begun`,
      expected: `a start record of ${this.#words(event)} before its end`,
      found: `the end at ${formatSeconds(event.tNs)} in PM ${pmStateName(machine.pm)}, ${pending ? `while ${this.#words(pending.event)} was under way` : "no command under way"}`,
      fromNs: machine.pmSinceNs,
      atNs: event.tNs,
      because: pending ? [pending.index, index] : [index],
    });
  }
}

export const channelCommand: RuleDefinition = {
  id: "channel-command",
  create: (context) => new ChannelCommandRule(context),
};
