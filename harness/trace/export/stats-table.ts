/** Counts as tables for people and as one JSON object. */
import { formatSpan, NS_PER_S } from "../../base/clock.ts";
import type { TimeAxis } from "../time-axis.ts";
import type { Tally } from "./feed.ts";
import { recordingFields } from "./json-lines.ts";
import type { ChannelStats, ControllerStats, StatsCollector } from "./stats.ts";
import { infoLine } from "./summary.ts";

export interface StatsInput {
  readonly axis: TimeAxis;
  readonly tally: Tally;
  readonly stats: StatsCollector;
}

const rate = (events: number, spanNs: number): string =>
  spanNs > 0 ? `${Math.round(events / (spanNs / NS_PER_S))}/s` : "-";

const completions = (channel: ChannelStats): string =>
  [...channel.completions].map(([code, count]) => `${code} ${count}`).join(", ") || "none";

/** @param printable - for names that the recording holds. */
export function statsText({ axis, tally, stats }: StatsInput, printable: (text: string) => string): string {
  const spanNs = tally.events === 0 ? 0 : tally.lastNs - tally.firstNs;
  const span = tally.events === 0 ? "no events" : `${axis.text(tally.firstNs)}..${axis.text(tally.lastNs)}`;
  const length = axis.counts ? `${spanNs} ticks` : formatSpan(spanNs);
  const lines = [
    infoLine(axis.info),
    `span      ${span}  (${length})`,
    `events    ${tally.events}  ${axis.counts ? "" : rate(tally.events, spanNs)}`.trimEnd(),
    ...table([...stats.kinds].map(([kind, count]) => [`  ${kind}`, String(count)])),
    ...[...stats.controllers].flatMap(([name, controller]) => controllerLines(name, controller, axis)),
    "cpus",
    ...table([
      ["  cpu", "events", "gaps", "events lost"],
      ...[...stats.cpus].sort().map(([cpu, each]) => [`  ${cpu}`, ...[each.events, each.gaps, each.lost].map(String)]),
    ]),
    `gaps      ${tally.gaps === 0 ? "none" : [...stats.gaps].map(([reason, count]) => `${reason} ${count}`).join(", ")}`,
    ...(tally.gaps === 0 ? [] : ["          evidence is missing: counts and times are of what was recorded"]),
    ...axis.info.notes.map((note) => `note      ${note}`),
  ];
  return `${lines.map(printable).join("\n")}\n`;
}

function controllerLines(name: string, controller: ControllerStats, axis: TimeAxis): string[] {
  const time = (ns: number): string => (axis.counts ? String(ns) : formatSpan(ns));
  const pm = [...controller.pm].map(([state, each]) => [`  ${state}`, String(each.entered), time(each.timeNs)]);
  const channels = [...controller.channels]
    .sort(([a], [b]) => a - b)
    .map(([number, each]) => [
      `  ${number}`,
      String(each.tres),
      String(each.queuedBytes),
      completions(each),
      String(each.completedBytes),
      `${each.commandsDone} of ${each.commandsBegun}`,
    ]);
  const channelHead = ["  channel", "TREs", "bytes queued", "completions", "bytes completed", "commands done"];
  return [
    `${name}      ${controller.events} events`,
    ...(pm.length > 0 ? table([["  PM state", "entered", "time"], ...pm]) : []),
    ...(channels.length > 0 ? table([channelHead, ...channels]) : []),
  ];
}

/** The first column to the left, the others to the right, but for words. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

export function statsJson({ axis, tally, stats }: StatsInput): Readonly<Record<string, unknown>> {
  return {
    ...recordingFields(axis.info),
    events: tally.events,
    ...(tally.events === 0
      ? {}
      : {
          firstClockNs: axis.clockNs(tally.firstNs),
          lastClockNs: axis.clockNs(tally.lastNs),
          spanNs: tally.lastNs - tally.firstNs,
        }),
    kinds: Object.fromEntries(stats.kinds),
    controllers: Object.fromEntries(
      [...stats.controllers].map(([name, { events, pm, channels }]) => [
        name,
        {
          events,
          pm: Object.fromEntries(pm),
          channels: Object.fromEntries(
            [...channels].map(([number, each]) => [
              number,
              { ...each, completions: Object.fromEntries(each.completions) },
            ]),
          ),
        },
      ]),
    ),
    cpus: Object.fromEntries(stats.cpus),
    gaps: Object.fromEntries(stats.gaps),
    gapCount: tally.gaps,
    eventsLost: tally.lost,
  };
}
