/**
 * Live capture of one boot of the host: arms the trace events in an instance of our own, reads one binary stream a CPU,
 * and tells how far the evidence is complete and where it is not.
 *
 *   start -> (mark | drain | rearm)* -> stop
 *   connection lost -> attach(shell) when the same boot answers again, else hostGone(why)
 *
 * Completeness: the kernel counts per CPU what it recorded (`stats`: entries, read events, overrun). `drain` waits until
 * as many records have been decoded; what can never come becomes a gap with numbers.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type Clock, msToNs, type Nanoseconds, systemClock } from "../base/clock.ts";
import { describeError, RigFault } from "../base/errors.ts";
import { type ClockSample, hostTime } from "./clock-map.ts";
import { armOptions, armOrRemove, type CollectorOptions, chooseSource } from "./collector-options.ts";
import { Counters } from "./counters.ts";
import { SegmentDecoder } from "./decoder.ts";
import { MarkerWatch } from "./marker-watch.ts";
import type { Gap, TraceEvent } from "./mhi-events.ts";
import type { ProbeAssembler } from "./probe/assembler.ts";
import { missedHits } from "./probe/definitions.ts";
import type { PreparedSource, SourceFacts } from "./probe/source-choice.ts";
import { RawStore } from "./raw-store.ts";
import { FormatSet } from "./ring/format-set.ts";
import type { TraceShell, TraceStream } from "./trace-shell.ts";
import * as tracefs from "./tracefs.ts";

/** In-flight records: reserved before the counters were read, committed after. */
const IN_FLIGHT_NS = 100_000;
const STATS_EVERY_MS = 200;
const QUIET_MS = 150;
const REOPEN_MS = 200;

export class Collector {
  /** In time order; grows at each drain. What arrived but may yet be preceded by something is held back. */
  readonly events: TraceEvent[] = [];
  readonly clockSamples: ClockSample[] = [];
  /** Everything before it is in `events` or inside a gap. */
  watermarkNs: Nanoseconds = 0;

  readonly #options: tracefs.ArmOptions;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #store: RawStore;
  readonly #decoder: SegmentDecoder;
  readonly #counters: Counters;
  /** CPU -> its stream while that is open. */
  readonly #streams = new Map<number, TraceStream>();
  readonly #listeners: ((event: TraceEvent) => void)[] = [];
  readonly #markers = new MarkerWatch();
  readonly #armed: tracefs.ArmedTrace;
  readonly #source: PreparedSource;
  readonly #assembler: ProbeAssembler | undefined;
  #shell: TraceShell;
  #missed = 0;
  #lastMark: Promise<unknown> = Promise.resolve();
  #ended: string | undefined;
  #detached: string | undefined;
  #reopening: Promise<void> | undefined;
  #progress: (() => void)[] = [];

  /**
   * Arms the events on the host and starts to read. The mhi module must be loaded.
   *
   * @throws RigFault `trace-no-events` on a kernel without them if they were asked for, `trace-no-source`,
   * `trace-no-tracefs`, `trace-busy`, `trace-format-changed` when they are recorded in a form that would be misread.
   */
  static async start(shell: TraceShell, options: CollectorOptions = {}): Promise<Collector> {
    let collector: Collector | undefined;
    const source = await chooseSource(() => collector?.shell ?? shell, options);
    const arm = armOptions(options, source);
    try {
      collector = new Collector(shell, arm, await armOrRemove(shell, arm), source, options);
    } catch (error) {
      await source.release();
      throw error;
    }
    try {
      await collector.#open();
      await collector.#enable();
      return collector;
    } catch (error) {
      collector.#finish("it could not be started");
      await shell.exec(tracefs.removeCommand(arm)).catch(() => undefined);
      await source.release();
      throw error;
    }
  }

