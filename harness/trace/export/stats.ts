/** Counts over a recording: events, controllers, time in PM states, channels, losses. Memory grows with their number only. */
import type { Nanoseconds } from "../../base/clock.ts";
import { pmStateName } from "../../mhi/pm-state.ts";
import { completionCodeName, elementChannel, elementCode, elementLength, elementType } from "../../mhi/ring-element.ts";
import { type EventBatch, Kind } from "../batch.ts";
import type { Gap } from "../mhi-events.ts";
import type { RowConsumer } from "./feed.ts";
import { isTransfer } from "./transfer.ts";

export interface PmStateStats {
  entered: number;
  /** From each record to the next of the same controller, the last one to the recording's end. */
  timeNs: Nanoseconds;
}

export interface ChannelStats {
  tres: number;
  /** Sum of the lengths in the TREs. */
  queuedBytes: number;
  /** Completions by code: `EOT` -> 12. */
  readonly completions: Map<string, number>;
  completedBytes: number;
  commandsBegun: number;
  commandsDone: number;
}

export interface ControllerStats {
  events: number;
  readonly pm: Map<string, PmStateStats>;
  readonly channels: Map<number, ChannelStats>;
}

export interface CpuStats {
  events: number;
  gaps: number;
  /** Sum of the numbers that are known. */
  lost: number;
}

/** The first word of each row's kind, in the order of `Kind`. */
const KIND_WORDS = ["?", "pm", "worker", "intvec", "ctrl", "data", "tre", "chan begin", "chan done", "marker", "other"];

export class StatsCollector implements RowConsumer {
  readonly pending = 0;
  readonly kinds = new Map<string, number>();
  readonly controllers = new Map<string, ControllerStats>();
  /** By `cpu`, `buffer:cpu` of an instance, or `all cpus` for a gap without one. */
  readonly cpus = new Map<string, CpuStats>();
  readonly gaps = new Map<Gap["reason"], number>();
  readonly #counts = new Float64Array(KIND_WORDS.length);
  readonly #inState = new Map<ControllerStats, { readonly stats: PmStateStats; readonly sinceNs: Nanoseconds }>();
  readonly #byLane: CpuStats[] = [];
  readonly #byController: ControllerStats[] = [];
  #lastNs: Nanoseconds = 0;

  take(): string {
    return "";
  }

  row(batch: EventBatch, i: number): void {
    const kind = batch.kind[i] ?? 0;
    this.#counts[kind] = (this.#counts[kind] ?? 0) + 1;
    this.#lastNs = batch.tNs[i] ?? 0;
    this.#laneStats(batch, batch.lane[i] ?? 0).events++;
    if (kind >= Kind.MARKER) return;
    const stats = this.#controllerStats(batch, batch.controller[i] ?? 0);
    stats.events++;
    if (kind === Kind.PM) this.#enter(stats, pmStateName(batch.a[i] ?? 0));
    else if (kind >= Kind.CTRL) countChannel(stats, batch, i, kind);
  }

  gap(gap: Gap): void {
    this.gaps.set(gap.reason, (this.gaps.get(gap.reason) ?? 0) + 1);
    const stats = this.#cpuStats(gap.cpu === undefined ? "all cpus" : String(gap.cpu));
    stats.gaps++;
    stats.lost += gap.lost ?? 0;
  }

  finish(): string[] {
    for (const { stats, sinceNs } of this.#inState.values()) stats.timeNs += Math.max(0, this.#lastNs - sinceNs);
    this.#inState.clear();
    for (const [kind, count] of this.#counts.entries()) {
      if (count > 0) this.kinds.set(KIND_WORDS[kind] ?? "?", count);
    }
    return [];
  }

  #enter(controller: ControllerStats, name: string): void {
    const before = this.#inState.get(controller);
    if (before) before.stats.timeNs += Math.max(0, this.#lastNs - before.sinceNs);
    const stats = controller.pm.get(name) ?? { entered: 0, timeNs: 0 };
    stats.entered++;
    controller.pm.set(name, stats);
    this.#inState.set(controller, { stats, sinceNs: this.#lastNs });
  }

  #laneStats(batch: EventBatch, lane: number): CpuStats {
    const known = this.#byLane[lane];
    if (known) return known;
    const { cpu, buffer } = batch.names.lanes[lane] ?? { cpu: 0, buffer: "" };
    const stats = this.#cpuStats(buffer === "" ? String(cpu) : `${buffer}:${cpu}`);
    this.#byLane[lane] = stats;
    return stats;
  }

  #cpuStats(name: string): CpuStats {
    const stats = this.cpus.get(name) ?? { events: 0, gaps: 0, lost: 0 };
    this.cpus.set(name, stats);
    return stats;
  }

  #controllerStats(batch: EventBatch, id: number): ControllerStats {
    const known = this.#byController[id];
    if (known) return known;
    const stats: ControllerStats = { events: 0, pm: new Map(), channels: new Map() };
    this.#byController[id] = stats;
    this.controllers.set(batch.names.controllers[id] ?? "", stats);
    return stats;
  }
}

function countChannel(stats: ControllerStats, batch: EventBatch, i: number, kind: number): void {
  const dword0 = batch.a[i] ?? 0;
  const dword1 = batch.b[i] ?? 0;
  if (kind === Kind.CTRL || kind === Kind.DATA) {
    if (!isTransfer(elementType(dword1))) return;
    const channel = channelStats(stats, elementChannel(dword1));
    const code = completionCodeName(elementCode(dword0));
    channel.completions.set(code, (channel.completions.get(code) ?? 0) + 1);
    channel.completedBytes += elementLength(dword0);
    return;
  }
  const channel = channelStats(stats, batch.c[i] ?? 0);
  if (kind === Kind.TRE) {
    channel.tres++;
    channel.queuedBytes += elementLength(dword0);
  } else if (kind === Kind.CHAN_START) channel.commandsBegun++;
  else channel.commandsDone++;
}

function channelStats(stats: ControllerStats, number: number): ChannelStats {
  const known = stats.channels.get(number);
  if (known) return known;
  const made: ChannelStats = {
    tres: 0,
    queuedBytes: 0,
    completions: new Map(),
    completedBytes: 0,
    commandsBegun: 0,
    commandsDone: 0,
  };
  stats.channels.set(number, made);
  return made;
}
