/** One controller's tracks: PM state, MHI state and EE as host and device see them, worker, control events, channels. */
import { execEnvName } from "../../mhi/exec-env.ts";
import { mhiStateName } from "../../mhi/mhi-state.ts";
import { pmStateName } from "../../mhi/pm-state.ts";
import { ElementType, elementChannel, elementCode, elementType } from "../../mhi/ring-element.ts";
import { workerItemName } from "../../mhi/worker-item.ts";
import { type EventBatch, Kind } from "../batch.ts";
import { describeRow, isLinkDown, LINK_DOWN } from "../describe.ts";
import { ChannelTracks } from "./channel-tracks.ts";
import { StateTrack } from "./state-track.ts";
import type { TrackArgs, TrackSink } from "./track-sink.ts";
import { isTransfer } from "./transfer.ts";

const FIRST_CHANNEL_RANK = 10;
const TRACKS_PER_CHANNEL = 3;

export class ControllerTracks {
  readonly #sink: TrackSink;
  readonly #group: string;
  readonly #pm: StateTrack;
  readonly #deviceState: StateTrack;
  readonly #hostState: StateTrack;
  readonly #deviceEe: StateTrack;
  readonly #hostEe: StateTrack;
  readonly #channels = new Map<number, ChannelTracks>();
  #worker: number | undefined;
  #controlTrack: number | undefined;

  constructor(sink: TrackSink, group: string) {
    this.#sink = sink;
    this.#group = group;
    this.#pm = new StateTrack(sink, { group, name: "PM state", rank: 0 });
    this.#deviceState = new StateTrack(sink, { group, name: "MHI state, device", rank: 1 });
    this.#hostState = new StateTrack(sink, { group, name: "MHI state, host's view", rank: 2 });
    this.#deviceEe = new StateTrack(sink, { group, name: "EE, device", rank: 3 });
    this.#hostEe = new StateTrack(sink, { group, name: "EE, host's view", rank: 4 });
  }

  row(batch: EventBatch, i: number, args: () => TrackArgs): void {
    const tNs = batch.tNs[i] ?? 0;
    const a = batch.a[i] ?? 0;
    switch (batch.kind[i]) {
      case Kind.PM:
        this.#pm.enter(tNs, pmStateName(a), args());
        break;
      case Kind.WORKER:
        // Where an item ends is not recorded, so it is an instant and no slice.
        this.#worker ??= this.#sink.track({ group: this.#group, name: "worker", rank: 5 });
        this.#sink.instant(this.#worker, tNs, workerItemName(a), args());
        break;
      case Kind.INTVEC:
        this.#intvec(batch, i, tNs, args);
        break;
      case Kind.CTRL:
      case Kind.DATA:
        if (isTransfer(elementType(batch.b[i] ?? 0))) this.#transfer(batch, i, tNs);
        else this.#control(batch, i, tNs, args);
        break;
      case Kind.TRE:
        this.#channel(batch.c[i] ?? 0).queued(tNs, describeRow(batch, i));
        break;
      case Kind.CHAN_START:
        this.#channel(batch.c[i] ?? 0).commandBegun(tNs, a);
        break;
      case Kind.CHAN_END:
        this.#channel(batch.c[i] ?? 0).commandDone(tNs, a);
        break;
    }
  }

  doubt(tNs: number): void {
    for (const each of this.#all()) each.doubt(tNs);
  }

  close(tNs: number): void {
    for (const each of this.#all()) each.close(tNs);
  }

  #all(): (StateTrack | ChannelTracks)[] {
    const states = [this.#pm, this.#deviceState, this.#hostState, this.#deviceEe, this.#hostEe];
    return [...states, ...this.#channels.values()];
  }

  #intvec(batch: EventBatch, i: number, tNs: number, args: () => TrackArgs): void {
    const deviceEe = batch.c[i] ?? 0;
    this.#hostEe.see(tNs, execEnvName(batch.a[i] ?? 0));
    this.#hostState.see(tNs, mhiStateName(batch.b[i] ?? 0));
    const down = isLinkDown(deviceEe);
    this.#deviceEe.see(tNs, down ? LINK_DOWN : execEnvName(deviceEe), args());
    this.#deviceState.see(tNs, down ? LINK_DOWN : mhiStateName(batch.d[i] ?? 0), args());
  }

  #control(batch: EventBatch, i: number, tNs: number, args: () => TrackArgs): void {
    const code = elementCode(batch.a[i] ?? 0);
    const type = elementType(batch.b[i] ?? 0);
    if (type === ElementType.STATE_CHANGE_EVENT) this.#deviceState.see(tNs, mhiStateName(code), args());
    if (type === ElementType.EE_EVENT) this.#deviceEe.see(tNs, execEnvName(code), args());
    this.#controlTrack ??= this.#sink.track({ group: this.#group, name: "control events", rank: 6 });
    this.#sink.instant(this.#controlTrack, tNs, describeRow(batch, i), args());
  }

  #transfer(batch: EventBatch, i: number, tNs: number): void {
    const channel = this.#channel(elementChannel(batch.b[i] ?? 0));
    channel.completed(tNs, describeRow(batch, i), batch.a[i] ?? 0, batch.ptrLow[i] ?? 0, batch.ptrHigh[i] ?? 0);
  }

  #channel(number: number): ChannelTracks {
    const known = this.#channels.get(number);
    if (known) return known;
    const rank = FIRST_CHANNEL_RANK + number * TRACKS_PER_CHANNEL;
    const made = new ChannelTracks(this.#sink, this.#group, number, rank);
    this.#channels.set(number, made);
    return made;
  }
}
