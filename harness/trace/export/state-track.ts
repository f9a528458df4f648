/** One state over time as slices that touch each other. */
import type { TrackArgs, TrackSink, TrackSpec } from "./track-sink.ts";

export class StateTrack {
  readonly #sink: TrackSink;
  readonly #spec: TrackSpec;
  #track: number | undefined;
  #state: string | undefined;
  #unsure = false;
  #sinceNs = 0;

  constructor(sink: TrackSink, spec: TrackSpec) {
    this.#sink = sink;
    this.#spec = spec;
  }

  /** The state is entered, also from itself. Text may mix CPUs a little out of order: no slice ends before it begins. */
  enter(atNs: number, state: string, args?: TrackArgs): void {
    const tNs = Math.max(atNs, this.#sinceNs);
    this.#track ??= this.#sink.track(this.#spec);
    this.#sinceNs = tNs;
    if (this.#state !== undefined) this.#sink.end(this.#track, tNs);
    this.#sink.begin(this.#track, tNs, state, args);
    this.#state = state;
    this.#unsure = false;
  }

  /** The state was seen: a new slice only if it is another one, or was no longer sure. */
  see(tNs: number, state: string, args?: TrackArgs): void {
    if (state !== this.#state || this.#unsure) this.enter(tNs, state, args);
  }

  /** Events were lost: from here on the state may be another one, which a question mark tells. */
  doubt(tNs: number): void {
    if (this.#state === undefined || this.#unsure) return;
    const state = this.#state;
    this.enter(tNs, `${state}?`);
    this.#state = state;
    this.#unsure = true;
  }

  close(tNs: number): void {
    if (this.#track === undefined || this.#state === undefined) return;
    this.#sinceNs = Math.max(tNs, this.#sinceNs);
    this.#sink.end(this.#track, this.#sinceNs);
    this.#state = undefined;
  }
}
