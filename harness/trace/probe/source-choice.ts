/**
 * What the trace is made of on this kernel: the driver's own events (6.9 and later), kprobes on its functions with a few of
 * its debug messages, or its debug messages alone.
 */
import { RigFault } from "../../base/errors.ts";
import type { Gap } from "../mhi-events.ts";
import type { TraceShell } from "../trace-shell.ts";
import { removeCommand, type TracefsPlace } from "../tracefs.ts";
import { ProbeAssembler } from "./assembler.ts";
import { DebugMessages, MESSAGE_EVENT, MESSAGE_FILTER, messagesReachTrace } from "./debug-messages.ts";
import { PROBE_GROUP } from "./definitions.ts";
import { defineProbes, removeProbes } from "./kprobe-setup.ts";

export const TRACE_SOURCES = ["auto", "events", "kprobes", "dynamic-debug"] as const;
export type TraceSourceChoice = (typeof TRACE_SOURCES)[number];

/** Kinds of the driver's own trace events; control and data rings apart. */
export type SeenKind = "pm" | "worker" | "intvec" | "ctrl" | "data" | "tre" | "chan";

/** What the run's heading and record say of it. */
export interface SourceFacts {
  readonly name: Exclude<TraceSourceChoice, "auto">;
  /** What it cannot see, each in a few words; empty for the driver's own events. */
  readonly unseen: readonly string[];
  /** Kinds of events that it cannot show at all: that one of them is not there says nothing. */
  readonly blindTo?: readonly SeenKind[];
  /** Why not a better one; absent for the driver's own events. */
  readonly because?: string;
}

/** For the run's heading: `kprobes on mhi (this kernel has no mhi_host events; cannot see data events)`. */
export function describeSource({ name, unseen, because }: SourceFacts): string {
  const what = { events: "mhi_host", kprobes: "kprobes on mhi", "dynamic-debug": "debug messages of mhi" }[name];
  const told = [...(because ? [because] : []), ...(unseen.length > 0 ? [`cannot see ${unseen.join(", ")}`] : [])];
  return told.length > 0 ? `${what} (${told.join("; ")})` : what;
}

export interface PreparedSource {
  readonly facts: SourceFacts;
  /** `system` or `system/event` to enable, the first one must exist. */
  readonly events: readonly string[];
  /** Filter by event. */
  readonly filters: ReadonlyMap<string, string>;
  /** Records -> typed events, where those that are recorded are not such by themselves. */
  assembler(onGap: (gap: Gap) => void): ProbeAssembler | undefined;
  /** The driver was loaded anew: what its unloading switched off is on again. */
  rearm(): Promise<void>;
  /** Gives the host back as it was. Never throws. */
  release(): Promise<void>;
}

export interface SourceOptions {
  readonly place: TracefsPlace;
  readonly choice: TraceSourceChoice;
  /** Events of the driver, and others to record beside them. */
  readonly driverEvents: string;
  readonly others: readonly string[];
}

const ON_FILTER: ReadonlyMap<string, string> = new Map([[MESSAGE_EVENT, MESSAGE_FILTER]]);

/**
 * Sets the source up on the host; its events are still off.
 *
 * @param shell - asked each time: the connection may be replaced meanwhile.
 * @throws RigFault `trace-no-source` naming for each source why it is none; `trace-no-kprobes`, `trace-no-messages` when
 * that one was asked for.
 */
export async function prepareSource(shell: () => TraceShell, options: SourceOptions): Promise<PreparedSource> {
  const { choice, place } = options;
  const found = choice === "auto" ? await hasEvents(shell(), options) : choice === "events";
  if (found) return ownEvents(options);
  // Probes of a collector that was killed are in use until its instance is gone.
  await shell().exec(removeCommand(place));
  await removeProbes(shell(), place);
  const because = choice === "auto" ? "this kernel has no mhi_host events" : "asked for";
  if (choice === "dynamic-debug") return await messagesAlone(shell, options, because);
  try {
    return await kprobes(shell, options, because);
  } catch (error) {
    if (choice === "kprobes" || !isUnusable(error)) throw error;
    return await messagesAlone(shell, options, `${because}, and kprobes cannot be used: ${error.message}`);
  }
}

