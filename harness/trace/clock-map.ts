/** Host's trace clock against the controller's monotonic clock. */
import type { Nanoseconds } from "../base/clock.ts";

/** The host's clock showed `hostNs` at `controllerNs`, give or take `uncertaintyNs`. */
export interface ClockSample {
  readonly hostNs: Nanoseconds;
  readonly controllerNs: Nanoseconds;
  readonly uncertaintyNs: Nanoseconds;
}

/** Host time of a controller time by the nearest sample; undefined without any. */
export function hostTime(samples: readonly ClockSample[], controllerNs: Nanoseconds): Nanoseconds | undefined {
  let nearest: ClockSample | undefined;
  for (const sample of samples) {
    const closer =
      !nearest || Math.abs(sample.controllerNs - controllerNs) < Math.abs(nearest.controllerNs - controllerNs);
    if (closer) nearest = sample;
  }
  return nearest && nearest.hostNs + (controllerNs - nearest.controllerNs);
}
