/**
 * Kprobe events on the driver's functions that tell what its own trace events tell on newer kernels (6.9 and later).
 *
 *   event               where                                             what it becomes
 *   pm_N                each write to mhi_controller.pm_state             pm
 *   direct_N            the same, where the driver does not ask           kept as it is: no event of 6.9 tells it either
 *   ctrl_N, data_N      each step of an event ring's read pointer         ring: the element that it leaves behind
 *   step_N              the same, where both use one function for it      ring: ctrl or data, as the call that it is in
 *   ctrl_begin, _end    mhi_process_ctrl_ev_ring, entry and return        when the first element was taken up
 *   data_begin, _end    mhi_process_data_event_ring
 *   tre_N               each step of a transfer ring's write pointer      tre: the element that it steps over
 *   chan_begin, _end    mhi_update_channel_state, entry and return        chan start; end if it returns 0
 *
 * A probe on a write stands before the instruction: memory still holds what was before. Fetch arguments as in
 * Documentation/trace/kprobetrace.rst.
 */
import { callsTo, findStores, type Store } from "./code-scan.ts";
import type { DriverFunction } from "./driver-code.ts";
import type { DriverLayout } from "./driver-layout.ts";
import type { SeenKind } from "./source-choice.ts";

/** Group of the probe events, and so the `system` of their records. */
export const PROBE_GROUP = "mhi_hil";
export const MODULE = "mhi";

export interface Probe {
  readonly event: string;
  /** Function that it stands in. */
  readonly owner: string;
  /** Line for `kprobe_events`. */
  readonly line: string;
}

const TRYSET = "mhi_tryset_pm_state";
const CTRL = "mhi_process_ctrl_ev_ring";
const DATA = "mhi_process_data_event_ring";
const UPDATE = "mhi_update_channel_state";
/** Some builds have it inside CTRL and DATA, some as a function, by a name that the compiler has lengthened. */
const RECYCLE = "mhi_recycle_ev_ring_element";
/** Into which the compiler may put the worker's items, and where the structure is reached through its work item. */
const WORKER = "mhi_pm_st_worker";
/** It sets the state by itself, before there is a device to ask. */
const DIRECT = "mhi_async_power_up";
/** MHI_PM_LD_ERR_FATAL_DETECT is the last state; as a constant it is written where no transition is asked for. */
const lastState = (layout: DriverLayout): number => 1 << (layout.pmStates - 1);
/** Functions that queue a buffer, whichever of them the compiler put mhi_gen_tre into. */
const QUEUES = new Set([
  "mhi_gen_tre",
  "mhi_queue",
  "mhi_queue_buf",
  "mhi_queue_skb",
  "mhi_queue_dma",
  "mhi_prepare_channel",
]);
/** Functions that move the PM state in every kernel from 5.8 to 6.8. */
const PM_MOVERS = [
  "mhi_ready_state_transition",
  "mhi_pm_m0_transition",
  "mhi_pm_m1_transition",
  "mhi_pm_m3_transition",
  "mhi_pm_suspend",
  "mhi_pm_resume",
  WORKER,
  "mhi_power_down",
];

type Functions = ReadonlyMap<string, DriverFunction>;

const deref = (offset: number, inner: string): string => `${offset < 0 ? offset : `+${offset}`}(${inner})`;

/** The kernel tells which of them it takes: a match of bytes that is no instruction is refused. */
export function probeCandidates(functions: Functions, layout: DriverLayout): Probe[] {
  const { offsets } = layout;
  const controllerName: NameOf = (controller, start = 0) =>
    `name=${deref(0, deref(offsets.deviceName, deref(offsets.controllerDevice - start, controller)))}:string`;
  return [
    ...pmProbes(functions, layout, controllerName),
    ...ringProbes(functions, layout, controllerName),
    ...treProbes(functions, layout, controllerName),
    ...channelProbes(functions, layout, controllerName),
  ];
}

/** @param start - what `controller` points to lies this far inside the structure. */
type NameOf = (controller: string, start?: number) => string;

function pmProbes(functions: Functions, layout: DriverLayout, nameOf: NameOf): Probe[] {
  const { pmState, worker } = layout.offsets;
  return numbered([...functions.values()], (owner) => {
    // In the worker the structure may be addressed from its start or from the work item in it.
    const starts = owner.name === WORKER ? [0, worker] : [0];
    return starts.flatMap((start) =>
      findStores(owner.code, pmState - start, 4).map((store) => {
        const direct =
          owner.name === DIRECT || ("constant" in store.value && store.value.constant === lastState(layout));
        const base = `%${store.base}`;
        const value = "constant" in store.value ? `\\${store.value.constant}` : `%${store.value.register}`;
        const args = [
          nameOf(base, start),
          `old=${deref(pmState - start, base)}:u32`,
          `new=${value}:u32`,
          `states=\\${layout.pmStates}:u32`,
        ];
        return { stem: direct ? "direct" : "pm", owner, at: store.at, args };
      }),
    );
  });
}

