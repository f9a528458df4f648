/** What a recording is, in one line, before and after it was read. */
import { formatSpan } from "../../base/clock.ts";
import type { TraceInfo } from "../source.ts";
import type { TimeAxis } from "../time-axis.ts";
import type { Tally } from "./feed.ts";

/** `trace.dat version 7, zstd; kernel 6.12.117; clock boot; 2 cpus; mhi_host merged`. */
export function infoLine(info: TraceInfo): string {
  const clocks = [...new Set(info.buffers.flatMap(({ clock }) => (clock === undefined ? [] : [clock])))];
  const buffers = info.buffers.map(({ name, cpus }) => {
    const where = name === "" ? "" : ` in ${name}`;
    return `${cpus.length} ${cpus.length === 1 ? "cpu" : "cpus"}${where}`;
  });
  return [
    info.form,
    ...(info.kernel === undefined ? [] : [`kernel ${info.kernel}`]),
    ...(clocks.length > 0 ? [`clock ${clocks.join(", ")}`] : []),
    ...(buffers.length > 0 ? [buffers.join(", ")] : []),
    ...(info.generation === undefined
      ? []
      : [`mhi_host events ${info.generation === "v2" ? "of the v2 patch" : "merged"}`]),
  ].join("; ");
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;

/** `142 events of mhi0 in 2.31 s (5.893..8.201), 1 gap with 1424 events lost; trace.dat version 7, zstd`. */
export function summaryLine(axis: TimeAxis, tally: Tally, controllers: readonly string[] = tally.controllers): string {
  const span =
    tally.events === 0
      ? ""
      : ` in ${axis.counts ? tally.lastNs - tally.firstNs : formatSpan(tally.lastNs - tally.firstNs)} (${axis.text(tally.firstNs)}..${axis.text(tally.lastNs)})`;
  const of = controllers.length === 0 ? "" : ` of ${controllers.join(", ")}`;
  const lost = tally.lost > 0 ? ` with ${plural(tally.lost, "event")} lost` : "";
  const gaps = tally.gaps === 0 ? "no gaps" : `${plural(tally.gaps, "gap")}${lost}: evidence is missing`;
  const device = tally.deviceLines === 0 ? "" : `, ${plural(tally.deviceLines, "line")} of the device's log`;
  return `${plural(tally.events, "event")}${of}${span}${device}, ${gaps}; ${axis.info.form}`;
}
