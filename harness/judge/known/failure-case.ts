/**
 * The evidence around one failure, as the known failures ask for it: one controller's events, the log's lines about it,
 * and whether anything is missing. Times are nanoseconds on the trace clock.
 */
import type { Nanoseconds } from "../../base/clock.ts";
import { formatSeconds, NS_PER_S } from "../../base/clock.ts";
import type { FamilyProfile } from "../../mhi/families/family.ts";
import type { PmState } from "../../mhi/pm-state.ts";
import type { WorkerItem } from "../../mhi/worker-item.ts";
import type { Gap, MhiEvent, OtherEvent, PmStateEvent, TraceEvent, WorkerEvent } from "../../trace/mhi-events.ts";
import { isMhiEvent } from "../../trace/mhi-events.ts";
import { type Evidence, gapWithin, type LogLine } from "../evidence.ts";
import type { FamilyKind, Piece } from "./known-failure.ts";

/** A finding as far as it matters here. */
export interface CaseFinding {
  readonly rule: string;
  /** As the rule gave it, before the log was asked. */
  readonly title: string;
  readonly fromNs: Nanoseconds;
  readonly atNs: Nanoseconds;
  readonly because: readonly number[];
}

/** How much around a finding belongs to it: a boot before, and after it the recovery and what the kernel says late. */
const BEFORE_NS = 60 * NS_PER_S;
const AFTER_NS = 180 * NS_PER_S;
/** Events on either side, at most: a device under full load makes more than anybody can read. */
const MAX_EVENTS = 50_000;

export class FailureCase {
  /** What is to be named; absent: whatever the evidence as a whole shows. */
  readonly finding: CaseFinding | undefined;
  readonly family: FamilyProfile;
  /** By the driver that the log names, else the family's. */
  readonly kind: FamilyKind;
  readonly kernel: string;
  readonly events: readonly MhiEvent[];
  /** Records of other events: power, rpm, irq. */
  readonly others: readonly OtherEvent[];
  readonly lines: readonly LogLine[];
  readonly gaps: readonly Gap[];
  readonly fromNs: Nanoseconds;
  readonly toNs: Nanoseconds;
  readonly #seenToNs: Nanoseconds;
  readonly #pms: readonly PmStateEvent[];

