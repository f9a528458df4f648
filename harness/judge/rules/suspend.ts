/**
 * Who suspends, and when: pci_generic only in mission mode, qaic never (it powers down instead). That suspend and resume
 * pair up is in the table (M3 is left by M3_EXIT or by giving the device up only), and that both end in time is a handshake.
 * Source: mhi_pci_runtime_suspend in drivers/bus/mhi/host/pci_generic.c (leaves MHI alone unless the EE is AMSS),
 * qaic_pm_suspend in drivers/accel/qaic/qaic_drv.c; design facts 6.3, 7.1.
 */
import { formatSeconds } from "../../base/clock.ts";
import { PmState } from "../../mhi/pm-state.ts";
import { WorkerItem } from "../../mhi/worker-item.ts";
import type { PmStateEvent, WorkerEvent } from "../../trace/mhi-events.ts";
import type { Rule, RuleContext, RuleDefinition } from "./rule.ts";

class Suspend implements Rule {
  readonly #context: RuleContext;
  /** The mission-mode item has begun since the power-up; undefined: not known. */
  #mission: boolean | undefined;

  constructor(context: RuleContext) {
    this.#context = context;
  }

  forget(): void {
    this.#mission = undefined;
  }

  worker(event: WorkerEvent): void {
    if (event.item === WorkerItem.MISSION_MODE) this.#mission = true;
  }

  pm(event: PmStateEvent, index: number): void {
    const { pmState, tNs } = event;
    if (pmState === PmState.DISABLE || pmState === PmState.SYS_ERR_PROCESS) this.#mission = false;
    if (pmState !== PmState.M3_ENTER) return;
    const { family, machine, report } = this.#context;
    const never = family.pciDriver === "qaic";
    if (!never && (this.#mission !== false || family.pciDriver !== "mhi-pci-generic")) return;
    report({
      title: never ? "host suspended a device that it never suspends" : "host suspended before mission mode",
      expected: never ? "a power down instead of M3" : "PM M3_ENTER only after work item MISSION MODE",
      found: `PM M3_ENTER at ${formatSeconds(tNs)}`,
      fromNs: machine.pm === undefined ? tNs : machine.pmSinceNs,
      atNs: tNs,
      because: [machine.itemIndex, index],
    });
  }
}

export const suspend: RuleDefinition = {
  id: "suspend",
  create: (context) => new Suspend(context),
};
