/**
 * Where the host stood when something failed: phase, last good PM state, EE. Folded over one controller's events in
 * order, so that a live stream needs no second look, and made so that the same failure gives the same answer however
 * early the recording begins and however the device's interrupts are shared.
 */
import { ExecEnv, execEnvName, isMissionMode } from "../mhi/exec-env.ts";
import type { FamilyProfile } from "../mhi/families/family.ts";
import { MhiState } from "../mhi/mhi-state.ts";
import { PmState, pmStateName } from "../mhi/pm-state.ts";
import { CompletionCode, completionCodeName, ElementType } from "../mhi/ring-element.ts";
import { WorkerItem } from "../mhi/worker-item.ts";
import type { MhiEvent, RingEvent, TraceEvent } from "../trace/mhi-events.ts";
import { isMhiEvent } from "../trace/mhi-events.ts";
import { kernelMajor, type SignatureParts } from "./signature.ts";

/** What the host is about. */
export type Phase = "boot" | "mission" | "suspend" | "asleep" | "resume" | "recovery" | "power-down" | "off";

const ALL_ONES = -1;

export class FailureContext {
  #phase: Phase | undefined;
  #lastGood: PmState | undefined;
  #ee: number | undefined;

  apply(event: MhiEvent): void {
    if (event.kind === "pm") this.#pm(event.pmState as PmState);
    else if (event.kind === "worker") this.#worker(event.item as WorkerItem);
    // with a shared vector every interrupt tells the EE, else none but the failing one does (facts 1.5 item 9)
    else if (event.kind === "intvec" && event.deviceState >= MhiState.SYS_ERR) this.#ee = event.deviceEe;
    else if (event.kind === "ring" && event.type === ElementType.EE_EVENT) this.#ee = event.code;
  }

