/**
 * The host driver's state as its own trace tells it, for one controller. Rules read it *before* an event is applied.
 *
 * `undefined` and "unknown" mean: the history does not say. Tracing that starts in mid-life, and every gap, make it so
 * again, and a rule never blames what it does not know (design facts 10.2).
 */
import type { Nanoseconds } from "../base/clock.ts";
import { ChannelCommand } from "../mhi/channel.ts";
import type { ExecEnv } from "../mhi/exec-env.ts";
import { isMissionMode } from "../mhi/exec-env.ts";
import type { ChannelProfile, FamilyProfile } from "../mhi/families/family.ts";
import { PmState } from "../mhi/pm-state.ts";
import { CompletionCode, ElementType } from "../mhi/ring-element.ts";
import { WorkerItem } from "../mhi/worker-item.ts";
import type { ChannelCommandEvent, MhiEvent, RingEvent } from "../trace/mhi-events.ts";
import type { Transfer } from "./transfer.ts";

export type ChannelLife = "unknown" | "closed" | "starting" | "open" | "resetting";

export interface ChannelView {
  readonly channel: number;
  /** Undefined where the family has no such channel. */
  readonly profile: ChannelProfile | undefined;
  state: ChannelLife;
  /** Number of the START that it is open by, counted over all channels; 0: not seen. */
  start: number;
  /** Buffers queued since the last START, and completions taken of them; undefined when the START was not seen. */
  queued: number | undefined;
  completed: number;
  /** Address of the last completed ring element, and whether buffers are chained: one completion for several then. */
  lastPtr: number | undefined;
  chained: boolean;
}

export interface PendingCommand {
  readonly event: ChannelCommandEvent;
  readonly index: number;
  /** What the host believed when the command was asked for. */
  readonly pm: PmState | undefined;
  readonly channelState: ChannelLife;
}

/** MHI_PM_IN_ERROR_STATE: event rings are ignored from here to the next POR. */
export const isErrorPm = (pm: number | undefined): boolean => pm !== undefined && pm >= PmState.FW_DL_ERR;

/** DWORD1[31:24] holds a channel's number. */
const MAX_CHANNELS = 256;

export const isTransferCompletion = (event: RingEvent): boolean =>
  event.type === ElementType.TX_EVENT &&
  (event.code === CompletionCode.EOT || event.code === CompletionCode.OVERFLOW || event.code === CompletionCode.EOB);

export class Machine {
  readonly controller: string;
  pm: PmState | undefined;
  pmSinceNs: Nanoseconds = 0;
  pmIndex = -1;
  /** Work item that began last. */
  item: WorkerItem | undefined;
  itemSinceNs: Nanoseconds = 0;
  itemIndex = -1;
  /** Task that runs it. */
  itemPid = -1;
  deviceState: number | undefined;
  deviceEe: ExecEnv | undefined;
  /** The mission-mode item has begun and nothing shows yet that it did not fail silently. */
  missionUnproven = false;
  readonly pending = new Map<number, PendingCommand>();
  readonly #profiles: ReadonlyMap<number, ChannelProfile>;
  /** By number: looked up with every buffer. */
  #channels: (ChannelView | undefined)[] = [];
  #unseenChannel: ChannelLife = "unknown";
  #starts = 0;

  constructor(controller: string, family: FamilyProfile) {
    this.controller = controller;
    this.#profiles = new Map(family.channels.map((profile) => [profile.channel, profile]));
  }

  channel(channel: number): ChannelView {
    return this.#channels[channel] ?? this.#firstSeen(channel);
  }

