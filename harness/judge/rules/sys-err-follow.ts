/**
 * After SYS_ERR the host must recover: work item SYS ERROR, then SYS_ERR_PROCESS, then READY again or PBL. Controllers
 * with a RAM dump buffer recover by power cycle instead. Source: mhi_pm_sys_error_transition, mhi_pm_sys_err_handler in
 * drivers/bus/mhi/host/pm.c; design facts 6.0.9, 6.4, 6.5.
 */
import { formatSeconds, msToNs, NS_PER_S } from "../../base/clock.ts";
import { ExecEnv } from "../../mhi/exec-env.ts";
import { PmState } from "../../mhi/pm-state.ts";
import { WorkerItem } from "../../mhi/worker-item.ts";
import type { MhiEvent, PmStateEvent } from "../../trace/mhi-events.ts";
import { POLLED_MARGIN } from "./expectations.ts";
import type { Rule, RuleContext, RuleDefinition } from "./rule.ts";

const poweredDown = (event: MhiEvent): boolean =>
  event.kind === "pm" &&
  (event.pmState === PmState.SHUTDOWN_PROCESS ||
    event.pmState === PmState.LD_ERR_FATAL_DETECT ||
    event.pmState === PmState.DISABLE);

class SysErrFollow implements Rule {
  readonly #context: RuleContext;

  constructor(context: RuleContext) {
    this.#context = context;
  }

  pm(event: PmStateEvent, index: number): void {
    if (event.pmState === PmState.SYS_ERR_DETECT) this.#detected(event, index);
    if (event.pmState === PmState.SYS_ERR_PROCESS) this.#processed(event, index);
    if (event.pmState === PmState.SYS_ERR_FAIL) this.#failed(event, index);
  }

  /** The worker may be in the middle of a READY wait: two polled waits. */
  #longestItemNs(): number {
    const { family } = this.#context;
    return POLLED_MARGIN * msToNs(family.timeoutMs + family.readyTimeoutMs) + NS_PER_S;
  }

  #detected(event: MhiEvent, index: number): void {
    const { family, machine, expect, report } = this.#context;
    const dump = machine.deviceEe === ExecEnv.RDDM;
    expect({
      fromNs: event.tNs,
      deadlineNs: event.tNs + this.#longestItemNs(),
      because: [index],
      met: (next) => next.kind === "worker" && next.item === WorkerItem.SYS_ERR && family.kind !== "wlan",
      excused: poweredDown,
      failed: (atNs, how, because) =>
        report({
          title: "SYS_ERR: the host saw it and did not begin to recover",
          expected: family.kind === "wlan" ? "a power cycle by the driver" : "work item SYS ERROR",
          found: `SYS_ERR detected at ${formatSeconds(event.tNs)}, then ${how}`,
          ...(dump ? { cause: "device is in RAM dump mode, which this driver does not handle (6.5)" } : {}),
          fromNs: event.tNs,
          atNs,
          because,
          failure: "sys-err",
        }),
    });
  }

  #processed(event: MhiEvent, index: number): void {
    const { expect, report } = this.#context;
    expect({
      fromNs: event.tNs,
      deadlineNs: event.tNs + this.#longestItemNs(),
      because: [index],
      met: (next) => next.kind === "pm" && (next.pmState === PmState.POR || next.pmState === PmState.SYS_ERR_FAIL),
      excused: poweredDown,
      refutedByLog: (line) => /failed to enter MHI Ready|failed to clear MHI Reset/i.test(line.text),
      failed: (atNs, how, because) =>
        report({
          title: "SYS_ERR: device did not come back to READY",
          expected: "PM POR after SYS_ERR_PROCESS (device cleared RESET and is READY, or is in PBL)",
          found: `SYS_ERR_PROCESS at ${formatSeconds(event.tNs)}, then ${how}`,
          fromNs: event.tNs,
          atNs,
          because,
          failure: "not-acknowledged",
        }),
    });
  }

  #failed(event: MhiEvent, index: number): void {
    const { machine, family, report } = this.#context;
    report({
      title: `SYS_ERR: device did not clear RESET within ${family.timeoutMs / 1000} s`,
      expected: "MHICTRL.RESET cleared by the device after the host set it",
      found: `SYS_ERR_FAIL at ${formatSeconds(event.tNs)}`,
      cause: "device is stuck beyond the reach of MHI RESET (F07)",
      fromNs: machine.pmSinceNs,
      atNs: event.tNs,
      because: [machine.pmIndex, index].filter((entry) => entry >= 0),
      failure: "not-acknowledged",
    });
  }
}

export const sysErrFollow: RuleDefinition = {
  id: "sys-err-follow",
  create: (context) => new SysErrFollow(context),
};