  /** Parts as far as they are known. */
  parts(): Pick<SignatureParts, "phase" | "lastGood" | "ee"> {
    return {
      ...(this.#phase === undefined ? {} : { phase: this.#phase }),
      ...(this.#lastGood === undefined ? {} : { lastGood: pmStateName(this.#lastGood) }),
      ...(this.#ee === undefined ? {} : { ee: eeName(this.#ee) }),
    };
  }

  #pm(state: PmState): void {
    if (state < PmState.FW_DL_ERR) this.#good(state);
    else if (state === PmState.SHUTDOWN_PROCESS) this.#phase = "power-down";
    else if (state === PmState.SYS_ERR_PROCESS || state === PmState.SYS_ERR_FAIL) this.#phase = "recovery";
  }

  #good(state: PmState): void {
    this.#lastGood = state;
    if (state === PmState.DISABLE) {
      this.#phase = "off";
      this.#ee = undefined;
    } else if (state === PmState.M3_ENTER) this.#suspend("suspend");
    else if (state === PmState.M3) this.#suspend("asleep");
    else if (state === PmState.M3_EXIT) this.#suspend("resume");
    else if (state === PmState.M0 && this.#phase !== "boot" && this.#phase !== "recovery") this.#phase = "mission";
  }

  /** pci_generic suspends in mission mode only (facts 6.3), so the EE is known without having been told. */
  #suspend(phase: Phase): void {
    this.#phase = phase;
    if (this.#ee === undefined || !isMissionMode(this.#ee)) this.#ee = ExecEnv.AMSS;
  }

  #worker(item: WorkerItem): void {
    if (item === WorkerItem.READY || item === WorkerItem.PBL) this.#powerUp();
    else if (item === WorkerItem.MISSION_MODE) {
      this.#phase = "mission";
      this.#ee ??= ExecEnv.AMSS;
    } else if (item === WorkerItem.SYS_ERR) this.#phase = "recovery";
  }

  /** The power-up before the first item leaves no record, on a fresh host as after an unbind (facts 2.4). */
  #powerUp(): void {
    if (this.#phase === "recovery") return;
    this.#phase = "boot";
    this.#lastGood = PmState.DISABLE;
    this.#ee = undefined;
  }
}

const eeName = (ee: number): string => (ee === ALL_ONES || ee >>> 0 === 0xffffffff ? "none" : execEnvName(ee));

export interface FailureFacts {
  readonly family: FamilyProfile;
  readonly kernel: string;
  readonly firmware?: string;
  /** Title as the rule gave it, before the log was asked: the log is not in every recording. */
  readonly title: string;
  readonly fromNs: number;
  readonly because: readonly number[];
}

/**
 * The parts of each finding's signature, in one pass over the events however many findings there are. The indices in
 * `because` count in `events`.
 */
export function signatureParts(findings: readonly FailureFacts[], events: readonly TraceEvent[]): SignatureParts[] {
  const marks = findings.map((facts) => ({ facts, ...placeOf(facts, events), host: {} as HostParts }));
  const due = [...marks].sort((a, b) => a.begin - b.begin);
  const contexts = new Map<string | undefined, FailureContext>(
    due.map(({ controller }) => [controller, new FailureContext()]),
  );
  let next = 0;
  const settle = (upTo: number): void => {
    for (let mark = due[next]; mark && mark.begin < upTo; mark = due[++next]) {
      mark.host = contexts.get(mark.controller)?.parts() ?? {};
    }
  };
  for (const [index, event] of events.entries()) {
    settle(index);
    if (next >= due.length) break;
    if (isMhiEvent(event)) contexts.get(event.controller)?.apply(event);
  }
  settle(Number.POSITIVE_INFINITY);
  return marks.map(({ facts, host }) => partsOf(facts, host, events));
}

type HostParts = ReturnType<FailureContext["parts"]>;

/** Last event that belongs to what the finding stands on: by place, for text rounds times and neighbours fall on one. */
function placeOf(
  { because, fromNs }: FailureFacts,
  events: readonly TraceEvent[],
): { readonly begin: number; readonly controller: string | undefined } {
  const shown = because.flatMap((index) => events[index] ?? []);
  const controller = (shown.find(isMhiEvent) ?? events.find(isMhiEvent))?.controller;
  const [begin] = because.filter((index) => (events[index]?.tNs ?? -1) >= fromNs).sort((a, b) => a - b);
  if (begin !== undefined) return { begin, controller };
  let end = 0;
  for (let size = events.length; size > 0; ) {
    const half = size >>> 1;
    if ((events[end + half]?.tNs ?? 0) <= fromNs) {
      end += half + 1;
      size -= half + 1;
    } else size = half;
  }
  return { begin: end - 1, controller };
}

function partsOf(facts: FailureFacts, host: HostParts, events: readonly TraceEvent[]): SignatureParts {
  const shown = facts.because.flatMap((index) => events[index] ?? []);
  const code = codeOf(facts.title, shown);
  const kernel = kernelMajor(facts.kernel);
  return {
    family: facts.family.id,
    ...host,
    stuck: facts.title,
    ...(code === undefined ? {} : { code }),
    ...(kernel === undefined ? {} : { kernel }),
    ...(facts.firmware === undefined ? {} : { firmware: facts.firmware }),
  };
}

const COMPLETIONS: readonly number[] = [ElementType.CMD_COMPLETION_EVENT, ElementType.TX_EVENT];
const GOOD_CODES: readonly number[] = [CompletionCode.SUCCESS, CompletionCode.EOT, CompletionCode.EOB];

function codeOf(title: string, shown: readonly TraceEvent[]): string | undefined {
  const errno = /(?<![\w.])-\d{1,3}\b/.exec(title)?.[0];
  if (errno !== undefined) return errno;
  const bad = shown.findLast(
    (event): event is RingEvent =>
      event.kind === "ring" && COMPLETIONS.includes(event.type) && !GOOD_CODES.includes(event.code),
  );
  return bad && completionCodeName(bad.code);
}
