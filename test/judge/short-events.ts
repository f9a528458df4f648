/** Events in short, a millisecond apart, judged by all rules: what tests of single rules are written in. */
import type { LogLine } from "../../harness/judge/evidence.ts";
import { type EngineFinding, RuleEngine } from "../../harness/judge/rule-engine.ts";
import { PmState } from "../../harness/mhi/pm-state.ts";
import { WorkerItem } from "../../harness/mhi/worker-item.ts";
import type { MhiEvent } from "../../harness/trace/mhi-events.ts";
import { foxconn } from "./support.ts";

const base = { cpu: 0, pid: 7, controller: "mhi0" };
type Short = Omit<MhiEvent, "tNs" | "cpu" | "pid" | "controller"> & {
  readonly pid?: number;
  readonly afterMs?: number;
};

export const pm = (pmState: number, afterMs = 1) => ({ kind: "pm" as const, pmState, afterMs });
export const worker = (item: number) => ({ kind: "worker" as const, item });
export const element = (type: number, code: number, extra: object = {}) => ({
  kind: "ring" as const,
  ring: "ctrl" as const,
  type,
  code,
  channel: 0,
  length: 0,
  ptr: "0x0",
  dword0: 0,
  dword1: 0,
  ...extra,
});
export const state = (code: number) => element(0x20, code);
export const done = (slot: number, code = 1) => element(0x21, code, { ptr: `0x${(0x10000 + 16 * slot).toString(16)}` });
export const command = (phase: "start" | "end", channel: number, what: number, pid = 7) => ({
  kind: "chan" as const,
  phase,
  channel,
  command: what,
  pid,
});
export const buffer = (channel: number, extra: object = {}) => ({
  kind: "tre" as const,
  channel,
  length: 4,
  ptr: "0x1",
  dword0: 4,
  dword1: 0x20200,
  ...extra,
});
/** The thread of the BHI interrupt has read host's and device's EE and state. */
export const interrupt = (localEe: number, localState: number, deviceEe: number, deviceState: number) => ({
  kind: "intvec" as const,
  localEe,
  localState,
  deviceEe,
  deviceState,
  pid: 9,
});
/** Events were lost here. */
export const gap = { kind: "gap" };
export const transfer = (channel: number, slot = 0, extra: object = {}) =>
  element(0x22, 2, { channel, ptr: `0x${(0x20000 + 16 * slot).toString(16)}`, ...extra });

/** Power-up to mission mode, then DUN (32, 33) open. */
export const booted: readonly object[] = [
  pm(PmState.DISABLE),
  worker(WorkerItem.READY),
  pm(PmState.POR),
  state(2),
  pm(PmState.M0),
  element(0x40, 2),
  worker(WorkerItem.MISSION_MODE),
];
export const open: readonly object[] = [
  command("start", 32, 2),
  done(0),
  command("end", 32, 2),
  command("start", 33, 2),
  done(1),
  command("end", 33, 2),
];
export const asleep: readonly object[] = [pm(PmState.M3_ENTER), state(5), pm(PmState.M3)];

export function judgeShort(
  events: readonly object[],
  waitMs = 100,
  log: readonly Omit<LogLine, "tNs">[] = [],
): EngineFinding[] {
  const engine = new RuleEngine({ family: foxconn, kernel: "6.12" });
  let tNs = 1e9;
  for (const [index, entry] of (events as readonly Short[]).entries()) {
    const { afterMs = 1, ...event } = entry;
    tNs += afterMs * 1e6;
    if ((entry.kind as string) === "gap") {
      engine.gap({ fromNs: tNs, toNs: tNs, reason: "overrun" });
      continue;
    }
    engine.feed({ ...base, ...event, tNs } as MhiEvent, index);
  }
  for (const line of log) engine.log({ ...line, tNs: tNs + 1e6 });
  engine.advance(tNs + waitMs * 1e6);
  return engine.findings;
}
export const titles = (events: readonly object[], waitMs?: number): string[] =>
  judgeShort(events, waitMs).map((finding) => finding.title);
