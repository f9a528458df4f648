/**
 * A device's execution environment only goes up until it is reset: PBL (PTHRU, EDL), SBL, then AMSS, WFW or FP, then RDDM.
 * It goes down by a crash, which it tells as SYS_ERR, or by a reset of the host's. What the device shows in its register it
 * also tells by an event, and the first event of a boot follows M0.
 *
 *   modem        AMSS at once; or PBL, [SBL,] AMSS; or EDL, FP
 *   WLAN         PBL, SBL, AMSS or WFW; RDDM after a crash
 *   accelerator  PBL, SBL, AMSS
 *
 * Source: mhi_async_power_up (which EE it takes, which work item it queues) in drivers/bus/mhi/host/pm.c, the EE events of
 * mhi_process_ctrl_ev_ring in main.c, mhi_fw_load_handler in boot.c; design facts 3.1 to 3.3, 6.1, 6.2, 6.4.
 */
import type { Nanoseconds } from "../../base/clock.ts";
import { formatSeconds, msToNs } from "../../base/clock.ts";
import { ExecEnv, execEnvName } from "../../mhi/exec-env.ts";
import type { FamilyProfile } from "../../mhi/families/family.ts";
import { MhiState } from "../../mhi/mhi-state.ts";
import { PmState } from "../../mhi/pm-state.ts";
import { ElementType } from "../../mhi/ring-element.ts";
import { WorkerItem } from "../../mhi/worker-item.ts";
import type { IntvecEvent, MhiEvent, PmStateEvent, RingEvent, WorkerEvent } from "../../trace/mhi-events.ts";
import { isErrorPm } from "../machine.ts";
import { PLAIN_MARGIN } from "./expectations.ts";
import type { Rule, RuleContext, RuleDefinition } from "./rule.ts";

const E = ExecEnv;
const RANK = new Map<number, number>([
  [E.PBL, 0],
  [E.PTHRU, 0],
  [E.EDL, 0],
  [E.SBL, 1],
  [E.AMSS, 2],
  [E.WFW, 2],
  [E.FP, 2],
  [E.RDDM, 3],
]);

/** EE events that the family's firmware sends and the host handles. */
const TOLD: Readonly<Record<FamilyProfile["kind"], readonly number[]>> = {
  modem: [E.SBL, E.AMSS, E.FP, E.RDDM],
  wlan: [E.SBL, E.AMSS, E.WFW, E.RDDM],
  accelerator: [E.SBL, E.AMSS, E.RDDM],
};

const rankOf = (ee: number): number => RANK.get(ee) ?? -1;

/** May `to` come after `from` without a reset between? FP and AMSS are two ways, not two steps. */
const goesUp = (from: number, to: number): boolean => rankOf(to) > rankOf(from) || to === from;

const isOver = (event: MhiEvent): boolean =>
  event.kind === "pm" && (isErrorPm(event.pmState) || event.pmState === PmState.DISABLE);

class EeProgression implements Rule {
  readonly #context: RuleContext;
  /** Highest that the device has shown or told since its reset; undefined: not known. */
  #ee: number | undefined;
  /** EE events since the reset, by EE; undefined: the reset was not seen. */
  #told: Map<number, number> | undefined;
  /** READY handshakes since the reset: after each, the device may tell its EE. */
  #handshakes = 0;
  /** The power-up began in the boot loader, with the PBL work item. */
  #fromLoader = false;

  constructor(context: RuleContext) {
    this.#context = context;
  }

  forget(): void {
    this.#ee = undefined;
    this.#told = undefined;
    this.#handshakes = 0;
    this.#fromLoader = false;
  }

