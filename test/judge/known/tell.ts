/**
 * Evidence written down as the design's tables write it, a line a record: `SECONDS what`.
 *
 *   ST READY   PM M0   CE state M3   CE ee RDDM   CE cmd 1   CE data 13   DE 101   DE 101 OOB
 *   IV AMSS M0 / AMSS SYS_ERR   CS 20 START   CX 20 START   TRE 13   LOG text   POWER start ath12k_pci late
 */
import type { Evidence, LogLine } from "../../../harness/judge/evidence.ts";
import { ExecEnv } from "../../../harness/mhi/exec-env.ts";
import { MhiState } from "../../../harness/mhi/mhi-state.ts";
import { PmState } from "../../../harness/mhi/pm-state.ts";
import { CompletionCode } from "../../../harness/mhi/ring-element.ts";
import { WORKER_ITEM_TEXT } from "../../../harness/mhi/worker-item.ts";
import type { Gap, RingEvent, TraceEvent } from "../../../harness/trace/mhi-events.ts";

const COMMANDS = ["RESET", "STOP", "START"];

export function tell(text: string, extra: Partial<Evidence> = {}): Evidence {
  const events: TraceEvent[] = [];
  const dmesg: LogLine[] = [];
  let lastNs = 0;
  for (const line of text.split("\n").map((part) => part.trim())) {
    if (line === "") continue;
    const [, seconds = "", what = "", rest = ""] = /^(\S+) (\w+) ?(.*)$/.exec(line) ?? [];
    const tNs = Math.round(Number(seconds) * 1e9);
    lastNs = Math.max(lastNs, tNs);
    if (what === "END") continue;
    if (what === "LOG") dmesg.push({ tNs, level: 3, text: rest });
    else events.push(eventOf(what, rest, { tNs, cpu: 0, pid: 1, controller: "mhi0" }));
  }
  const gaps: Gap[] = [];
  return { kernel: "6.9.1", events, gaps, fromNs: events[0]?.tNs ?? 0, toNs: lastNs, dmesg, ...extra };
}

type Head = { readonly tNs: number; readonly cpu: number; readonly pid: number; readonly controller: string };

function known(table: Readonly<Record<string, number>>, name: string | undefined): number {
  const value = table[name ?? ""];
  if (value === undefined) throw new Error(`no such name: ${name}`);
  return value;
}

function eventOf(what: string, rest: string, head: Head): TraceEvent {
  const words = rest.split(" ");
  const [first, second] = words;
  switch (what) {
    case "ST": {
      const item = WORKER_ITEM_TEXT.indexOf(rest);
      if (item < 0) throw new Error(`no such item: ${rest}`);
      return { ...head, kind: "worker", item };
    }
    case "PM":
      return { ...head, kind: "pm", pmState: known(PmState, first) };
    case "CS":
    case "CX":
      return {
        ...head,
        kind: "chan",
        phase: what === "CS" ? "start" : "end",
        channel: Number(first),
        command: COMMANDS.indexOf(second ?? ""),
      };
    case "TRE":
      return { ...head, kind: "tre", channel: Number(first), length: 512, ptr: "0x1000", dword0: 512, dword1: 0 };
    case "DE":
      return ring(head, "data", 0x22, known(CompletionCode, second ?? "EOT"), Number(first));
    case "CE":
      if (first === "state") return ring(head, "ctrl", 0x20, known(MhiState, second));
      if (first === "ee") return ring(head, "ctrl", 0x40, known(ExecEnv, second));
      if (first === "cmd") return ring(head, "ctrl", 0x21, Number(second));
      return ring(head, "ctrl", 0x22, 2, Number(second));
    case "IV":
      return {
        ...head,
        kind: "intvec",
        localEe: known(ExecEnv, words[0]),
        localState: known(MhiState, words[1]),
        deviceEe: known(ExecEnv, words[3]),
        deviceState: known(MhiState, words[4]),
      };
    case "POWER":
      return {
        kind: "other",
        tNs: head.tNs,
        cpu: 0,
        pid: 1,
        system: "power",
        name: `device_pm_callback_${first}`,
        fields: { driver: second ?? "", pm_ops: words.slice(2).join(" "), event: 2 },
      };
    default:
      throw new Error(`no such record: ${what}`);
  }
}

const ring = (head: Head, name: "ctrl" | "data", type: number, code: number, channel = 0): RingEvent => ({
  ...head,
  kind: "ring",
  ring: name,
  type,
  code,
  channel,
  length: 0,
  ptr: "0x1000",
  dword0: code * 2 ** 24,
  dword1: channel * 2 ** 24 + type * 2 ** 16,
});
