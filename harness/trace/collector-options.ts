/** What a collector is started with, and the first step of that. */
import type { Clock } from "../base/clock.ts";
import { RigFault } from "../base/errors.ts";
import { type PreparedSource, prepareSource, type TraceSourceChoice } from "./probe/source-choice.ts";
import type { TraceShell } from "./trace-shell.ts";
import * as tracefs from "./tracefs.ts";

export interface CollectorOptions {
  readonly clock?: Clock;
  /** Folder for the raw pages; none: they are not kept. */
  readonly rawDir?: string;
  /** Ring buffer a CPU; halved until the host can give it. */
  readonly bufferKib?: number;
  readonly tracefsRoot?: string;
  readonly instance?: string;
  /** `system` or `system/event`. The first must exist. Default: what `source` says, and power/suspend_resume. */
  readonly events?: readonly string[];
  /** What the trace is made of; `auto`: the driver's own events, else kprobes, else its debug messages. Default: `auto`. */
  readonly source?: TraceSourceChoice;
  /** How long a drain or a marker may take. */
  readonly timeoutMs?: number;
}

const placeOf = (options: CollectorOptions): tracefs.TracefsPlace => ({
  root: options.tracefsRoot ?? "/sys/kernel/tracing",
  instance: options.instance ?? "mhi-hil",
});

export const armOptions = (options: CollectorOptions, source: PreparedSource): tracefs.ArmOptions => ({
  ...placeOf(options),
  bufferKib: options.bufferKib ?? 2048,
  events: source.events,
  filters: source.filters,
});

/** @throws RigFault, see `prepareSource`. */
export function chooseSource(shell: () => TraceShell, options: CollectorOptions): Promise<PreparedSource> {
  const [driverEvents = "mhi_host", ...others] = options.events ?? ["mhi_host", "power/suspend_resume"];
  const choice = options.events ? "events" : (options.source ?? "auto");
  return prepareSource(shell, { place: placeOf(options), choice, driverEvents, others });
}

/** A refused start leaves nothing behind on the host. */
export async function armOrRemove(shell: TraceShell, arm: tracefs.ArmOptions): Promise<tracefs.ArmedTrace> {
  try {
    return await tracefs.readArmed(shell, tracefs.createCommand(arm), arm);
  } catch (error) {
    const held = error instanceof RigFault && error.code === "trace-busy";
    if (!held) await shell.exec(tracefs.removeCommand(arm)).catch(() => undefined);
    throw error;
  }
}
