/** The vocabulary of scenarios: single steps with words for people, for each event of the driver's trace. */
import { ChannelCommand, channelCommandName } from "../mhi/channel.ts";
import type { ExecEnv } from "../mhi/exec-env.ts";
import { execEnvName } from "../mhi/exec-env.ts";
import { MhiState, mhiStateName } from "../mhi/mhi-state.ts";
import { PmState, pmStateName } from "../mhi/pm-state.ts";
import { ElementType } from "../mhi/ring-element.ts";
import { WorkerItem, workerItemName } from "../mhi/worker-item.ts";
import type { TraceEvent } from "../trace/mhi-events.ts";
import { isTransferCompletion } from "./machine.ts";
import { type Pattern, step } from "./pattern.ts";

export const pm = (state: PmState, words = `host enters PM ${pmStateName(state)}`): Pattern =>
  step(words, (event) => event.kind === "pm" && event.pmState === state, "pm");

export const anyPm = (words: string, ...states: readonly PmState[]): Pattern =>
  step(words, (event) => event.kind === "pm" && states.includes(event.pmState as PmState), "pm");

export const worker = (item: WorkerItem, words = `host starts work item ${workerItemName(item)}`): Pattern =>
  step(words, (event) => event.kind === "worker" && event.item === item, "worker");

export const stateEvent = (state: number, words = `device reports ${mhiStateName(state)}`): Pattern =>
  step(
    words,
    (event) => event.kind === "ring" && event.type === ElementType.STATE_CHANGE_EVENT && event.code === state,
    "ctrl",
  );

export const eeEvent = (...ees: readonly ExecEnv[]): Pattern =>
  step(
    `device reports EE ${ees.map(execEnvName).join(" or ")}`,
    (event) => event.kind === "ring" && event.type === ElementType.EE_EVENT && ees.includes(event.code as ExecEnv),
    "ctrl",
  );

/** SYS_ERR as the host may come to see it: an event on ring 0, or an interrupt. */
export const sysErrSeen = (): Pattern =>
  step("device signals SYS_ERR", (event: TraceEvent) =>
    event.kind === "ring"
      ? event.type === ElementType.STATE_CHANGE_EVENT && event.code === MhiState.SYS_ERR
      : event.kind === "intvec" && event.deviceState === MhiState.SYS_ERR,
  );

export const commandStart = (channel: number, command: ChannelCommand, name = `channel ${channel}`): Pattern =>
  step(
    `host asks for ${channelCommandName(command)} of ${name}`,
    (event) =>
      event.kind === "chan" && event.phase === "start" && event.channel === channel && event.command === command,
    "chan",
  );

export const commandEnd = (channel: number, command: ChannelCommand, name = `channel ${channel}`): Pattern =>
  step(
    `${channelCommandName(command)} of ${name} is done`,
    (event) => event.kind === "chan" && event.phase === "end" && event.channel === channel && event.command === command,
    "chan",
  );

export const queued = (channel: number, name = `channel ${channel}`): Pattern =>
  step(`host queues a buffer on ${name}`, (event) => event.kind === "tre" && event.channel === channel, "tre");

export const completed = (channel: number, name = `channel ${channel}`): Pattern =>
  step(
    `device completes a buffer on ${name}`,
    (event) => event.kind === "ring" && isTransferCompletion(event) && event.channel === channel,
    "data",
  );

/** A rig action (trace_marker). */
export const marker = (text: string | RegExp): Pattern =>
  step(
    `rig action ${text}`,
    (event) =>
      event.kind === "marker" && (typeof text === "string" ? event.text.includes(text) : text.test(event.text)),
  );

/** The host gives up on the device: nothing of a normal sequence comes after these. */
export const failureStates = (): Pattern =>
  anyPm(
    "an error state of the host",
    PmState.FW_DL_ERR,
    PmState.SYS_ERR_DETECT,
    PmState.LD_ERR_FATAL_DETECT,
    PmState.SHUTDOWN_PROCESS,
    PmState.DISABLE,
  );

export const startCommand = ChannelCommand.START;
export const resetCommand = ChannelCommand.RESET;
export const disableItem = (): Pattern =>
  step(
    "host starts work item DISABLE",
    (event) =>
      event.kind === "worker" &&
      (event.item === WorkerItem.DISABLE || event.item === WorkerItem.DISABLE_DESTROY_DEVICE),
    "worker",
  );
