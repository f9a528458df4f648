/**
 * Events of several CPUs on one axis. Each CPU's stream is in its own time order; the merge takes the earliest head.
 * Equal times: the lower CPU first, so the same recording always gives the same order.
 */
import type { Nanoseconds } from "../base/clock.ts";
import type { TraceEvent } from "./mhi-events.ts";

interface Lane {
  readonly cpu: number;
  readonly events: TraceEvent[];
  sorted: boolean;
}

export class Timeline {
  readonly #lanes: Lane[] = [];

  add(event: TraceEvent): void {
    const lane = this.#lane(event.cpu);
    const last = lane.events.at(-1);
    if (last && last.tNs > event.tNs) lane.sorted = false;
    lane.events.push(event);
  }

  get size(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.events.length, 0);
  }

  /** Events with `fromNs <= tNs < toNs`, in time order. */
  slice(fromNs: Nanoseconds = Number.NEGATIVE_INFINITY, toNs: Nanoseconds = Number.POSITIVE_INFINITY): TraceEvent[] {
    const heads = this.#lanes.map((lane) => {
      if (!lane.sorted) lane.events.sort((a, b) => a.tNs - b.tNs);
      lane.sorted = true;
      return { events: lane.events, next: lowerBound(lane.events, fromNs), end: lowerBound(lane.events, toNs) };
    });
    return merge(heads);
  }

  /** Takes the events before `toNs` out, in time order. */
  take(toNs: Nanoseconds): TraceEvent[] {
    const taken = this.slice(undefined, toNs);
    for (const lane of this.#lanes) lane.events.splice(0, lowerBound(lane.events, toNs));
    return taken;
  }

  #lane(cpu: number): Lane {
    const found = this.#lanes.find((lane) => lane.cpu === cpu);
    if (found) return found;
    const lane: Lane = { cpu, events: [], sorted: true };
    this.#lanes.push(lane);
    this.#lanes.sort((a, b) => a.cpu - b.cpu);
    return lane;
  }
}

interface Head {
  readonly events: readonly TraceEvent[];
  next: number;
  readonly end: number;
}

function merge(heads: Head[]): TraceEvent[] {
  const merged: TraceEvent[] = [];
  for (;;) {
    let earliest: Head | undefined;
    let earliestNs = Number.POSITIVE_INFINITY;
    for (const head of heads) {
      const ns =
        head.next < head.end ? (head.events[head.next]?.tNs ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
      if (ns < earliestNs) {
        earliest = head;
        earliestNs = ns;
      }
    }
    const event = earliest?.events[earliest.next];
    if (!earliest || !event) return merged;
    earliest.next++;
    merged.push(event);
  }
}

function lowerBound(events: readonly TraceEvent[], ns: Nanoseconds): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((events[middle]?.tNs ?? 0) < ns) low = middle + 1;
    else high = middle;
  }
  return low;
}