  private constructor(
    shell: TraceShell,
    arm: tracefs.ArmOptions,
    armed: tracefs.ArmedTrace,
    source: PreparedSource,
    options: CollectorOptions,
  ) {
    this.#shell = shell;
    this.#source = source;
    this.#assembler = source.assembler((gap) => this.#decoder.addGap(gap));
    this.#options = arm;
    this.#armed = armed;
    this.#clock = options.clock ?? systemClock;
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    this.#store = new RawStore(options.rawDir);
    this.#store.begin(armed);
    this.#decoder = new SegmentDecoder({
      layout: armed.layout,
      formats: new FormatSet(armed.formats, armed.strings),
      onEvent: (event) => this.#event(event),
    });
    this.#counters = new Counters(this.#decoder, armed.cpus);
  }

  get bootId(): string {
    return this.#armed.bootId;
  }

  /** CPUs whose buffers are read. */
  get cpus(): readonly number[] {
    return this.#armed.cpus;
  }

  get kernel(): string {
    return this.#armed.kernel;
  }

  /** What the events are made of, and what that cannot see. */
  get source(): SourceFacts {
    return this.#source.facts;
  }

  /** The connection in use. */
  get shell(): TraceShell {
    return this.#shell;
  }

  get gaps(): readonly Gap[] {
    return this.#decoder.gaps;
  }

  /** Why the streams are down, while they are. */
  get detached(): string | undefined {
    return this.#detached;
  }

  /** Why the raw pages are no longer saved, if they should be. */
  get rawError(): Error | undefined {
    return this.#store.error;
  }

  /** At once, as decoded: in time order within a CPU, in order of arrival between CPUs. Returns how to take it away. */
  onEvent(listener: (event: TraceEvent) => void): () => void {
    this.#listeners.push(listener);
    return () => void this.#listeners.splice(this.#listeners.indexOf(listener), 1);
  }

  /**
   * Writes a line into the host's trace and waits until it has come back.
   *
   * @returns when that was on both clocks.
   * @throws RigFault `trace-mark` when the host does not take it or it does not come back in time.
   */
  mark(text: string): Promise<ClockSample> {
    const marked = this.#lastMark.then(() => this.#mark(tracefs.markerText(text)));
    this.#lastMark = marked.catch(() => undefined);
    return marked;
  }

  async #mark(text: string): Promise<ClockSample> {
    await this.#live();
    const watch = this.#markers.expect(text);
    try {
      const beforeNs = this.#clock.monotonicNs();
      const result = await this.#shell.exec(tracefs.markCommand(this.#options, text), { timeoutMs: this.#timeoutMs });
      const afterNs = this.#clock.monotonicNs();
      if (result.exitCode !== 0)
        throw new RigFault("trace-mark", `the host's trace_marker refuses "${text}": ${result.stderr.trim()}`);
      const [hostNs, arrivedNs] = await this.#inTime(watch.back, `the marker "${text}" to come back in the trace`);
      const halfNs = (Math.min(afterNs, arrivedNs) - beforeNs) / 2;
      const sample = { hostNs, controllerNs: beforeNs + halfNs, uncertaintyNs: halfNs };
      this.clockSamples.push(sample);
      return sample;
    } finally {
      watch.forget();
    }
  }

  /**
   * Resolves when everything that the kernel had recorded at the call is in `events`, or told as a gap.
   *
   * @throws RigFault `trace-drain` when that does not happen in time, `trace-detached`, `trace-ended`.
   */
  async drain(): Promise<void> {
    const deadline = performance.now() + this.#timeoutMs;
    let wanted = await this.#stats();
    let latest = wanted;
    let statsAt = performance.now();
    while (!this.#counters.reached(wanted, latest)) {
      if (performance.now() > deadline) throw this.#drainFault(latest);
      await this.#moved(20);
      if (performance.now() - statsAt < STATS_EVERY_MS) continue;
      const fresh = await this.#stats();
      statsAt = performance.now();
      if (fresh.some((own) => (latest.find(({ cpu }) => cpu === own.cpu)?.read ?? 0) > own.read)) wanted = fresh;
      latest = fresh;
    }
    this.#release(Math.min(...wanted.map((own) => own.nowNs)) - IN_FLIGHT_NS);
  }

  /**
   * After mhi.ko was loaded anew: its events have new ids and are switched off. Drain before it is unloaded, for that
   * clears the buffers.
   */
  async rearm(): Promise<void> {
    await this.#live();
    await this.#source.rearm();
    const armed = await tracefs.readArmed(this.#shell, tracefs.showCommand(this.#options), this.#options);
    if (armed.enabled) return;
    await this.#settle();
    this.#decoder.formats = new FormatSet(armed.formats, armed.strings);
    this.#store.begin(armed);
    await this.#enable();
  }

  /**
   * Goes on with the same boot over another connection. What the old one took out of the buffer and did not deliver is
   * a gap with its number.
   *
   * @throws RigFault `trace-other-boot` when the host has rebooted: that is a new segment.
   */
  async attach(shell: TraceShell): Promise<void> {
    if (this.#ended) throw new RigFault("trace-ended", `the trace of this boot has ended: ${this.#ended}`);
    this.#closeStreams();
    this.#shell = shell;
    const answer = await shell.exec(tracefs.killReadersCommand(this.#options), { timeoutMs: this.#timeoutMs });
    const [bootId = "", there] = answer.stdout.trim().split("\n");
    if (bootId !== this.bootId) {
      throw new RigFault(
        "trace-other-boot",
        `boot ${this.bootId} was being traced, the host is now in boot ${bootId || "?"}`,
      );
    }
    if (!there)
      throw new RigFault("trace-instance-gone", `the trace instance "${this.#options.instance}" is gone from the host`);
    const why = this.#detached ?? "the connection was replaced";
    this.#detached = undefined;
    this.#counters.noteUndelivered(await this.#readStats(), why);
    await this.#open();
  }

  /** The host is off or has crashed: closes this segment. What it recorded after the last drain is missing. */
  hostGone(why: string): void {
    if (this.#ended) return;
    const now = hostTime(this.clockSamples, this.#clock.monotonicNs()) ?? this.watermarkNs;
    const fromNs = this.watermarkNs;
    this.#finish(why);
    this.#decoder.addGap({ fromNs, toNs: Math.max(fromNs, now), reason: "host-down", detail: why });
  }

  /** Takes what is there, switches tracing off and removes the instance. */
  async stop(): Promise<void> {
    if (this.#ended) return;
    const failure = await this.drain().catch((error: unknown) => error);
    this.#finish("stopped");
    await this.#shell.exec(tracefs.removeCommand(this.#options), { timeoutMs: this.#timeoutMs }).catch(() => undefined);
    await this.#source.release();
    if (failure) throw failure;
  }

  #finish(why: string): void {
    this.#ended = why;
    this.#closeStreams();
    this.#decoder.finish(this.watermarkNs);
    this.#release(Number.POSITIVE_INFINITY);
    this.#wake();
  }

  async #enable(): Promise<void> {
    const result = await this.#shell.exec(tracefs.enableCommand(this.#options), { timeoutMs: this.#timeoutMs });
    if (result.exitCode === 0) return;
    throw new RigFault(
      "trace-arm",
      `the ${this.#options.events[0]} events cannot be switched on: ${result.stderr.trim()}`,
    );
  }

  async #open(): Promise<void> {
    await Promise.all(
      this.#armed.cpus.map(async (cpu) => {
        const command = tracefs.readerCommand(this.#options, cpu, this.#armed.layout.pageBytes);
        const stream = await this.#shell.stream(command);
        this.#streams.set(cpu, stream);
        stream.onData((chunk) => {
          if (this.#streams.get(cpu) === stream) this.#chunk(cpu, chunk);
        });
        void stream.done.then((end) => this.#streamEnded(cpu, stream, end.error));
      }),
    );
  }

  #chunk(cpu: number, chunk: Buffer): void {
    this.#store.append(cpu, chunk);
    this.#decoder.append(cpu, chunk);
    this.#wake();
  }

  #streamEnded(cpu: number, stream: TraceStream, error: Error | undefined): void {
    if (this.#streams.get(cpu) !== stream || this.#ended) return;
    this.#streams.delete(cpu);
    const first = this.#detached === undefined;
    this.#detached ??= `the stream of cpu${cpu} ended${error ? `: ${describeError(error)}` : ""}`;
    this.#wake();
    // A reader that died alone is started again; over a dead connection this fails, and `attach` is awaited.
    if (!first || error) return;
    this.#reopening = delay(REOPEN_MS)
      .then(() => this.#reopen())
      .finally(() => {
        this.#reopening = undefined;
      });
  }

  async #reopen(): Promise<void> {
    const why = this.#detached;
    if (!why || this.#ended) return;
    await this.attach(this.#shell).catch((error: unknown) => {
      this.#detached = `${why}; ${describeError(error)}`;
    });
  }

  #closeStreams(): void {
    const open = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of open) stream.close();
  }

  #event(event: TraceEvent): void {
    if (event.kind === "marker") this.#markers.seen(event.text, event.tNs, this.#clock.monotonicNs());
    for (const listener of this.#listeners) listener(event);
  }

  /** The counters of all CPUs; what they tell of losses outside the pages becomes a gap. */
  async #stats(): Promise<tracefs.CpuStats[]> {
    await this.#live();
    const before = this.#counters.decoded();
    const all = await this.#readStats();
    // More decoded than the kernel says it gave: the counters were reset, as unloading a traced module does.
    if (!all.some((own) => (before.get(own.cpu) ?? 0) > own.read)) return all;
    await this.#settle();
    return this.#readStats();
  }

  async #readStats(): Promise<tracefs.CpuStats[]> {
    const result = await this.#shell.exec(tracefs.statsCommand(this.#options), { timeoutMs: this.#timeoutMs });
    const all = tracefs.parseStats(result.stdout);
    this.#counters.noteDropped(all, this.watermarkNs);
    if (this.#assembler) this.#noteMissed(missedHits(result.stdout), Math.max(...all.map((own) => own.nowNs)));
    return all;
  }

  /** Probes that were hit and could not record it, since the last look. */
  #noteMissed(missed: number, toNs: Nanoseconds): void {
    const lost = missed - this.#missed;
    this.#missed = missed;
    if (lost <= 0) return;
    const detail = `the kernel missed ${lost} hits of the probes`;
    this.#decoder.addGap({ fromNs: this.watermarkNs, toNs, reason: "dropped", lost, detail });
  }

  /** Counters began anew: when nothing moves any more, what was decoded is what they count from. */
  async #settle(): Promise<void> {
    const deadline = performance.now() + this.#timeoutMs;
    for (let last = ""; ; ) {
      const all = await this.#readStats();
      const seen = all.map((own) => `${own.entries} ${own.read} ${this.#decoder.position(own.cpu).bytes}`).join();
      if (seen === last && all.every((own) => own.entries === 0)) {
        this.#counters.rebase(all);
        return;
      }
      if (performance.now() > deadline) throw this.#drainFault(all);
      last = seen;
      await delay(QUIET_MS);
    }
  }

  #release(toNs: Nanoseconds): void {
    const { timeline } = this.#decoder;
    const taken = timeline.take(toNs);
    for (const event of this.#assembler ? this.#assembled(this.#assembler, taken, toNs) : taken)
      this.events.push(event);
    const settledNs = this.#assembler?.settledNs(toNs) ?? toNs;
    if (Number.isFinite(settledNs)) this.watermarkNs = Math.max(this.watermarkNs, settledNs);
    else this.watermarkNs = Math.max(this.watermarkNs, this.events.at(-1)?.tNs ?? 0);
  }

  #assembled(assembler: ProbeAssembler, taken: readonly TraceEvent[], toNs: Nanoseconds): TraceEvent[] {
    for (const event of taken) assembler.push(event);
    return assembler.take(toNs);
  }

  /** @throws RigFault when the streams are down and not about to be opened again. */
  async #live(): Promise<void> {
    await this.#reopening;
    if (this.#ended) throw new RigFault("trace-ended", `the trace of this boot has ended: ${this.#ended}`);
    if (this.#detached) throw new RigFault("trace-detached", `the trace is not being collected: ${this.#detached}`);
  }

  #wake(): void {
    const waiting = this.#progress;
    this.#progress = [];
    for (const resume of waiting) resume();
  }

  /** Something was decoded, or `ms` passed. @throws RigFault when the streams are down. */
  async #moved(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
      this.#progress.push(resolve);
    });
    clearTimeout(timer);
    await this.#live();
  }

  async #inTime<T>(promise: Promise<T>, what: string): Promise<T> {
    let value: { readonly is: T } | undefined;
    void promise.then((is) => {
      value = { is };
      this.#wake();
    });
    const deadlineNs = this.#clock.monotonicNs() + msToNs(this.#timeoutMs);
    while (!value) {
      if (this.#clock.monotonicNs() > deadlineNs)
        throw new RigFault("trace-mark", `waited ${this.#timeoutMs} ms for ${what}`);
      await this.#moved(50);
    }
    return value.is;
  }

  #drainFault(latest: readonly tracefs.CpuStats[]): RigFault {
    return new RigFault(
      "trace-drain",
      `the trace did not drain within ${this.#timeoutMs} ms (${this.#counters.describe(latest)}); is the link too slow for the events?`,
    );
  }
}
