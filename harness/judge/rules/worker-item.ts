/**
 * Work items run strictly one after another (single ordered workqueue), and some PM states are entered only from within
 * certain items, by the task that runs them; some items only follow certain PM states. An item that is in the middle of a
 * channel command (a client's probe starts its channels) is not over before the command is. Source: mhi_pm_st_worker and its callees in
 * drivers/bus/mhi/host/pm.c, boot.c; design facts 6.0.4, 6.0.9.
 */
import { formatSeconds } from "../../base/clock.ts";
import type { PmState } from "../../mhi/pm-state.ts";
import { PmState as Pm, pmStateName } from "../../mhi/pm-state.ts";
import type { WorkerItem } from "../../mhi/worker-item.ts";
import { WorkerItem as Item, workerItemName } from "../../mhi/worker-item.ts";
import type { ChannelCommandEvent, PmStateEvent, WorkerEvent } from "../../trace/mhi-events.ts";
import type { Machine } from "../machine.ts";
import type { Rule, RuleContext, RuleDefinition } from "./rule.ts";

/** PM state -> items from within which the driver enters it. */
const ONLY_INSIDE = new Map<PmState, readonly WorkerItem[]>([
  [Pm.DISABLE, [Item.DISABLE, Item.DISABLE_DESTROY_DEVICE]],
  [Pm.POR, [Item.READY, Item.PBL, Item.SYS_ERR]],
  [Pm.SYS_ERR_PROCESS, [Item.SYS_ERR]],
  [Pm.SYS_ERR_FAIL, [Item.SYS_ERR]],
  [Pm.FW_DL_ERR, [Item.PBL, Item.SBL]], // mhi_fw_load_handler, mhi_download_amss_image
]);

/** Power-up items: DISABLE stands for the silent DISABLE, POR of mhi_async_power_up. */
const BEFORE_POWER_UP: readonly PmState[] = [
  Pm.DISABLE,
  Pm.POR,
  Pm.SYS_ERR_DETECT, // the device failed between power-up and the item's start
  Pm.SYS_ERR_PROCESS,
  Pm.SYS_ERR_FAIL,
  Pm.SHUTDOWN_PROCESS, // powered down between the queueing and the start
  Pm.LD_ERR_FATAL_DETECT,
];

/** Items that a power-down leaves behind; M3 stands for the silent LD_ERR_FATAL_DETECT of a refused shutdown. */
const BEFORE_POWER_DOWN: readonly PmState[] = [Pm.SHUTDOWN_PROCESS, Pm.LD_ERR_FATAL_DETECT, Pm.M3];

const BEFORE_SYS_ERR: readonly PmState[] = [
  Pm.SYS_ERR_DETECT,
  Pm.SYS_ERR_PROCESS, // handled twice with a shared vector (6.4)
  Pm.SYS_ERR_FAIL,
  Pm.POR, // the second of two, when the first ended in PBL
  Pm.SHUTDOWN_PROCESS,
  Pm.LD_ERR_FATAL_DETECT,
];

function pmBefore(item: WorkerItem, machine: Machine): readonly PmState[] | undefined {
  switch (item) {
    case Item.READY:
    case Item.PBL:
      // two READY items in a row: the M0 of the first may come before the second starts (6.4, 6.0.10)
      return machine.item === Item.READY ? [...BEFORE_POWER_UP, Pm.M0] : BEFORE_POWER_UP;
    case Item.DISABLE:
    case Item.DISABLE_DESTROY_DEVICE:
      return machine.missionUnproven ? undefined : BEFORE_POWER_DOWN;
    case Item.SYS_ERR:
      return BEFORE_SYS_ERR;
    default:
      return undefined;
  }
}

const POWER_UP_ITEMS: readonly WorkerItem[] = [Item.READY, Item.PBL];
const POWER_DOWN_ITEMS: readonly WorkerItem[] = [Item.DISABLE, Item.DISABLE_DESTROY_DEVICE];
const ONCE_AN_ITEM: readonly PmState[] = [Pm.POR, Pm.DISABLE];

class WorkerItemRule implements Rule {
  readonly #context: RuleContext;
  /** READY and PBL items that are still accounted for: one a power-up, one a SYS ERROR item. */
  #powerUps: number | undefined;
  /** Task of the item before the last. */
  #pidBefore: number | undefined;
  /** POR and DISABLE records since the last item began. */
  #entered = new Map<PmState, number>();

  constructor(context: RuleContext) {
    this.#context = context;
  }

  forget(): void {
    this.#pidBefore = undefined;
    this.#powerUps = undefined;
    this.#entered.clear();
  }

