/**
 * What a BHI interrupt shows of the host must be what the driver had made of it by then, and SYS_ERR in the device's
 * status must be acted on at once: the handler's thread reads, records and reacts under one hold of pm_lock, under which
 * EE and state of the host are assigned too. An interrupt itself may come at any time (design facts 1.5 item 9).
 *
 * Where an assignment follows its record without the lock (work items, SYS_ERR_PROCESS), both the old and the new value
 * are right, the old one not after the new one. After a gap and at the begin nothing is known and nothing is said.
 * Source: mhi_intvec_threaded_handler in drivers/bus/mhi/host/main.c; mhi_ready_state_transition, mhi_pm_m0_transition,
 * mhi_pm_m3_transition, mhi_pm_sys_error_transition, mhi_async_power_up, __mhi_power_down in pm.c; mhi_fw_load_handler in
 * boot.c; design facts 3.4, 3.5.
 */
import { formatSeconds, NS_PER_S } from "../../base/clock.ts";
import { ExecEnv, execEnvName, isMissionMode } from "../../mhi/exec-env.ts";
import { MhiState, mhiStateName } from "../../mhi/mhi-state.ts";
import { PmState, pmStateName } from "../../mhi/pm-state.ts";
import { ElementType } from "../../mhi/ring-element.ts";
import { legalTargets } from "../../mhi/transitions.ts";
import { WorkerItem } from "../../mhi/worker-item.ts";
import type { IntvecEvent, PmStateEvent, RingEvent, WorkerEvent } from "../../trace/mhi-events.ts";
import type { Rule, RuleContext, RuleDefinition } from "./rule.ts";

/** The thread only has to write its next record, but may lose its CPU in between. */
const REACTION_NS = NS_PER_S;

/** One value of the driver, as far as its trace tells: what it may be, the oldest first; undefined: not known. */
class Assigned {
  values: readonly number[] | undefined;
  /** Before the last assignment. */
  #before: readonly number[] = [];

  is(value: number): void {
    this.#before = this.values ?? [];
    this.values = [value];
  }

  /** Some time from now on. */
  becomes(...next: readonly number[]): void {
    this.#before = this.values ?? [];
    if (this.values) this.values = [...this.values.filter((value) => !next.includes(value)), ...next];
  }

  /** Now, or before the last assignment. */
  mayHaveBeen(value: number): boolean {
    return !this.values || this.values.includes(value) || this.#before.includes(value);
  }

  /** @returns false where it cannot be. What was before a value that was seen is over. */
  seen(value: number): boolean {
    if (!this.values) return true;
    const at = this.values.indexOf(value);
    if (at > 0) this.values = this.values.slice(at);
    return at >= 0;
  }
}

class InterruptView implements Rule {
  readonly #context: RuleContext;
  readonly #ee = new Assigned();
  readonly #state = new Assigned();
  /** A READY item is under way: it sets READY, even where POR is refused and leaves no record. */
  #readyUnderWay = false;
  /** EE that an interrupt showed together with SYS_ERR: the thread makes it the host's own, after its PM record. */
  #crashedIn: number | undefined;

  constructor(context: RuleContext) {
    this.#context = context;
  }

  forget(): void {
    this.#ee.values = undefined;
    this.#state.values = undefined;
    this.#readyUnderWay = false;
    this.#crashedIn = undefined;
  }

