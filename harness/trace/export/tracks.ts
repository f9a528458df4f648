/** A recording as tracks: one group a controller, rig actions, other events, and the evidence that is missing. */
import { parseActionMarker } from "../action-marker.ts";
import { type EventBatch, Kind } from "../batch.ts";
import { describeGap, describeRow } from "../describe.ts";
import type { Gap } from "../mhi-events.ts";
import type { TimeAxis } from "../time-axis.ts";
import { ControllerTracks } from "./controller-tracks.ts";
import type { DeviceLine, RowConsumer } from "./feed.ts";
import { StateTrack } from "./state-track.ts";
import type { TrackArgs, TrackSink } from "./track-sink.ts";

const RIG = "rig";
const EVIDENCE = "missing evidence";
/** Rig actions by name that have a track of their own; more than these go to one track as instants. */
const MAX_ACTIONS = 64;

export class TrackWriter implements RowConsumer {
  readonly #sink: TrackSink;
  readonly #axis: TimeAxis;
  readonly #controllers: ControllerTracks[] = [];
  readonly #actions = new Map<string, StateTrack>();
  readonly #instants = new Map<string, number>();
  /** Of each track of gaps: its number and the end of its last gap. */
  readonly #gapTracks: { readonly cpu: number | undefined; readonly track: number; endNs: number }[] = [];
  #lastNs = 0;

  constructor(sink: TrackSink, axis: TimeAxis) {
    this.#sink = sink;
    this.#axis = axis;
  }

  get pending(): number {
    return this.#sink.pending;
  }

  take(): string | Uint8Array {
    return this.#sink.take();
  }

  row(batch: EventBatch, i: number): void {
    const tNs = batch.tNs[i] ?? 0;
    if (tNs > this.#lastNs) this.#lastNs = tNs;
    const kind = batch.kind[i] ?? Kind.OTHER;
    const args = (): TrackArgs => this.#args(batch, i);
    if (kind === Kind.MARKER) this.#marker(tNs, batch.texts[batch.a[i] ?? 0] ?? "", args);
    else if (kind === Kind.OTHER) this.#instant("other events", 2, tNs, describeRow(batch, i), args());
    else this.#controller(batch, batch.controller[i] ?? 0).row(batch, i, args);
  }

  gap(gap: Gap): void {
    const track = this.#gapTrack(gap);
    this.#sink.begin(track, gap.fromNs, describeGap(gap), {
      reason: gap.reason,
      ...(gap.lost === undefined ? {} : { lost: gap.lost }),
      ...(gap.detail === undefined ? {} : { detail: gap.detail }),
    });
    this.#sink.end(track, gap.toNs);
    this.#lastNs = Math.max(gap.toNs, this.#lastNs);
    for (const controller of this.#controllers) controller?.doubt(this.#lastNs);
  }

  device(line: DeviceLine): void {
    this.#instant("device log", 3, line.tNs, line.text, { kind: line.deviceKind, uncertaintyNs: line.uncertaintyNs });
  }

  finish(): (string | Uint8Array)[] {
    for (const controller of this.#controllers) controller?.close(this.#lastNs);
    for (const action of this.#actions.values()) action.close(this.#lastNs);
    this.#sink.finish();
    return this.#sink.pending > 0 ? [this.#sink.take()] : [];
  }

  #marker(tNs: number, text: string, args: () => TrackArgs): void {
    const action = parseActionMarker(text);
    const track = action && action.phase !== "note" ? this.#action(action.name) : undefined;
    if (!action || !track) {
      this.#instant("markers", 1, tNs, text, args());
    } else if (action.phase === "begin") {
      track.enter(tNs, action.detail === "" ? action.name : `${action.name} ${action.detail}`, args());
    } else {
      track.close(tNs);
      if (action.detail !== "") this.#instant("markers", 1, tNs, text, args());
    }
  }

  /** A track an action: actions may overlap, slices of one track must not. */
  #action(name: string): StateTrack | undefined {
    const known = this.#actions.get(name);
    if (known || this.#actions.size >= MAX_ACTIONS) return known;
    const made = new StateTrack(this.#sink, { group: RIG, name, rank: 10 + this.#actions.size });
    this.#actions.set(name, made);
    return made;
  }

  #instant(name: string, rank: number, tNs: number, words: string, args: TrackArgs): void {
    const track = this.#instants.get(name) ?? this.#sink.track({ group: RIG, name, rank });
    this.#instants.set(name, track);
    this.#sink.instant(track, tNs, words, args);
  }

  #controller(batch: EventBatch, id: number): ControllerTracks {
    const known = this.#controllers[id];
    if (known) return known;
    const made = new ControllerTracks(this.#sink, batch.names.controllers[id] ?? `controller ${id}`);
    this.#controllers[id] = made;
    return made;
  }

  /** The CPU's track, or another one of it where gaps overlap. */
  #gapTrack(gap: Gap): number {
    const free = this.#gapTracks.find(({ cpu, endNs }) => cpu === gap.cpu && endNs <= gap.fromNs);
    if (free) {
      free.endNs = gap.toNs;
      return free.track;
    }
    const name = gap.cpu === undefined ? "all cpus" : `cpu${gap.cpu}`;
    const track = this.#sink.track({ group: EVIDENCE, name, rank: gap.cpu ?? -1 });
    this.#gapTracks.push({ cpu: gap.cpu, track, endNs: gap.toNs });
    return track;
  }

  #args(batch: EventBatch, i: number): TrackArgs {
    const lane = batch.names.lanes[batch.lane[i] ?? 0];
    const pid = batch.pid[i] ?? 0;
    const comm = this.#axis.info.comms.get(pid);
    return {
      cpu: lane?.cpu ?? -1,
      pid,
      ...(comm === undefined ? {} : { comm }),
      ...(lane && lane.source !== "trace-event" ? { source: lane.source } : {}),
      ...(batch.extras.get(i) ?? {}),
    };
  }
}