  pm(event: PmStateEvent, index: number): void {
    const { machine, report } = this.#context;
    const state = event.pmState as PmState;
    if (state === Pm.DISABLE) this.#powerUps = 1;
    const items = ONLY_INSIDE.get(state);
    if (!items || machine.item === undefined) return;
    if (event.pid !== machine.itemPid && event.source !== "dynamic-debug") this.#otherTask(event, index);
    const inside = items.includes(machine.item);
    const before = this.#entered.get(state);
    if (ONCE_AN_ITEM.includes(state)) this.#entered.set(state, index);
    if (inside && before === undefined) return;
    report({
      title: inside
        ? `PM state ${pmStateName(state)} entered twice in one work item`
        : `PM state ${pmStateName(state)} outside of its work item`,
      expected: `${pmStateName(state)} only within ${items.map(workerItemName).join(" or ")}, once in each`,
      found: `the last work item, at ${formatSeconds(machine.itemSinceNs)}, is ${workerItemName(machine.item)}`,
      fromNs: machine.itemSinceNs,
      atNs: event.tNs,
      because: [machine.itemIndex, before ?? -1, index],
    });
  }

  #otherTask(event: PmStateEvent, index: number): void {
    const { machine, report } = this.#context;
    report({
      title: `PM state ${pmStateName(event.pmState)} entered by another task than its work item's`,
      expected: `task ${machine.itemPid}, which runs ${workerItemName(machine.item ?? 0)}: items never overlap`,
      found: `task ${event.pid} at ${formatSeconds(event.tNs)}; the item began at ${formatSeconds(machine.itemSinceNs)}`,
      fromNs: machine.itemSinceNs,
      atNs: event.tNs,
      because: [machine.itemIndex, index],
    });
  }

  /** The task of an item asks and waits inside of it: its command ends before any other item begins. */
  chan(event: ChannelCommandEvent, index: number): void {
    if (event.phase !== "end") return;
    const { machine, report } = this.#context;
    const pending = machine.pending.get(event.channel);
    if (!pending || machine.itemIndex <= pending.index || pending.event.pid !== this.#pidBefore) return;
    report({
      title: `work item ${workerItemName(machine.item ?? 0)} began before the one before it had ended`,
      expected: "work items one after another",
      found: `a channel command of the item before went on from ${formatSeconds(pending.event.tNs)} to ${formatSeconds(event.tNs)}, ${workerItemName(machine.item ?? 0)} began at ${formatSeconds(machine.itemSinceNs)}`,
      fromNs: pending.event.tNs,
      atNs: event.tNs,
      because: [pending.index, machine.itemIndex, index],
    });
  }

  worker(event: WorkerEvent, index: number): void {
    const { machine, report } = this.#context;
    this.#pidBefore = machine.item === undefined ? undefined : machine.itemPid;
    const item = event.item as WorkerItem;
    this.#entered.clear();
    const surplus = this.#surplus(item);
    if (machine.pm === undefined) return;
    const allowed = pmBefore(item, machine);
    const inOrder = !allowed || allowed.includes(machine.pm);
    if (inOrder && !surplus) return;
    report({
      title: inOrder
        ? `work item ${workerItemName(item)} started once more than it was queued`
        : `work item ${workerItemName(item)} started in PM state ${pmStateName(machine.pm)}`,
      expected: inOrder ? surplus : `${workerItemName(item)} only in ${(allowed ?? []).map(pmStateName).join(", ")}`,
      found: `${workerItemName(item)} at ${formatSeconds(event.tNs)}, ${pmStateName(machine.pm)} since ${formatSeconds(machine.pmSinceNs)}`,
      fromNs: machine.pmSinceNs,
      atNs: event.tNs,
      because: [machine.pmIndex, machine.itemIndex, index],
    });
  }

  /** What the item would have needed to be queued again; empty when all is well. */
  #surplus(item: WorkerItem): string {
    const { machine } = this.#context;
    if (item === Item.SYS_ERR && this.#powerUps !== undefined) this.#powerUps++;
    if (POWER_UP_ITEMS.includes(item) && this.#powerUps !== undefined) {
      this.#powerUps--;
      if (this.#powerUps < 0) return "one READY or PBL item for each power-up and for each SYS ERROR item";
    }
    // every power down leaves its PM record before it queues the item (__mhi_power_down)
    const again =
      POWER_DOWN_ITEMS.includes(item) && machine.item !== undefined && POWER_DOWN_ITEMS.includes(machine.item);
    return again && machine.pmIndex < machine.itemIndex ? "a PM record of each power down before its item" : "";
  }
}

export const workerItem: RuleDefinition = {
  id: "worker-item",
  create: (context) => new WorkerItemRule(context),
};
