/**
 * What the host must do with a control event, and what it must not do without one. The event is recorded before it is
 * handled, in the same tasklet, so no other element of ring 0 can come between the event and its PM record.
 * Source: mhi_process_ctrl_ev_ring in drivers/bus/mhi/host/main.c; design facts 2.2, 3.3, 6.0.2, 6.0.3.
 */
import type { Nanoseconds } from "../../base/clock.ts";
import { formatSeconds, msToNs, NS_PER_S } from "../../base/clock.ts";
import { execEnvName } from "../../mhi/exec-env.ts";
import { MhiState, mhiStateName } from "../../mhi/mhi-state.ts";
import type { PmState } from "../../mhi/pm-state.ts";
import { PmState as Pm, pmStateName } from "../../mhi/pm-state.ts";
import { ElementType } from "../../mhi/ring-element.ts";
import { legalTargets } from "../../mhi/transitions.ts";
import { WorkerItem, workerItemName } from "../../mhi/worker-item.ts";
import type { PmStateEvent, RingEvent, WorkerEvent } from "../../trace/mhi-events.ts";
import { isErrorPm } from "../machine.ts";
import type { Transfer } from "../transfer.ts";
import { POLLED_MARGIN } from "./expectations.ts";
import type { Rule, RuleContext, RuleDefinition } from "./rule.ts";

/** State in the event -> PM state that the host enters, and the other way round. SYS_ERR has causes without an event. */
const PM_OF_STATE = new Map<number, PmState>([
  [MhiState.M0, Pm.M0],
  [MhiState.M1, Pm.M2],
  [MhiState.M3, Pm.M3],
  [MhiState.SYS_ERR, Pm.SYS_ERR_DETECT],
]);
const STATE_OF_PM = new Map<number, number>([
  [Pm.M0, MhiState.M0],
  [Pm.M2, MhiState.M1],
  [Pm.M3, MhiState.M3],
]);

/** EE in the event -> work item. AMSS and WFW share one. */
const ITEM_OF_EE = new Map<number, WorkerItem>([
  [1, WorkerItem.SBL],
  [2, WorkerItem.MISSION_MODE],
  [4, WorkerItem.MISSION_MODE],
  [7, WorkerItem.FP],
]);
const EE_ITEMS = new Set(ITEM_OF_EE.values());

interface Handled {
  readonly event: RingEvent;
  readonly index: number;
  readonly pm: PmState | undefined;
  readonly target: PmState;
}

/** An EE event that has not yet become a work item. */
interface Queued {
  readonly item: WorkerItem;
  readonly event: RingEvent;
  readonly index: number;
  handled: boolean;
}

class CtrlEventConsequence implements Rule {
  readonly #context: RuleContext;
  #handling: Handled | undefined;
  /** In the order of the host's queue; undefined while the history is not known. */
  #queue: Queued[] | undefined;

  constructor(context: RuleContext) {
    this.#context = context;
  }

  forget(): void {
    this.#handling = undefined;
    this.#queue = undefined;
  }

  pm(event: PmStateEvent, index: number): void {
    this.#pm(event.pmState as PmState, event.tNs, index);
  }

  worker(event: WorkerEvent, index: number): void {
    this.#item(event.item as WorkerItem, event.tNs, index);
  }

  element(event: RingEvent, index: number): void {
    const ctrl = event.ring === "ctrl";
    this.#tooEarly(event.tNs, ctrl, index);
    if (!ctrl) return;
    this.#settle(event.tNs, index);
    if (event.type === ElementType.STATE_CHANGE_EVENT) this.#stateChange(event, index);
    if (event.type === ElementType.EE_EVENT) this.#execEnv(event, index);
  }

  completion({ tNs, ctrl }: Transfer, index: number): void {
    this.#tooEarly(tNs, ctrl, index);
    if (ctrl) this.#settle(tNs, index);
  }

