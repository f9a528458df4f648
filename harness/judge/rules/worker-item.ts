/**
 * Work items run strictly one after another (single ordered workqueue), and some PM states are entered only from within
 * certain items; some items only follow certain PM states. Source: mhi_pm_st_worker and its callees in
 * drivers/bus/mhi/host/pm.c, boot.c; design facts 6.0.4, 6.0.9.
 */
import { formatSeconds } from "../../base/clock.ts";
import type { PmState } from "../../mhi/pm-state.ts";
import { PmState as Pm, pmStateName } from "../../mhi/pm-state.ts";
import type { WorkerItem } from "../../mhi/worker-item.ts";
import { WorkerItem as Item, workerItemName } from "../../mhi/worker-item.ts";
import type { Machine } from "../machine.ts";
import type { RuleDefinition } from "./rule.ts";

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

export const workerItem: RuleDefinition = {
  id: "worker-item",
  create: ({ machine, report }) => ({
    event(event, index) {
      if (event.kind === "pm") {
        const items = ONLY_INSIDE.get(event.pmState as PmState);
        if (!items || machine.item === undefined || items.includes(machine.item)) return;
        report({
          title: `PM state ${pmStateName(event.pmState)} outside of its work item`,
          expected: `${pmStateName(event.pmState)} only within ${items.map(workerItemName).join(" or ")}`,
          found: `the last work item, at ${formatSeconds(machine.itemSinceNs)}, is ${workerItemName(machine.item)}`,
          fromNs: machine.itemSinceNs,
          atNs: event.tNs,
          because: [machine.itemIndex, index],
        });
        return;
      }
      if (event.kind !== "worker" || machine.pm === undefined) return;
      const allowed = pmBefore(event.item as WorkerItem, machine);
      if (!allowed || allowed.includes(machine.pm)) return;
      report({
        title: `work item ${workerItemName(event.item)} started in PM state ${pmStateName(machine.pm)}`,
        expected: `${workerItemName(event.item)} only in ${allowed.map(pmStateName).join(", ")}`,
        found: `${pmStateName(machine.pm)} since ${formatSeconds(machine.pmSinceNs)}`,
        fromNs: machine.pmSinceNs,
        atNs: event.tNs,
        because: [machine.pmIndex, index],
      });
    },
  }),
};
