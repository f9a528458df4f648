/**
 * Edges that events show: of the driver's PM table, of the device's execution environment, of channels. Events are typed
 * ones or those of a run record, which are read back. No edge spans two segments, nor two controllers.
 */
import { ChannelCommand, channelCommandName } from "../../mhi/channel.ts";
import { ExecEnv, execEnvName } from "../../mhi/exec-env.ts";
import type { FamilyProfile } from "../../mhi/families/family.ts";
import { PmState, pmStateName } from "../../mhi/pm-state.ts";
import { ElementType } from "../../mhi/ring-element.ts";
import { allPmEdges } from "../../mhi/transitions.ts";
import { WorkerItem } from "../../mhi/worker-item.ts";

/** Whatever carries the fields of a typed event. */
export interface CoverageEvent {
  readonly kind: string;
  readonly controller?: unknown;
  readonly source?: unknown;
  readonly pmState?: unknown;
  readonly item?: unknown;
  readonly deviceEe?: unknown;
  readonly type?: unknown;
  readonly code?: unknown;
  readonly phase?: unknown;
  readonly command?: unknown;
  readonly channel?: unknown;
}

/** Before its boot: reset, or without power. */
const OFF = "off";

const E = ExecEnv;
/** A device that boots through its loaders, and crashes. Source: design facts 3.1 to 3.3. */
const LOADED: readonly (readonly [from: number | undefined, to: number])[] = [
  [undefined, E.PBL],
  [E.PBL, E.SBL],
  [E.SBL, E.AMSS],
  [E.AMSS, E.RDDM],
];
const EE_EDGES: Readonly<Record<FamilyProfile["kind"], typeof LOADED>> = {
  modem: [...LOADED, [undefined, E.AMSS], [E.PBL, E.AMSS], [undefined, E.EDL], [E.EDL, E.FP]],
  accelerator: LOADED,
  wlan: LOADED,
};

const eeName = (ee: number | undefined): string => (ee === undefined ? OFF : execEnvName(ee));

export const pmEdgeName = (from: number, to: number): string => `${pmStateName(from)}->${pmStateName(to)}`;

export const allPmEdgeNames = (): string[] => allPmEdges().map(([from, to]) => pmEdgeName(from, to));

export const allEeEdgeNames = ({ kind }: FamilyProfile): string[] =>
  EE_EDGES[kind].map(([from, to]) => `${eeName(from)}->${eeName(to)}`);

/** What the host sends: mhi_update_channel_state in drivers/bus/mhi/host/main.c. */
const COMMANDS = [ChannelCommand.START, ChannelCommand.RESET] as const;

export const allChannelEdgeNames = ({ channels }: FamilyProfile): string[] =>
  channels.flatMap(({ channel, name }) => COMMANDS.map((command) => channelEdge(name, channel, command)));

const channelEdge = (name: string, channel: number, command: ChannelCommand): string =>
  `${name} ${channel} ${channelCommandName(command)}`;

/** Names of edges that were seen. */
export interface SeenEdges {
  readonly pm: ReadonlySet<string>;
  readonly ee: ReadonlySet<string>;
  /** `NUMBER COMMAND` by number, of commands that have come to their end. */
  readonly channels: ReadonlySet<string>;
}

/** One pass over events; memory grows with the edges there are, not with the events. */
export class EdgeFold implements SeenEdges {
  readonly pm = new Set<string>();
  readonly ee = new Set<string>();
  readonly channels = new Set<string>();
  readonly #lastPm = new Map<unknown, number>();
  /** Where the device stood before the first sign is not known. */
  readonly #lastEe = new Map<unknown, string>();

  /** Another segment begins: what was before it leads to nothing in it. */
  cut(): void {
    this.#lastPm.clear();
    this.#lastEe.clear();
  }

  feed(event: CoverageEvent): void {
    this.#channel(event);
    if (isMention(event)) return;
    this.#pm(event);
    this.#ee(event);
  }

  #pm({ kind, controller, pmState }: CoverageEvent): void {
    if (kind !== "pm" || typeof pmState !== "number") return;
    const from = this.#lastPm.get(controller);
    if (from !== undefined) this.pm.add(pmEdgeName(from, pmState));
    this.#lastPm.set(controller, pmState);
  }

  /** What the device showed in its register and told by events. */
  #ee(event: CoverageEvent): void {
    const { controller } = event;
    if (beginsAnew(event, this.#lastEe.has(controller))) this.#lastEe.set(controller, OFF);
    const ee = shownEe(event);
    if (ee === undefined) return;
    const from = this.#lastEe.get(controller);
    const to = execEnvName(ee);
    if (from !== undefined && from !== to) this.ee.add(`${from}->${to}`);
    this.#lastEe.set(controller, to);
  }

  /** A debug message says as much as the event does. */
  #channel({ kind, phase, channel, command }: CoverageEvent): void {
    if (kind === "chan" && phase === "end") this.channels.add(`${channel} ${command}`);
  }
}

export function edgesOf(segments: readonly (readonly CoverageEvent[])[]): SeenEdges {
  const fold = new EdgeFold();
  for (const events of segments) {
    fold.cut();
    for (const event of events) fold.feed(event);
  }
  return fold;
}

/** All that any of them has seen. */
export const edgesOfAll = (parts: readonly SeenEdges[]): SeenEdges => ({
  pm: new Set(parts.flatMap(({ pm }) => [...pm])),
  ee: new Set(parts.flatMap(({ ee }) => [...ee])),
  channels: new Set(parts.flatMap(({ channels }) => [...channels])),
});

/** A debug message mentions a state: what was between two mentions is not known. */
const isMention = ({ source }: CoverageEvent): boolean => source === "dynamic-debug";

/** The host takes a device that was reset: always after DISABLE and SYS_ERR_PROCESS, and when it powers up. */
function beginsAnew({ kind, pmState, item }: CoverageEvent, known: boolean): boolean {
  if (kind === "pm") {
    return pmState === PmState.DISABLE || pmState === PmState.SYS_ERR_PROCESS || (!known && pmState === PmState.POR);
  }
  return kind === "worker" && !known && item === WorkerItem.PBL;
}

function shownEe({ kind, deviceEe, type, code }: CoverageEvent): number | undefined {
  const ee = kind === "intvec" ? deviceEe : kind === "ring" && type === ElementType.EE_EVENT ? code : undefined;
  return typeof ee === "number" && ee >= E.PBL && ee <= E.FP ? ee : undefined;
}

/** Those of the family's channels, by their names. */
export const channelEdgesOf = ({ channels: seen }: SeenEdges, { channels }: FamilyProfile): Set<string> =>
  new Set(
    channels.flatMap(({ channel, name }) =>
      COMMANDS.filter((command) => seen.has(`${channel} ${command}`)).map((command) =>
        channelEdge(name, channel, command),
      ),
    ),
  );
