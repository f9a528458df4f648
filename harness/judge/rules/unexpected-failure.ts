/**
 * The driver may well be right, and the product still failed: SYS_ERR, a lost link, firmware that was not loaded. A
 * scenario that brings such a thing about allows it by its kind; nobody else does. Source: design facts 2.2, 6.4, 6.7.
 */
import { formatSeconds, formatSpan } from "../../base/clock.ts";
import { execEnvName } from "../../mhi/exec-env.ts";
import { MhiState } from "../../mhi/mhi-state.ts";
import { PmState, pmStateName } from "../../mhi/pm-state.ts";
import { ElementType } from "../../mhi/ring-element.ts";
import type { IntvecEvent, PmStateEvent, RingEvent } from "../../trace/mhi-events.ts";
import type { Rule, RuleContext, RuleDefinition } from "./rule.ts";

class UnexpectedFailure implements Rule {
  readonly #context: RuleContext;
  #causes: number[] = [];

  constructor(context: RuleContext) {
    this.#context = context;
  }

  forget(): void {
    this.#causes = [];
  }

  intvec(event: IntvecEvent, index: number): void {
    if (event.deviceState === MhiState.SYS_ERR) this.#causes = [index];
  }

  element(event: RingEvent, index: number): void {
    if (event.type === ElementType.STATE_CHANGE_EVENT && event.code === MhiState.SYS_ERR) this.#causes = [index];
  }

  pm(event: PmStateEvent, index: number): void {
    if (event.pmState === PmState.SYS_ERR_DETECT) this.#sysErr(event, index);
    else if (event.pmState === PmState.LD_ERR_FATAL_DETECT) this.#linkLoss(event, index);
    else if (event.pmState === PmState.FW_DL_ERR) this.#firmware(event, index);
    this.#causes = [];
  }

  #before(): string {
    const { pm } = this.#context.machine;
    return pm === undefined ? "an unknown PM state" : pmStateName(pm);
  }

  #sysErr(event: PmStateEvent, index: number): void {
    const { machine, report } = this.#context;
    const ee = machine.deviceEe;
    // all-ones reads look like SYS_ERR: MHISTATUS[15:8] is 0xff then (facts 1.5 item 5)
    const linkDown = ee !== undefined && (ee as number) === -1;
    report({
      title: linkDown
        ? `link lost: the device's registers read all ones in ${this.#before()}`
        : `SYS_ERR: device reported a system error in ${this.#before()}${ee === undefined ? "" : ` (EE ${execEnvName(ee)})`}, unasked`,
      expected: "no SYS_ERR",
      found: `SYS_ERR detected at ${formatSeconds(event.tNs, 3)}, ${this.#before()} until then`,
      ...(linkDown ? {} : { cause: "the device's firmware crashed" }),
      atNs: event.tNs,
      because: [...this.#causes, index],
      failure: linkDown ? "link-loss" : "sys-err",
    });
  }

  #linkLoss(event: PmStateEvent, index: number): void {
    const { machine, family, report } = this.#context;
    // qaic powers down without grace on every remove (facts 7.1): that alone is no failure
    if (family.kind === "accelerator" || machine.pm === PmState.LD_ERR_FATAL_DETECT) return;
    const suspended = machine.pm === PmState.M3;
    report({
      title: suspended
        ? "resume: device lost its context while suspended"
        : `device gone: the host gave it up in ${this.#before()}`,
      expected: suspended ? "PM M3_EXIT and M0 after M3" : "no Linkdown or Error Fatal Detect",
      found: `${this.#before()}${machine.pm === undefined ? "" : ` for ${formatSpan(event.tNs - machine.pmSinceNs)}`}, then Linkdown or Error Fatal Detect at ${formatSeconds(event.tNs, 3)}`,
      atNs: event.tNs,
      because: [machine.pmIndex, index].filter((entry) => entry >= 0),
      failure: "link-loss",
    });
  }

  #firmware(event: PmStateEvent, index: number): void {
    const { machine, report } = this.#context;
    report({
      title: "boot: firmware was not loaded",
      expected: "BHI or BHIe transfer, then READY",
      found: `Firmware Download Error at ${formatSeconds(event.tNs, 3)} in ${this.#before()}`,
      atNs: event.tNs,
      because: [machine.itemIndex, index].filter((entry) => entry >= 0),
      failure: "firmware",
    });
  }
}

export const unexpectedFailure: RuleDefinition = {
  id: "unexpected-failure",
  create: (context) => new UnexpectedFailure(context),
};
