/**
 * Time. All instants and spans are nanoseconds in a double, exact below 2^53 ns (104 days).
 *
 * Only `systemClock` reads the machine's clocks. `monotonicNs` is CLOCK_MONOTONIC, which all processes of one
 * machine share, so the endpoint's log and the rig controller's log stand on one axis without any exchange.
 */
export type Nanoseconds = number;

export interface Clock {
  /** CLOCK_MONOTONIC of the controller, ns. */
  monotonicNs(): Nanoseconds;
  /** Wall clock, for names and headings only: never for an order or a span. */
  now(): Date;
}

export const systemClock: Clock = {
  monotonicNs: () => Number(process.hrtime.bigint()),
  now: () => new Date(),
};

export const NS_PER_MS = 1_000_000;
export const NS_PER_S = 1_000_000_000;

export const msToNs = (ms: number): Nanoseconds => ms * NS_PER_MS;
export const nsToMs = (ns: Nanoseconds): number => ns / NS_PER_MS;

/** `12.304` style seconds with microseconds, as the kernel prints them. */
export const formatSeconds = (ns: Nanoseconds, digits = 6): string => (ns / NS_PER_S).toFixed(digits);

/** A span for people: `2.1 ms`, `8.007 s`, `41 min`. */
export function formatSpan(ns: Nanoseconds): string {
  const ms = ns / NS_PER_MS;
  if (ms < 0.1) return `${Math.round(ns / 1000)} us`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  return `${Math.round(ms / 60_000)} min`;
}