  /** From PM DISABLE to POR there are no rings that an element could be taken from (MHI_EVENT_ACCESS_INVALID). */
  #tooEarly(tNs: Nanoseconds, ctrl: boolean, index: number): void {
    const { machine, report } = this.#context;
    if (machine.pm !== Pm.DISABLE) return;
    report({
      title: "an event ring element was taken while the host was powered down",
      expected: "no ring elements between PM DISABLE and PM POR",
      found: `a ${ctrl ? "ctrl" : "data"} ring element at ${formatSeconds(tNs)}, PM DISABLE since ${formatSeconds(machine.pmSinceNs)}`,
      fromNs: machine.pmSinceNs,
      atNs: tNs,
      because: [machine.pmIndex, index],
    });
  }

  #stateChange(event: RingEvent, index: number): void {
    const target = PM_OF_STATE.get(event.code);
    const { machine, report } = this.#context;
    if (target === undefined) {
      report({
        title: `device sent a state change to ${mhiStateName(event.code)}, which the host does not know`,
        expected: "state change events M0, M1, M3 or SYS_ERR",
        found: `${mhiStateName(event.code)} at ${formatSeconds(event.tNs)}; the driver logs "Invalid state" and goes on`,
        atNs: event.tNs,
        because: [index],
      });
      return;
    }
    this.#handling = { event, index, pm: machine.pm, target };
  }

  /** The next element comes, or time has passed: the last one must have had its consequence. */
  #settle(atNs: number, index: number): void {
    const handled = this.#handling;
    this.#handling = undefined;
    if (!handled || handled.pm === undefined || isErrorPm(handled.pm)) return;
    const { event, pm, target } = handled;
    const legal = legalTargets(pm, this.#context.kernel).includes(target);
    // the device may go idle while the host is already on its way to M3: the driver drops that M1 without a word
    if (event.code === MhiState.M1 && !legal) return;
    const state = mhiStateName(event.code);
    this.#context.report({
      title: legal
        ? `host did not enter ${pmStateName(target)} after the device's ${state} event`
        : `device sent ${state} while the host was in ${pmStateName(pm)}, and the host refused it`,
      expected: legal
        ? `PM ${pmStateName(target)} right after the event`
        : `${state} only where PM may become ${pmStateName(target)}`,
      found: `${state} at ${formatSeconds(event.tNs)} in PM ${pmStateName(pm)}, and no PM record up to the next control event`,
      fromNs: event.tNs,
      atNs,
      because: [...new Set([handled.index, index])],
    });
  }

  #pm(to: PmState, atNs: number, index: number): void {
    const handled = this.#handling;
    const { machine, kernel, report } = this.#context;
    if (to === Pm.POR) this.#queue ??= [];
    if (to === Pm.DISABLE) this.#queue = [];
    if (handled?.target === to) {
      this.#handling = undefined;
      return;
    }
    // another CPU changed the state between the event and its handling, and refuses it now
    const overtaken = handled && handled.pm !== undefined && !legalTargets(to, kernel).includes(handled.target);
    if (overtaken && legalTargets(handled.pm ?? to, kernel).includes(handled.target)) this.#handling = undefined;
    const state = STATE_OF_PM.get(to);
    if (state === undefined || machine.pm === undefined) return;
    report({
      title: `host entered ${pmStateName(to)} without an event from the device`,
      expected: `a state change event ${mhiStateName(state)} right before PM ${pmStateName(to)}`,
      found: `PM ${pmStateName(to)} at ${formatSeconds(atNs)}, no such event since PM ${pmStateName(machine.pm)} at ${formatSeconds(machine.pmSinceNs)}`,
      fromNs: machine.pmSinceNs,
      atNs,
      because: [machine.pmIndex, index],
    });
  }

  #execEnv(event: RingEvent, index: number): void {
    const item = ITEM_OF_EE.get(event.code);
    if (item === undefined) return;
    const queued: Queued = { item, event, index, handled: false };
    if (this.#queue) this.#queue.push(queued);
    const { family, expect } = this.#context;
    // the worker may be in the middle of a long item: two polled waits are the longest
    const waitNs = POLLED_MARGIN * msToNs(family.timeoutMs + family.readyTimeoutMs) + NS_PER_S;
    expect({
      fromNs: event.tNs,
      deadlineNs: event.tNs + waitNs,
      because: [index],
      met: (next) => queued.handled || (!this.#queue && next.kind === "worker" && next.item === item),
      failed: (atNs, how, because) => this.#unhandled(queued, atNs, how, because),
    });
  }

  #unhandled(queued: Queued, atNs: number, how: string, because: readonly number[]): void {
    if (queued.handled) return;
    queued.handled = true;
    const { event, item } = queued;
    this.#context.report({
      title: `host did not handle the device's ${execEnvName(event.code)} event`,
      expected: `work item ${workerItemName(item)} for the event`,
      found: `${execEnvName(event.code)} event at ${formatSeconds(event.tNs)}, then ${how}`,
      fromNs: event.tNs,
      atNs,
      because,
    });
  }

  /** Items start in the order in which they were queued, so an item behind another proves that the other was left out. */
  #item(item: WorkerItem, atNs: number, index: number): void {
    const queue = this.#queue;
    if (!queue) return;
    const { machine, report } = this.#context;
    if (!EE_ITEMS.has(item)) {
      if (item !== WorkerItem.DISABLE && item !== WorkerItem.DISABLE_DESTROY_DEVICE) return;
      // queued by the power down, whose PM record is the last one
      for (const left of queue.filter((entry) => entry.event.tNs < machine.pmSinceNs)) {
        this.#unhandled(left, atNs, `${workerItemName(item)} instead`, [left.index, index]);
      }
      return;
    }
    const at = queue.findIndex((entry) => entry.item === item);
    for (const left of queue.splice(0, Math.max(at, 0))) {
      this.#unhandled(left, atNs, `${workerItemName(item)} instead`, [left.index, index]);
    }
    const taken = at < 0 ? undefined : queue.shift();
    if (taken) {
      taken.handled = true;
      return;
    }
    report({
      title: `work item ${workerItemName(item)} started without an EE event from the device`,
      expected: `an EE event before ${workerItemName(item)}, one for each`,
      found: `${workerItemName(item)} at ${formatSeconds(atNs)}, no unhandled EE event since the device was powered up`,
      fromNs: machine.pm === undefined ? atNs : machine.pmSinceNs,
      atNs,
      because: [machine.itemIndex, index],
    });
  }
}

export const ctrlEventConsequence: RuleDefinition = {
  id: "ctrl-event-consequence",
  create: (context) => new CtrlEventConsequence(context),
};