function ringProbes(functions: Functions, { offsets }: DriverLayout, nameOf: NameOf): Probe[] {
  const recyclers = [...functions.keys()].filter((name) => name.startsWith(RECYCLE) && !name.endsWith(".cold"));
  const steps = numbered(pick(functions, [CTRL, DATA, ...recyclers]), (owner) => {
    // On its own it is given the ring, and not the mhi_event around it.
    const start = owner.name.startsWith(RECYCLE) ? offsets.eventRing : 0;
    return findStores(owner.code, offsets.eventReadPointer - start, 8).map((store) => {
      const at = (offset: number): string => deref(offset - start, `%${store.base}`);
      const element = at(offsets.eventReadPointer);
      const args = [
        nameOf(at(offsets.eventController)),
        `start=%${store.base}:x64`,
        `within=\\${start}:u32`,
        `index=${at(offsets.eventRingIndex)}:u32`,
        `slot=${element}:x64`,
        `base=${at(offsets.eventRingBase)}:x64`,
        `bytes=${at(offsets.eventRingBytes)}:u64`,
        ...elementArgs(element),
      ];
      return { stem: owner.name === CTRL ? "ctrl" : owner.name === DATA ? "data" : "step", owner, at: store.at, args };
    });
  });
  const calls = pick(functions, [CTRL, DATA]).flatMap(({ name }): Probe[] => {
    const stem = name === CTRL ? "ctrl" : "data";
    return [
      entry(`${stem}_begin`, name, ["ring=%si:x64"]),
      { event: `${stem}_end`, owner: name, line: `r:${PROBE_GROUP}/${stem}_end ${MODULE}:${name} ret=$retval:s32` },
    ];
  });
  return [...calls, ...steps];
}

function treProbes(functions: Functions, { offsets }: DriverLayout, nameOf: NameOf): Probe[] {
  return numbered(pick(functions, QUEUES), (owner) =>
    findStores(owner.code, offsets.treWritePointer, 8).map((store) => {
      const channel = `%${store.base}`;
      const element = deref(offsets.treWritePointer, channel);
      const controller = deref(offsets.deviceController, deref(offsets.channelDevice, channel));
      const number = `channel=${deref(offsets.channelNumber, channel)}:u32`;
      const args = [nameOf(controller), number, `slot=${element}:x64`, ...elementArgs(element)];
      return { stem: "tre", owner, at: store.at, args };
    }),
  );
}

function channelProbes(functions: Functions, { offsets }: DriverLayout, nameOf: NameOf): Probe[] {
  if (!functions.has(UPDATE)) return [];
  return [
    entry("chan_begin", UPDATE, [nameOf("%di"), `channel=${deref(offsets.channelNumber, "%si")}:u32`, "state=%dx:u32"]),
    { event: "chan_end", owner: UPDATE, line: `r:${PROBE_GROUP}/chan_end ${MODULE}:${UPDATE} ret=$retval:s32` },
  ];
}

const elementArgs = (element: string): string[] => [
  `ptr=${deref(0, element)}:x64`,
  `dword0=${deref(8, element)}:u32`,
  `dword1=${deref(12, element)}:u32`,
];

const entry = (event: string, owner: string, args: readonly string[]): Probe => ({
  event,
  owner,
  line: `p:${PROBE_GROUP}/${event} ${MODULE}:${owner} ${args.join(" ")}`,
});

const pick = (functions: Functions, names: Iterable<string>): DriverFunction[] =>
  [...names].flatMap((name) => functions.get(name) ?? []);

const PROFILE_LINE = /kprobe_profile:\s*(?:pm|direct|ctrl|data|step|tre|chan)_(?:\d+|begin|end)\s+\d+\s+(\d+)\s*$/gm;

/** Hits that the kernel could not record (lines of `kprobe_profile` as grep -H shows them: event, hits, misses): no page tells of them. */
export const missedHits = (profile: string): number =>
  [...profile.matchAll(PROFILE_LINE)].reduce((sum, [, missed]) => sum + Number(missed), 0);

interface Placed {
  readonly stem: string;
  readonly owner: DriverFunction;
  readonly at: Store["at"];
  readonly args: readonly string[];
}

function numbered(functions: readonly DriverFunction[], place: (owner: DriverFunction) => readonly Placed[]): Probe[] {
  return functions.flatMap(place).map(({ stem, owner, at, args }, index) => {
    const event = `${stem}_${index}`;
    return {
      event,
      owner: owner.name,
      line: `p:${PROBE_GROUP}/${event} ${MODULE}:${owner.name}+${at} ${args.join(" ")}`,
    };
  });
}

export interface Unseen {
  readonly what: string;
  readonly kind: SeenKind;
  /** Without it the probes are no use. */
  readonly vital: boolean;
}

/** What the accepted probes leave unseen, in the words of the run's heading. */
export function unseenBy(accepted: readonly Probe[], functions: Functions): Unseen[] {
  const has = (stem: RegExp, owner?: string): boolean =>
    accepted.some((probe) => stem.test(probe.event) && (owner === undefined || probe.owner === owner));
  const unseen: Unseen[] = [];
  const tryset = functions.get(TRYSET);
  // Some only hand on to a function of the same name with underscores.
  const movers = PM_MOVERS.map((name) => (functions.has(`__${name}`) ? `__${name}` : name));
  const blind = movers.filter((name) => {
    const mover = functions.get(name);
    if (!mover || has(/^(?:pm|direct)_/, name)) return false;
    return !(tryset && has(/^pm_/, TRYSET) && callsTo(mover.code, mover.address, tryset.address));
  });
  if (!has(/^pm_/)) unseen.push({ what: "PM states", kind: "pm", vital: true });
  else if (blind.length > 0)
    unseen.push({ what: `PM states set in ${blind.join(", ")}`, kind: "pm", vital: blind.length > 2 });
  if (!(has(/^(?:ctrl|step)_\d/) && has(/^ctrl_begin$/)))
    unseen.push({ what: "control events", kind: "ctrl", vital: true });
  if (!(has(/^(?:data|step)_\d/) && has(/^data_begin$/)))
    unseen.push({ what: "data events", kind: "data", vital: false });
  if (!has(/^tre_/)) unseen.push({ what: "queued buffers", kind: "tre", vital: false });
  if (!(has(/^chan_begin$/) && has(/^chan_end$/)))
    unseen.push({ what: "channel commands", kind: "chan", vital: false });
  return unseen;
}