  worker(event: WorkerEvent): void {
    this.#readyUnderWay = event.item === WorkerItem.READY;
    if (this.#readyUnderWay) this.#state.becomes(MhiState.READY);
    if (event.item === WorkerItem.PBL) this.#ee.values = undefined; // whatever the register holds
    if (event.item === WorkerItem.SBL) this.#ee.becomes(ExecEnv.SBL);
    if (event.item === WorkerItem.FP) this.#ee.becomes(ExecEnv.FP);
    if (event.item === WorkerItem.MISSION_MODE) this.#ee.becomes(ExecEnv.FP, ExecEnv.WFW, ExecEnv.AMSS);
  }

  /** Refused, M0 and M3 leave no PM record, and are assigned all the same. */
  element(event: RingEvent): void {
    if (event.type === ElementType.EE_EVENT && event.code === ExecEnv.RDDM) this.#ee.becomes(ExecEnv.RDDM);
    if (event.type !== ElementType.STATE_CHANGE_EVENT) return;
    if (event.code === MhiState.M0 || event.code === MhiState.M3) this.#state.becomes(event.code);
  }

  pm(event: PmStateEvent): void {
    switch (event.pmState) {
      case PmState.POR:
        // in the SYS ERROR item, before PBL, it is a mere PM state
        if (this.#context.machine.item !== WorkerItem.SYS_ERR) this.#state.is(MhiState.READY);
        this.#readyUnderWay = false;
        break;
      case PmState.M0:
        this.#stateIs(MhiState.M0);
        break;
      case PmState.M2:
        this.#stateIs(MhiState.M2);
        break;
      case PmState.M3:
        this.#stateIs(MhiState.M3);
        break;
      case PmState.SYS_ERR_DETECT:
        if (this.#crashedIn !== undefined) this.#ee.becomes(this.#crashedIn);
        this.#crashedIn = undefined;
        break;
      case PmState.SYS_ERR_PROCESS:
        this.#ee.becomes(ExecEnv.DISABLE);
        this.#state.becomes(MhiState.RESET);
        break;
      case PmState.SHUTDOWN_PROCESS:
      case PmState.LD_ERR_FATAL_DETECT:
        this.#ee.is(ExecEnv.DISABLE);
        this.#state.is(MhiState.RESET);
        break;
      case PmState.DISABLE:
        // registers are read again only after the next power-up, which leaves no record and knows no EE
        this.#ee.is(ExecEnv.MAX);
        this.#state.is(MhiState.RESET);
        break;
    }
  }

  #stateIs(state: number): void {
    this.#state.is(state);
    if (this.#readyUnderWay) this.#state.becomes(MhiState.READY);
  }

  intvec(event: IntvecEvent, index: number): void {
    this.#learn(event);
    if ((event.source ?? "trace-event") === "trace-event") {
      this.#asleep(event, index);
      this.#compare("EE", this.#ee, event.localEe, execEnvName, event, index);
      this.#compare("state", this.#state, event.localState, mhiStateName, event, index);
    } else {
      this.#glimpse("EE", this.#ee, event.localEe, execEnvName, event, index);
      this.#glimpse("state", this.#state, event.localState, mhiStateName, event, index);
    }
    if (event.deviceState !== MhiState.SYS_ERR) return;
    this.#crashedIn = event.deviceEe;
    this.#detects(event, index);
  }

  /** In mid-life: mission mode and M0 are left only with a record, but for a reset that may have begun before. */
  #learn({ localEe, localState }: IntvecEvent): void {
    if (!this.#ee.values && isMissionMode(localEe)) this.#ee.values = [localEe, ExecEnv.DISABLE];
    if (!this.#state.values && localState === MhiState.M0) this.#state.values = [MhiState.M0, MhiState.RESET];
  }

  #compare(
    what: string,
    own: Assigned,
    value: number,
    name: (value: number) => string,
    event: IntvecEvent,
    index: number,
  ): void {
    const might = own.values ?? [];
    if (own.seen(value)) return;
    own.values = undefined;
    const { machine, report } = this.#context;
    report({
      title: `an interrupt shows the host's ${what} as ${name(value)}, which it cannot be`,
      expected: `${might.map(name).join(" or ")}, by the records before it`,
      found: `local ${what} ${name(value)} at ${formatSeconds(event.tNs)}, PM ${machine.pm === undefined ? "unknown" : pmStateName(machine.pm)}`,
      atNs: event.tNs,
      because: [machine.pmIndex, machine.itemIndex, index],
    });
  }

  /** In M3 the thread looks at the PM state, and lets the registers be: there is nothing that it could record. */
  #asleep(event: IntvecEvent, index: number): void {
    const { machine, report } = this.#context;
    if (machine.pm !== PmState.M3) return;
    report({
      title: "an interrupt was looked into while the host was in M3",
      expected: "no register read between PM M3 and PM M3_EXIT",
      found: `device shows ${mhiStateName(event.deviceState)} at ${formatSeconds(event.tNs)}, PM M3 since ${formatSeconds(machine.pmSinceNs)}`,
      fromNs: machine.pmSinceNs,
      atNs: event.tNs,
      because: [machine.pmIndex, index],
    });
  }

  /** A probe reads the host's side a little before or after its record: a value that is just over, or to come, is right. */
  #glimpse(
    what: string,
    own: Assigned,
    value: number,
    name: (value: number) => string,
    event: IntvecEvent,
    index: number,
  ): void {
    if (own.mayHaveBeen(value)) return;
    const might = own.values ?? [];
    const { expect, report } = this.#context;
    expect({
      fromNs: event.tNs,
      deadlineNs: event.tNs + REACTION_NS,
      because: [index],
      met: () => own.mayHaveBeen(value),
      failed: (atNs, _how, because) =>
        report({
          title: `an interrupt shows the host's ${what} as ${name(value)}, which it cannot be`,
          expected: `${might.map(name).join(" or ")}, by the records before it`,
          found: `local ${what} ${name(value)} at ${formatSeconds(event.tNs)}, read by a probe`,
          fromNs: event.tNs,
          atNs,
          because,
        }),
    });
  }

  /** SYS_ERR was read: PM becomes SYS_ERR_DETECT under the same lock, so nothing else of PM can come before. */
  #detects(event: IntvecEvent, index: number): void {
    const { machine, kernel, expect, report } = this.#context;
    const { pm } = machine;
    // from DISABLE the host has silently gone to POR
    const from = pm === PmState.DISABLE ? PmState.POR : pm;
    if (from === undefined || machine.missionUnproven) return;
    if (!legalTargets(from, kernel).includes(PmState.SYS_ERR_DETECT)) return;
    expect({
      fromNs: event.tNs,
      deadlineNs: event.tNs + REACTION_NS,
      because: [index],
      met: (next) => next.kind === "pm" && next.pmState === PmState.SYS_ERR_DETECT,
      refuted: (next) => next.kind === "pm" || (next.pid === event.pid && next.kind === "intvec"),
      failed: (atNs, how, because) =>
        report({
          title: "SYS_ERR: an interrupt showed it and the host did not detect it",
          expected: "PM SYS_ERR_DETECT right after the interrupt that reads SYS_ERR",
          found: `SYS_ERR read at ${formatSeconds(event.tNs)}, then ${how}`,
          fromNs: event.tNs,
          atNs,
          because,
        }),
    });
  }
}

export const interruptView: RuleDefinition = {
  id: "interrupt-view",
  create: (context) => new InterruptView(context),
};