  #reset(): void {
    this.forget();
    this.#told = new Map();
  }

  worker(event: WorkerEvent): void {
    const { pm } = this.#context.machine;
    if (event.item === WorkerItem.PBL) this.#fromLoader = true;
    // a power-up takes a device in AMSS, or in one of those that begin with the PBL item, and no other
    if (event.item === WorkerItem.READY && pm === PmState.DISABLE) this.#ee = E.AMSS;
  }

  pm(event: PmStateEvent, index: number): void {
    const { pmState } = event;
    if (pmState === PmState.DISABLE || pmState === PmState.SYS_ERR_PROCESS) this.#reset();
    else if (pmState === PmState.SHUTDOWN_PROCESS || pmState === PmState.LD_ERR_FATAL_DETECT) this.#ee = undefined;
    else if (pmState === PmState.POR) this.#handshakes++;
    else if (pmState === PmState.M0 && this.#context.machine.pm === PmState.POR) this.#awaitFirst(event, index);
  }

  element(event: RingEvent, index: number): void {
    if (event.type !== ElementType.EE_EVENT) return;
    const ee = event.code;
    const wrong = this.#judge(ee);
    const before = this.#ee;
    if (rankOf(ee) >= 0) this.#ee = ee;
    const times = (this.#told?.get(ee) ?? 0) + 1;
    this.#told?.set(ee, times);
    const again = this.#told !== undefined && times > Math.max(this.#handshakes, 1);
    if (wrong === undefined && !again) return;
    const { machine, report } = this.#context;
    report({
      title: wrong ?? `device told ${execEnvName(ee)} again, without a reset between`,
      expected: `EE events ${TOLD[this.#context.family.kind].map(execEnvName).join(", ")}, upwards, one after each reset`,
      found: `${execEnvName(ee)} event at ${formatSeconds(event.tNs)}, ${before === undefined ? "nothing known before" : `${execEnvName(before)} before`}`,
      fromNs: machine.pm === undefined ? event.tNs : machine.pmSinceNs,
      atNs: event.tNs,
      because: [machine.itemIndex, index],
    });
  }

  #judge(ee: number): string | undefined {
    const { kind } = this.#context.family;
    const name = execEnvName(ee);
    if (!TOLD[kind].includes(ee)) return `device told ${name}, which firmware of this family does not`;
    if (this.#ee !== undefined && !goesUp(this.#ee, ee))
      return `device told ${name} after ${execEnvName(this.#ee)}, without a reset between`;
    const needsLoader = kind !== "modem" && (ee === E.AMSS || ee === E.WFW) && this.#fromLoader;
    if (needsLoader && this.#told?.has(E.SBL) === false) return `device told ${name} without SBL before it`;
    return undefined;
  }

  #awaitFirst(event: PmStateEvent, index: number): void {
    if (!this.#told || this.#told.size > 0) return;
    const { family, expect, report } = this.#context;
    const limitMs = Math.max(family.timeoutMs, family.readyTimeoutMs);
    expect({
      fromNs: event.tNs,
      deadlineNs: event.tNs + PLAIN_MARGIN * msToNs(limitMs),
      because: [index],
      met: (next) => next.kind === "ring" && next.type === ElementType.EE_EVENT,
      excused: isOver,
      failed: (atNs, how, because) =>
        report({
          title: `boot: device did not tell its execution environment within ${limitMs / 1000} s after M0`,
          expected: "an EE event after the first M0",
          found: `PM M0 at ${formatSeconds(event.tNs)}, then ${how}`,
          fromNs: event.tNs,
          atNs,
          because,
          failure: "not-acknowledged",
        }),
    });
  }

  /** What the register shows: an EE ahead of the events must be told, one behind them is a crash and must be SYS_ERR. */
  intvec(event: IntvecEvent, index: number): void {
    const { machine } = this.#context;
    const ee = event.deviceEe;
    if (event.deviceState === MhiState.SYS_ERR || isErrorPm(machine.pm) || machine.pm === PmState.DISABLE) return;
    if (this.#ee !== undefined && !goesUp(this.#ee, ee)) this.#fellBack(this.#ee, event, index);
    else if (this.#told && rankOf(ee) > 0 && !this.#told.has(ee) && event.localEe !== ee)
      this.#awaitEvent(event, index);
    else if (rankOf(ee) >= 0) this.#ee = ee;
  }

  /**
   * Status and EE are read one after the other, so SYS_ERR may show only in the next interrupt. What fell back does not
   * come up again without a reset, with SYS_ERR or without.
   */
  #fellBack(from: number, event: IntvecEvent, index: number): void {
    const now = execEnvName(event.deviceEe);
    this.#expect(event, index, {
      met: isOver,
      refuted: (next) => next.kind === "intvec" && next.deviceEe === from,
      title: `device shows ${now} after ${execEnvName(from)}, and neither was reset nor told SYS_ERR`,
      expected: `${execEnvName(from)} or higher, or SYS_ERR`,
    });
  }

  #awaitEvent(event: IntvecEvent, index: number): void {
    const { deviceEe } = event;
    const now = execEnvName(deviceEe);
    this.#expect(event, index, {
      met: (next) =>
        isOver(next) ||
        (next.kind === "ring" && next.type === ElementType.EE_EVENT && rankOf(next.code) >= rankOf(deviceEe)),
      refuted: (next) => next.kind === "intvec" && rankOf(next.deviceEe) >= 0 && !goesUp(deviceEe, next.deviceEe),
      title: `device shows ${now} and did not tell it`,
      expected: `an EE event ${now}, or SYS_ERR`,
      failure: "not-acknowledged",
    });
  }

  #expect(
    event: IntvecEvent,
    index: number,
    what: {
      met(next: MhiEvent): boolean;
      refuted(next: MhiEvent): boolean;
      title: string;
      expected: string;
      failure?: "not-acknowledged";
    },
  ): void {
    const { expect, report, family } = this.#context;
    const limitNs: Nanoseconds = PLAIN_MARGIN * msToNs(family.timeoutMs + family.readyTimeoutMs);
    expect({
      fromNs: event.tNs,
      deadlineNs: event.tNs + limitNs,
      because: [index],
      met: what.met,
      refuted: what.refuted,
      failed: (atNs, how, because) =>
        report({
          title: what.title,
          expected: what.expected,
          found: `EE ${execEnvName(event.deviceEe)} in an interrupt at ${formatSeconds(event.tNs)}, then ${how}`,
          fromNs: event.tNs,
          atNs,
          because,
          ...(what.failure === undefined ? {} : { failure: what.failure }),
        }),
    });
  }
}

export const eeProgression: RuleDefinition = {
  id: "ee-progression",
  create: (context) => new EeProgression(context),
};
