/** A channel's life: state slices, transfers as instants, and how many TREs the device holds. */
import { ChannelCommand, channelCommandName } from "../../mhi/channel.ts";
import { elementCode, RING_ELEMENT_BYTES } from "../../mhi/ring-element.ts";
import { StateTrack } from "./state-track.ts";
import type { TrackSink } from "./track-sink.ts";
import { completesTre } from "./transfer.ts";

/** State that a command leads to, as enum mhi_ch_state_type's texts have it. */
const STATES: Readonly<Record<number, string>> = {
  [ChannelCommand.RESET]: "reset",
  [ChannelCommand.STOP]: "stopped",
  [ChannelCommand.START]: "started",
};
const TWO_32 = 2 ** 32;

export class ChannelTracks {
  readonly #sink: TrackSink;
  readonly #group: string;
  readonly #channel: number;
  readonly #rank: number;
  readonly #state: StateTrack;
  #transfers: number | undefined;
  #counter: number | undefined;
  #inFlight = 0;
  /** Where the last completed TRE stood; NaN: not known. */
  #lastPtr = Number.NaN;

  /** @param rank - of the first of its three tracks. */
  constructor(sink: TrackSink, group: string, channel: number, rank: number) {
    this.#sink = sink;
    this.#group = group;
    this.#channel = channel;
    this.#rank = rank;
    this.#state = new StateTrack(sink, { group, name: `ch ${channel}`, rank });
  }

  commandBegun(tNs: number, command: number): void {
    this.#state.enter(tNs, `${channelCommandName(command)} asked`);
  }

  commandDone(tNs: number, command: number): void {
    this.#state.enter(tNs, STATES[command] ?? channelCommandName(command));
    if (command === ChannelCommand.STOP) return;
    this.#lastPtr = Number.NaN;
    this.#count(tNs, 0);
  }

  queued(tNs: number, words: string): void {
    this.#sink.instant(this.#transfersTrack(), tNs, words);
    this.#count(tNs, this.#inFlight + 1);
  }

  completed(tNs: number, words: string, dword0: number, ptrLow: number, ptrHigh: number): void {
    this.#sink.instant(this.#transfersTrack(), tNs, words);
    if (!completesTre(elementCode(dword0))) return;
    const ptr = ptrLow + ptrHigh * TWO_32;
    this.#count(tNs, Math.max(0, this.#inFlight - this.#given(ptr)));
    this.#lastPtr = ptr;
  }

  /** Events were lost: what is in flight is not known, and is counted anew. */
  doubt(tNs: number): void {
    this.#state.doubt(tNs);
    this.#lastPtr = Number.NaN;
    if (this.#inFlight === 0 || this.#transfers === undefined) return;
    this.#sink.instant(this.#transfers, tNs, "events were lost: TREs in flight are counted from 0 again");
    this.#count(tNs, 0);
  }

  close(tNs: number): void {
    this.#state.close(tNs);
  }

  /** An event gives back all TREs up to the one that it points to; past the ring's end nothing but that one is sure. */
  #given(ptr: number): number {
    const step = (ptr - this.#lastPtr) / RING_ELEMENT_BYTES;
    return step >= 1 && step <= this.#inFlight && Number.isInteger(step) ? step : 1;
  }

  #transfersTrack(): number {
    this.#transfers ??= this.#sink.track({
      group: this.#group,
      name: `ch ${this.#channel} transfers`,
      rank: this.#rank + 1,
    });
    return this.#transfers;
  }

  #count(tNs: number, inFlight: number): void {
    if (this.#counter === undefined && inFlight === 0) return;
    this.#counter ??= this.#sink.track({
      group: this.#group,
      name: `ch ${this.#channel} TREs in flight`,
      counter: true,
      rank: this.#rank + 2,
    });
    if (inFlight !== this.#inFlight) this.#sink.counter(this.#counter, tNs, inFlight);
    this.#inFlight = inFlight;
  }
}
