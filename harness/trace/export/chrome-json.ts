/**
 * Trace Event Format JSON, which chrome://tracing and ui.perfetto.dev open: a process a group, a thread a track,
 * complete events (`X`) for slices, `i` instants, `C` counters. Times are microseconds with three decimals.
 *
 * A slice is written when it ends, so events are not in order of time; the format does not ask for it.
 */
import type { TimeAxis } from "../time-axis.ts";
import { escapeUnprintable } from "./json-lines.ts";
import type { TrackArgs, TrackSink, TrackSpec } from "./track-sink.ts";

interface Track {
  readonly pid: number;
  readonly name: string;
  /** The slice that is open. */
  open: { readonly fromNs: number; readonly name: string; readonly args: TrackArgs | undefined } | undefined;
}

export class ChromeSink implements TrackSink {
  readonly #axis: TimeAxis;
  readonly #tracks: Track[] = [];
  readonly #groups = new Map<string, number>();
  #text = '{"displayTimeUnit":"ns","traceEvents":[\n';
  #first = true;

  constructor(axis: TimeAxis) {
    this.#axis = axis;
  }

  get pending(): number {
    return this.#text.length;
  }

  take(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }

  track(spec: TrackSpec): number {
    const pid = this.#group(spec.group);
    const track = this.#tracks.push({ pid, name: spec.name, open: undefined }) - 1;
    if (spec.counter) return track;
    const head = `"ph":"M","pid":${pid},"tid":${tidOf(track)}`;
    this.#event(`${head},"name":"thread_name","args":{"name":${quote(spec.name)}}`);
    this.#event(`${head},"name":"thread_sort_index","args":{"sort_index":${spec.rank}}`);
    return track;
  }

  begin(track: number, tNs: number, name: string, args?: TrackArgs): void {
    const at = this.#tracks[track];
    if (at) at.open = { fromNs: tNs, name, args };
  }

  end(track: number, tNs: number): void {
    const at = this.#tracks[track];
    if (!at?.open) return;
    const { fromNs, name, args } = at.open;
    at.open = undefined;
    const head = `"ph":"X","pid":${at.pid},"tid":${tidOf(track)},"ts":${this.#us(fromNs)},"dur":${us(Math.max(0, tNs - fromNs))}`;
    this.#event(`${head},"name":${quote(name)}${argsText(args)}`);
  }

  instant(track: number, tNs: number, name: string, args?: TrackArgs): void {
    const pid = this.#tracks[track]?.pid ?? 0;
    const head = `"ph":"i","s":"t","pid":${pid},"tid":${tidOf(track)},"ts":${this.#us(tNs)}`;
    this.#event(`${head},"name":${quote(name)}${argsText(args)}`);
  }

  counter(track: number, tNs: number, value: number): void {
    const { pid = 0, name = "" } = this.#tracks[track] ?? {};
    this.#event(`"ph":"C","pid":${pid},"ts":${this.#us(tNs)},"name":${quote(name)},"args":{"value":${value}}`);
  }

  finish(): void {
    // At the end, because text tells only there what it is.
    this.#text += `\n],"otherData":{"source":${quote(this.#axis.info.form)}}}\n`;
  }

  #group(name: string): number {
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const pid = this.#groups.size + 1;
    this.#groups.set(name, pid);
    this.#event(`"ph":"M","pid":${pid},"name":"process_name","args":{"name":${quote(name)}}`);
    return pid;
  }

  #event(fields: string): void {
    this.#text += this.#first ? `{${fields}}` : `,\n{${fields}}`;
    this.#first = false;
  }

  #us(tNs: number): string {
    const clock = this.#axis.clockNs(tNs).padStart(4, "0");
    return `${clock.slice(0, -3)}.${clock.slice(-3)}`;
  }
}

/** Above all pids: a thread whose number is its process's is taken for the main one. */
const tidOf = (track: number): number => 1000 + track;
const us = (ns: number): string => `${Math.floor(ns / 1000)}.${String(1000 + (ns % 1000)).slice(1)}`;
const quote = (text: string): string => escapeUnprintable(JSON.stringify(text));
const argsText = (args: TrackArgs | undefined): string =>
  args ? `,"args":${escapeUnprintable(JSON.stringify(args))}` : "";