  constructor(evidence: Evidence, family: FamilyProfile, finding?: CaseFinding) {
    this.finding = finding;
    this.family = family;
    this.kernel = evidence.kernel;
    this.gaps = evidence.gaps;
    const first = Math.min(evidence.fromNs, evidence.events[0]?.tNs ?? evidence.fromNs);
    this.fromNs = finding ? Math.max(first, finding.fromNs - BEFORE_NS) : first;
    this.toNs = finding ? Math.min(evidence.toNs, finding.atNs + AFTER_NS) : evidence.toNs;
    this.#seenToNs = evidence.toNs;
    const around = window(evidence.events, this.fromNs, this.toNs, finding);
    const controller = controllerOf(evidence.events, finding);
    this.events = around.filter(isMhiEvent).filter((event) => event.controller === controller);
    this.#pms = this.events.filter((event) => event.kind === "pm");
    this.others = around.filter((event) => event.kind === "other");
    const lines = evidence.dmesg.length > 0 ? evidence.dmesg : loggedIn(around);
    this.lines = lines.filter((line) => isOf(line, controller) && this.#near(line));
    this.kind = kindOf(this.lines, family);
  }

  // what is logged after the last event still belongs to the evidence: dmesg-only evidence has no events at all
  #near = (line: LogLine): boolean =>
    this.finding ? line.tNs >= this.fromNs && line.tNs <= this.finding.atNs + AFTER_NS : true;

  /** First line in the interval that fits. */
  line(pattern: RegExp, fromNs = Number.NEGATIVE_INFINITY, toNs = Number.POSITIVE_INFINITY): LogLine | undefined {
    return this.lines.find((line) => line.tNs >= fromNs && line.tNs <= toNs && pattern.test(line.text));
  }

  linesOf(pattern: RegExp): LogLine[] {
    return this.lines.filter((line) => pattern.test(line.text));
  }

  /** First event in the interval that fits. */
  find(
    fits: (event: MhiEvent) => boolean,
    fromNs = Number.NEGATIVE_INFINITY,
    toNs = Number.POSITIVE_INFINITY,
  ): MhiEvent | undefined {
    return this.events.find((event) => event.tNs >= fromNs && event.tNs <= toNs && fits(event));
  }

  /** First entry into one of the states in the interval. */
  pm(states: readonly PmState[], fromNs?: Nanoseconds, toNs?: Nanoseconds): MhiEvent | undefined {
    return this.find((event) => isPm(event, states), fromNs, toNs);
  }

  worker(items: readonly WorkerItem[], fromNs?: Nanoseconds, toNs?: Nanoseconds): MhiEvent | undefined {
    return this.find((event) => isWorker(event, items), fromNs, toNs);
  }

  pms(...states: readonly PmState[]): PmStateEvent[] {
    return this.events.filter((event): event is PmStateEvent => isPm(event, states));
  }

  workers(...items: readonly WorkerItem[]): WorkerEvent[] {
    return this.events.filter((event): event is WorkerEvent => isWorker(event, items));
  }

  /** Of several that fit, the one that the finding is about: the nearest to it; the first where nothing is asked for. */
  nearest<T extends { readonly tNs: Nanoseconds }>(candidates: readonly T[]): T | undefined {
    const { finding } = this;
    if (!finding) return candidates[0];
    const far = ({ tNs }: T): number => Math.max(finding.fromNs - tNs, tNs - finding.atNs, 0);
    return candidates.reduce<T | undefined>((best, next) => (best && far(best) <= far(next) ? best : next), undefined);
  }

  /** Last PM record before `tNs`. */
  pmBefore(tNs: Nanoseconds): PmStateEvent | undefined {
    return this.#pms.findLast((event) => event.tNs < tNs);
  }

  /** The interval was recorded whole: only then does what is not there say anything. */
  whole(fromNs: Nanoseconds, toNs: Nanoseconds): boolean {
    return toNs <= this.#seenToNs && gapWithin(this.gaps, fromNs, toNs) === undefined;
  }
}

const isPm = (event: MhiEvent, states: readonly PmState[]): boolean =>
  event.kind === "pm" && states.includes(event.pmState as PmState);
const isWorker = (event: MhiEvent, items: readonly WorkerItem[]): boolean =>
  event.kind === "worker" && items.includes(event.item as WorkerItem);

/** `log: "Device died" at 12.304`. */
export const logged = (line: LogLine | undefined): Piece | undefined =>
  line && { tNs: line.tNs, words: `log: "${line.text.trim()}" at ${formatSeconds(line.tNs, 3)}` };

/** `trace: no M3_EXIT after M3 at 12.304`. */
export const traced = (event: { readonly tNs: Nanoseconds } | undefined, words: string): Piece | undefined =>
  event && { tNs: event.tNs, words: `trace: ${words} at ${formatSeconds(event.tNs, 3)}`, traced: true };

/** By two binary searches, so that many findings in a long recording stay cheap. */
function window(
  events: readonly TraceEvent[],
  fromNs: Nanoseconds,
  toNs: Nanoseconds,
  finding: CaseFinding | undefined,
): readonly TraceEvent[] {
  const begin = placeOf(events, fromNs);
  const end = placeOf(events, toNs + 1);
  const middle = placeOf(events, finding?.fromNs ?? toNs);
  return events.slice(Math.max(begin, middle - MAX_EVENTS), Math.min(end, middle + MAX_EVENTS));
}

/** Index of the first event at or after `tNs`. */
function placeOf(events: readonly TraceEvent[], tNs: Nanoseconds): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((events[middle]?.tNs ?? 0) < tNs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function controllerOf(events: readonly TraceEvent[], finding: CaseFinding | undefined): string | undefined {
  const shown = finding?.because.flatMap((index) => events[index] ?? []) ?? [];
  return (shown.find(isMhiEvent) ?? events.find(isMhiEvent))?.controller;
}

/** Lines that name another MHI controller are about another device. */
function isOf(line: LogLine, controller: string | undefined): boolean {
  const named = /\bmhi (mhi\d+):|\b(mhi\d+)_\w+:/.exec(line.text);
  return controller === undefined || !named || (named[1] ?? named[2]) === controller;
}

/** The kernel's log as its own trace event tells it (printk:console), where there is no dmesg. */
const loggedIn = (events: readonly TraceEvent[]): LogLine[] =>
  events.flatMap((event) =>
    event.kind === "other" && event.system === "printk" && event.name === "console"
      ? [{ tNs: event.tNs, level: 6, text: String(event.fields.msg ?? "").trimEnd() }]
      : [],
  );

const DRIVERS: readonly (readonly [FamilyKind, RegExp])[] = [
  ["wlan", /\bath1[12]k(?:_pci)?\b/],
  ["accelerator", /\bqaic\b/i],
  ["modem", /\bmhi-pci-generic\b/],
];

/** A host may have several MHI devices: the family's own driver counts first, another only where it stands alone. */
function kindOf(lines: readonly LogLine[], family: FamilyProfile): FamilyKind {
  const named = DRIVERS.filter(([, pattern]) => lines.some((line) => pattern.test(line.text))).map(([kind]) => kind);
  const [only] = named;
  return named.length !== 1 || only === undefined ? family.kind : only;
}
