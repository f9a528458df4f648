/**
 * Ticks of a trace.dat -> nanoseconds, for recordings whose clock needs more than an offset.
 *
 *   guest's clock -> host's: ticks * scaling >> fraction bits, plus the offset of the correction that holds at that time,
 *   interpolated to the next one where the recording says so; then TSC ticks -> ns: ticks * multiplier >> shift; then the
 *   recording's own offset. Source: the options' descriptions in trace-cmd.dat.v7(5), compared with trace-cmd's output.
 */
import type { ClockMapping } from "../ring/lane.ts";
import type { ClockCorrection, DatOptions } from "./dat-file.ts";

/** Undefined where the ticks are nanoseconds and only the offset is to be added. */
export function clockMapping(options: DatOptions, cpu: number): ClockMapping | undefined {
  const { tsc, timeShift, offsetNs } = options;
  const corrections = timeShift?.corrections.get(cpu) ?? [];
  if (!tsc && corrections.length === 0) return undefined;
  const interpolate = timeShift?.interpolate ?? false;
  return (ticks) => {
    const corrected = corrections.length === 0 ? ticks : correct(ticks, corrections, interpolate);
    const ns = tsc ? (corrected * tsc.multiplier) >> tsc.shift : corrected;
    return ns + offsetNs;
  };
}

/**
 * @param interpolate - the offset moves from one correction to the next; before the first and behind the last it goes on as
 * between the two nearest.
 */
function correct(ticks: bigint, corrections: readonly ClockCorrection[], interpolate: boolean): bigint {
  const last = corrections.length - (interpolate ? 2 : 1);
  let at = 0;
  while (at < last && (corrections[at + 1]?.fromTicks ?? 0n) <= ticks) at++;
  const from = corrections[at];
  if (!from) return ticks;
  const scaled = (ticks * from.scaling) >> from.fractionBits;
  const to = corrections[at + 1];
  if (!interpolate || !to || to.fromTicks === from.fromTicks) return scaled + from.offset;
  const span = to.fromTicks - from.fromTicks;
  return scaled + from.offset + ((ticks - from.fromTicks) * (to.offset - from.offset) + span / 2n) / span;
}
