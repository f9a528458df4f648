/**
 * Every request of the host to the device is answered in time: READY, M0 after READY, M3, M0 on resume, RESET at power
 * down. One row a handshake. Source: mhi_ready_state_transition, mhi_pm_suspend, __mhi_pm_resume and
 * mhi_pm_disable_transition in drivers/bus/mhi/host/pm.c; design facts 6.1, 6.3, 6.6 and 8.5 (the log lines).
 */
import { formatSeconds, msToNs } from "../../base/clock.ts";
import type { FamilyProfile } from "../../mhi/families/family.ts";
import { PmState, pmStateName } from "../../mhi/pm-state.ts";
import { WorkerItem } from "../../mhi/worker-item.ts";
import type { MhiEvent, PmStateEvent, WorkerEvent } from "../../trace/mhi-events.ts";
import type { Machine } from "../machine.ts";
import { isErrorPm } from "../machine.ts";
import { wording } from "../wording.ts";
import { PLAIN_MARGIN, POLLED_MARGIN } from "./expectations.ts";
import type { Rule, RuleContext, RuleDefinition } from "./rule.ts";

interface Handshake {
  begins(event: MhiEvent, machine: Machine): boolean;
  readonly answer: (event: MhiEvent) => boolean;
  /** Nominal limit, ms, and the factor that the driver's way of waiting puts on it. */
  limitMs(family: FamilyProfile): number;
  readonly margin: number;
  readonly title: (family: FamilyProfile) => string;
  readonly expected: string;
  readonly logSays: RegExp;
}

const isPm = (event: MhiEvent, ...states: readonly PmState[]): boolean =>
  event.kind === "pm" && states.includes(event.pmState as PmState);

const isDisableItem = (event: MhiEvent): boolean =>
  event.kind === "worker" && (event.item === WorkerItem.DISABLE || event.item === WorkerItem.DISABLE_DESTROY_DEVICE);

const HANDSHAKES: readonly Handshake[] = [
  {
    begins: (event) => event.kind === "worker" && event.item === WorkerItem.READY,
    answer: (event) => isPm(event, PmState.POR),
    limitMs: (family) => family.timeoutMs + family.readyTimeoutMs,
    margin: POLLED_MARGIN,
    title: wording.notReady,
    expected: "PM POR after work item READY (device clears RESET, then sets READY)",
    logSays: /failed to enter MHI Ready|failed to clear MHI Reset|link is not accessible/i,
  },
  {
    // firmware over BHI, then READY; without firmware at once FW_DL_ERR, which its own rule tells
    begins: (event, machine) => event.kind === "worker" && event.item === WorkerItem.PBL && !isErrorPm(machine.pm),
    answer: (event) => isPm(event, PmState.POR, PmState.FW_DL_ERR),
    limitMs: (family) => 2 * family.timeoutMs + family.readyTimeoutMs,
    margin: POLLED_MARGIN,
    title: wording.notReady,
    expected: "PM POR after work item PBL (device took the image, then set READY)",
    logSays: /failed to enter MHI Ready|failed to clear MHI Reset|link is not accessible/i,
  },
  {
    // a second READY handshake follows at once when SYS_ERR was handled twice (6.4): then the first needs no answer
    begins: (event, machine) =>
      isPm(event, PmState.POR) && (machine.item === WorkerItem.READY || machine.item === WorkerItem.PBL),
    answer: (event) => isPm(event, PmState.M0, PmState.POR),
    limitMs: (family) => family.timeoutMs,
    margin: PLAIN_MARGIN,
    title: wording.noM0AtBoot,
    expected: "PM M0 after READY (the host has written MHICTRL=M0)",
    logSays: /failed to power up/i,
  },
  {
    begins: (event) => isPm(event, PmState.M3_ENTER),
    answer: (event) => isPm(event, PmState.M3),
    limitMs: (family) => family.timeoutMs,
    margin: PLAIN_MARGIN,
    title: wording.noM3,
    expected: "PM M3 after PM M3_ENTER (the host has written MHICTRL=M3)",
    logSays: /Did not enter M3 state/i,
  },
  {
    begins: (event) => isPm(event, PmState.M3_EXIT),
    answer: (event) => isPm(event, PmState.M0),
    limitMs: (family) => family.timeoutMs,
    margin: PLAIN_MARGIN,
    title: wording.noM0AtResume,
    expected: "PM M0 after PM M3_EXIT (the host has written MHICTRL=M0)",
    logSays: /Did not enter M0 state/i,
  },
  {
    begins: isDisableItem,
    answer: (event) => isPm(event, PmState.DISABLE),
    limitMs: (family) => 2 * family.timeoutMs,
    margin: POLLED_MARGIN,
    title: () => "power down: the host did not come to an end",
    expected: "PM DISABLE after the DISABLE work item",
    logSays: /failed to enter READY state/i,
  },
];

class HandshakeRule implements Rule {
  readonly #context: RuleContext;

  constructor(context: RuleContext) {
    this.#context = context;
  }

  pm(event: PmStateEvent, index: number): void {
    this.#event(event, index);
  }

  worker(event: WorkerEvent, index: number): void {
    this.#event(event, index);
  }

  #event(event: MhiEvent, index: number): void {
    for (const handshake of HANDSHAKES) {
      if (handshake.begins(event, this.#context.machine)) this.#wait(handshake, event, index);
    }
  }

  #wait(handshake: Handshake, event: MhiEvent, index: number): void {
    const { family, machine, expect, report } = this.#context;
    const disabling = isDisableItem(event);
    const from = machine.pm;
    const what =
      event.kind === "pm"
        ? `PM ${pmStateName(event.pmState)}`
        : `work item at PM ${from === undefined ? "unknown" : pmStateName(from)},`;
    expect({
      fromNs: event.tNs,
      deadlineNs: event.tNs + handshake.margin * msToNs(handshake.limitMs(family)),
      because: [index],
      met: handshake.answer,
      // an error or a power-down takes over, and has its own rules
      excused: (next) =>
        next.kind === "pm" && (next.pmState === PmState.DISABLE || (isErrorPm(next.pmState) && !disabling)),
      refutedByLog: (line) => handshake.logSays.test(line.text),
      failed: (atNs, how, because) =>
        report({
          title: handshake.title(family),
          expected: handshake.expected,
          found: `${what} at ${formatSeconds(event.tNs, 3)}, ${how}`,
          fromNs: event.tNs,
          atNs,
          because,
          failure: "not-acknowledged",
        }),
    });
  }
}

export const handshake: RuleDefinition = {
  id: "handshake",
  create: (context) => new HandshakeRule(context),
};
