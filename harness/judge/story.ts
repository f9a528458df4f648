/** What happened, in one line: "boot ok in 0.31 s; suspended 3 times; SYS_ERR once, recovered in 0.2 s". */
import type { Nanoseconds } from "../base/clock.ts";
import { formatSpan } from "../base/clock.ts";
import { ChannelCommand } from "../mhi/channel.ts";
import { PmState } from "../mhi/pm-state.ts";
import { WorkerItem } from "../mhi/worker-item.ts";
import type { TraceEvent } from "../trace/mhi-events.ts";
import { isMhiEvent } from "../trace/mhi-events.ts";
import { isTransferCompletion } from "./machine.ts";

interface Tally {
  /** The driver of this family powers down without grace on every remove (qaic, facts 7.1). */
  readonly graceless: boolean;
  readonly opened: Set<number>;
  transfers: number;
  powerUpNs: Nanoseconds | undefined;
  afterFailure: "sys-err" | "given up" | undefined;
  failureNs: Nanoseconds;
  suspends: number;
  resumes: number;
  readonly lines: string[];
}

const times = (count: number): string => (count === 1 ? "once" : count === 2 ? "twice" : `${count} times`);

export function tellStory(events: readonly TraceEvent[], options: { readonly graceless?: boolean } = {}): string {
  const tally: Tally = {
    graceless: options.graceless === true,
    opened: new Set(),
    transfers: 0,
    powerUpNs: undefined,
    afterFailure: undefined,
    failureNs: 0,
    suspends: 0,
    resumes: 0,
    lines: [],
  };
  const controllers = new Set(events.filter(isMhiEvent).map((event) => event.controller));
  const [only] = controllers;
  for (const event of events) if (isMhiEvent(event) && event.controller === only) tell(tally, event);
  flushSuspends(tally);
  if (tally.afterFailure) tally.lines.push(`not recovered from ${failureWord(tally.afterFailure)}`);
  else if (tally.powerUpNs !== undefined) tally.lines.push("boot did not reach mission mode");
  if (tally.opened.size > 0) tally.lines.push(`${tally.opened.size} channels opened`);
  if (tally.transfers > 0) tally.lines.push(`${tally.transfers} transfers`);
  const rest = controllers.size > 1 ? [`${controllers.size - 1} more controllers in the trace`] : [];
  const lines = [...tally.lines, ...rest];
  return lines.length > 0 ? lines.join("; ") : "nothing happened on the MHI bus";
}

const failureWord = (failure: "sys-err" | "given up"): string => (failure === "sys-err" ? "SYS_ERR" : "being given up");

function flushSuspends(tally: Tally): void {
  if (tally.suspends > 0) tally.lines.push(`suspended ${times(tally.suspends)}`);
  if (tally.resumes < tally.suspends && tally.resumes > 0) tally.lines.push(`resumed ${times(tally.resumes)}`);
  tally.suspends = 0;
  tally.resumes = 0;
}

function tell(tally: Tally, event: TraceEvent): void {
  if (event.kind === "worker") {
    if (event.item === WorkerItem.READY || event.item === WorkerItem.PBL) tally.powerUpNs ??= event.tNs;
    if (event.item === WorkerItem.MISSION_MODE) missionMode(tally, event.tNs);
  } else if (event.kind === "pm") tellPm(tally, event.pmState, event.tNs);
  else if (event.kind === "chan" && event.phase === "end" && event.command === ChannelCommand.START) {
    tally.opened.add(event.channel);
  } else if (event.kind === "ring" && isTransferCompletion(event)) tally.transfers++;
}

function missionMode(tally: Tally, tNs: Nanoseconds): void {
  flushSuspends(tally);
  if (tally.afterFailure) {
    tally.lines.push(`recovered in ${formatSpan(tNs - tally.failureNs)}`);
  } else if (tally.powerUpNs !== undefined) tally.lines.push(`boot ok in ${formatSpan(tNs - tally.powerUpNs)}`);
  tally.afterFailure = undefined;
  tally.powerUpNs = undefined;
}

function tellPm(tally: Tally, state: number, tNs: Nanoseconds): void {
  switch (state) {
    case PmState.M3:
      tally.suspends++;
      break;
    case PmState.M3_EXIT:
      tally.resumes++;
      break;
    case PmState.SYS_ERR_DETECT:
      failed(tally, "sys-err", tNs, "SYS_ERR");
      break;
    case PmState.LD_ERR_FATAL_DETECT:
      if (tally.graceless) poweredDown(tally);
      else failed(tally, "given up", tNs, "device given up");
      break;
    case PmState.SHUTDOWN_PROCESS:
      poweredDown(tally);
      break;
  }
}

function poweredDown(tally: Tally): void {
  flushSuspends(tally);
  tally.lines.push("powered down");
  tally.afterFailure = undefined;
  tally.powerUpNs = undefined;
}

function failed(tally: Tally, what: "sys-err" | "given up", tNs: Nanoseconds, words: string): void {
  flushSuspends(tally);
  tally.lines.push(words);
  if (!tally.afterFailure) tally.failureNs = tNs;
  tally.afterFailure = what;
}