const isUnusable = (error: unknown): error is RigFault =>
  error instanceof RigFault && ["trace-no-kprobes", "trace-btf"].includes(error.code);

async function hasEvents(shell: TraceShell, { place, driverEvents }: SourceOptions): Promise<boolean> {
  const mount = `[ -e ${place.root}/trace ] || mount -t tracefs nodev ${place.root} 2>/dev/null`;
  // Without tracefs nothing can be said: the driver's events are tried, and their fault tells it.
  const test = `[ ! -e ${place.root}/trace ] || [ -d ${place.root}/events/${driverEvents} ]`;
  return (await shell.exec(`${mount}; ${test}`)).exitCode === 0;
}

const ownEvents = ({ driverEvents, others }: SourceOptions): PreparedSource => ({
  facts: { name: "events", unseen: [] },
  events: [driverEvents, ...others],
  filters: new Map(),
  assembler: () => undefined,
  rearm: async () => undefined,
  release: async () => undefined,
});

/** Kinds in the words of the run's heading. */
const KIND_WORDS: Readonly<Record<SeenKind, string>> = {
  pm: "PM transitions",
  worker: "worker items",
  intvec: "states at a BHI interrupt",
  ctrl: "control events",
  data: "data events",
  tre: "queued buffers",
  chan: "channel commands",
};
const inWords = (kinds: readonly SeenKind[]): string[] => kinds.map((kind) => KIND_WORDS[kind]);

async function kprobes(shell: () => TraceShell, options: SourceOptions, because: string): Promise<PreparedSource> {
  const { place, others } = options;
  const { unseen, blindTo } = await defineProbes(shell(), place);
  const messages = new DebugMessages(shell, "unprobed");
  const heard = (await messagesReachTrace(shell(), place)) && (await messages.switchOn()) === undefined;
  const untold = (["worker", "intvec"] as const).filter((kind) => !(heard && messages.kinds.includes(kind)));
  return {
    facts: {
      name: "kprobes",
      unseen: [...unseen, ...inWords(untold)],
      blindTo: [...blindTo, ...untold],
      because,
    },
    events: [PROBE_GROUP, ...(heard ? [MESSAGE_EVENT] : []), ...others],
    filters: ON_FILTER,
    assembler: (onGap) => new ProbeAssembler({ messages: "unprobed", onGap }),
    rearm: async () => void (await messages.switchOn()),
    release: async () => {
      await messages.restore();
      await removeProbes(shell(), place);
    },
  };
}

async function messagesAlone(
  shell: () => TraceShell,
  options: SourceOptions,
  because: string,
): Promise<PreparedSource> {
  const messages = new DebugMessages(shell, "all");
  const refused = await messages.switchOn();
  const why = refused ?? ((await messagesReachTrace(shell(), options.place)) ? undefined : UNHEARD);
  const untold = ALL_KINDS.filter((kind) => !messages.kinds.includes(kind));
  if (why !== undefined || untold.length === ALL_KINDS.length) {
    await messages.restore();
    throw new RigFault(
      "trace-no-source",
      `the driver cannot be watched: ${because}; its debug messages neither, for ${why ?? "they tell of no event that is known"}`,
    );
  }
  return {
    // Of the control ring's elements there are messages for changes of state and EE only.
    facts: { name: "dynamic-debug", unseen: [...inWords(untold), "command completions"], blindTo: untold, because },
    events: [MESSAGE_EVENT, ...options.others],
    filters: ON_FILTER,
    assembler: (onGap) => new ProbeAssembler({ messages: "all", onGap }),
    rearm: async () => void (await messages.switchOn()),
    release: () => messages.restore(),
  };
}

const ALL_KINDS = Object.keys(KIND_WORDS) as SeenKind[];
const UNHEARD = "this kernel's printk:console does not tell of them (it does from 5.19 on)";