  #firstSeen(channel: number): ChannelView {
    const view: ChannelView = {
      channel,
      profile: this.#profiles.get(channel),
      state: this.#unseenChannel,
      start: 0,
      queued: this.#unseenChannel === "closed" ? 0 : undefined,
      completed: 0,
      lastPtr: undefined,
      chained: false,
    };
    // a spoilt record may name any number; the device has 256 channels at most
    if (channel >= 0 && channel < MAX_CHANNELS) this.#channels[channel] = view;
    return view;
  }

  /** Those that were seen. */
  channels(): ChannelView[] {
    return this.#channels.filter((view) => view !== undefined);
  }

  /** Evidence is missing: nothing that was known is known any more. */
  forget(): void {
    this.pm = undefined;
    this.item = undefined;
    this.deviceState = undefined;
    this.deviceEe = undefined;
    this.missionUnproven = false;
    this.pending.clear();
    this.#channels = [];
    this.#unseenChannel = "unknown";
  }

  buffer(buffer: Transfer): void {
    this.missionUnproven = false;
    const view = this.channel(buffer.channel);
    if (view.queued !== undefined) view.queued++;
    if (buffer.chained) view.chained = true;
  }

  completion(completion: Transfer): void {
    const view = this.channel(completion.channel);
    // with coalescing, one completion gives back any number of buffers, in any order (parse_rsc_event)
    if (completion.type === ElementType.RSC_TX_EVENT) view.queued = undefined;
    if (!completion.completes) return;
    view.completed++;
    view.lastPtr = completion.ptr;
  }

  /** Anything but buffers and transfer events. */
  apply(event: MhiEvent, index: number): void {
    switch (event.kind) {
      case "pm":
        this.#pm(event.pmState as PmState, event.tNs, index);
        break;
      case "worker":
        this.#worker(event.item as WorkerItem, event.tNs, index);
        this.itemPid = event.pid;
        break;
      case "intvec":
        if (isMissionMode(event.localEe)) this.missionUnproven = false;
        this.deviceState = event.deviceState;
        this.deviceEe = event.deviceEe as ExecEnv;
        break;
      case "ring":
        this.#ring(event);
        break;
      case "chan":
        this.missionUnproven = false;
        this.#command(event, index);
        break;
    }
  }

  #pm(to: PmState, tNs: Nanoseconds, index: number): void {
    this.pm = to;
    this.pmSinceNs = tNs;
    this.pmIndex = index;
    // only a controller that is in mission mode suspends (pci_generic asks for local EE AMSS)
    if (to === PmState.M3_ENTER) this.missionUnproven = false;
    // Devices, and with them all channels, are gone at both ends of a power cycle: mhi_destroy_device comes before
    // PM DISABLE (mhi_pm_disable_transition) and before POR (mhi_pm_sys_error_transition).
    if (to === PmState.DISABLE || to === PmState.POR) this.#closeAll();
  }

  #worker(item: WorkerItem, tNs: Nanoseconds, index: number): void {
    this.item = item;
    this.itemSinceNs = tNs;
    this.itemIndex = index;
    if (item !== WorkerItem.MISSION_MODE) return;
    this.missionUnproven = true;
    // devices of the boot loader's EE are destroyed without RESET commands (facts 6.2): what was open may be closed
    for (const view of this.#channels) if (view && view.state !== "closed") view.state = "unknown";
  }

  #ring(event: RingEvent): void {
    if (event.type === ElementType.STATE_CHANGE_EVENT) this.deviceState = event.code;
    if (event.type === ElementType.EE_EVENT) this.deviceEe = event.code as ExecEnv;
  }

  #command(event: ChannelCommandEvent, index: number): void {
    const view = this.channel(event.channel);
    if (event.phase === "start") {
      this.pending.set(event.channel, { event, index, pm: this.pm, channelState: view.state });
      // a START on an open channel is refused at once and changes nothing (mhi_update_channel_state)
      if (event.command === ChannelCommand.START && view.state !== "open") this.#begin(view, "starting");
      if (event.command === ChannelCommand.RESET) view.state = "resetting";
      return;
    }
    this.pending.delete(event.channel);
    if (event.command !== ChannelCommand.START) view.state = "closed";
    else if (view.state === "starting") view.state = "open";
    else if (view.state !== "open") this.#begin(view, "open");
  }

  /** Counting begins at the command, not at its end: another CPU may queue before the end is recorded. */
  #begin(view: ChannelView, state: ChannelLife): void {
    view.state = state;
    view.start = ++this.#starts;
    view.queued = 0;
    view.completed = 0;
    view.lastPtr = undefined;
    view.chained = false;
  }

  /** The command ended without success: the channel is closed locally, whatever the device thinks. */
  abandon(channel: number): void {
    const pending = this.pending.get(channel);
    this.pending.delete(channel);
    const view = this.channel(channel);
    if (pending && view.state !== "open") view.state = "closed";
  }

  #closeAll(): void {
    this.#channels = [];
    this.#unseenChannel = "closed";
    this.pending.clear();
  }
}
