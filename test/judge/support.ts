/** Recordings of real kernels as evidence, and the profiles that they were made with. */
import { readFileSync } from "node:fs";
import type { Evidence, LogLine } from "../../harness/judge/evidence.ts";
import { aic100 as newestAic100 } from "../../harness/mhi/families/aic.ts";
import { type FamilyProfile, familyOn } from "../../harness/mhi/families/family.ts";
import { t99w175 } from "../../harness/mhi/families/foxconn.ts";
import type { TraceEvent } from "../../harness/trace/mhi-events.ts";
import { parseTraceText } from "../../harness/trace/text/parse.ts";

/** foxconn-sdx55 (`modem_foxconn_sdx55_config`), as the trial runs showed it: MBIM data path, 20 s time-outs. */
export const foxconn: FamilyProfile = { ...t99w175, id: "foxconn-sdx55", driverName: "foxconn-sdx55" };

/** As the trial runs' kernel had it. */
export const aic100: FamilyProfile = familyOn(newestAic100, "6.12.117");

const data = (file: string): string => readFileSync(new URL(`../data/judge/${file}`, import.meta.url), "utf8");

const PRINTK = /^(?:.*?)\[\s*(\d+)\.(\d{6})\] (.*)$/;

/** Lines of printk, as a console shows them. Their clock runs some 30 ms ahead of the trace's in these recordings. */
export function parseDmesg(text: string): LogLine[] {
  return text.split("\n").flatMap((line) => {
    const match = PRINTK.exec(line.replace(/\r$/, ""));
    if (!match || line.includes("mhi_ctrl_event:")) return [];
    return [{ tNs: Number(match[1]) * 1e9 + Number(match[2]) * 1e3, level: 6, text: match[3] ?? "" }];
  });
}

export function recording(file: string, kernel: string, dmesgFile?: string): Evidence {
  const parsed = parseTraceText(data(file));
  const dmesg = parseDmesg(data(dmesgFile ?? file)).filter((line) => !/mhi_\w+_(?:event|state|tre)/.test(line.text));
  return evidenceOf(parsed.events, { kernel, gaps: parsed.gaps, dmesg });
}

export function evidenceOf(events: readonly TraceEvent[], extra: Partial<Evidence> = {}): Evidence {
  return {
    kernel: "6.12.117+deb13-amd64",
    events,
    gaps: [],
    fromNs: events[0]?.tNs ?? 0,
    toNs: (events.at(-1)?.tNs ?? 0) + 1e9,
    dmesg: [],
    ...extra,
  };
}

/** The evidence from the first marker that holds `from` up to the next one that holds `to`. */
export function between(evidence: Evidence, from: string, to?: string): Evidence {
  const at = (text: string, after = 0): number =>
    evidence.events.findIndex((event, index) => index >= after && event.kind === "marker" && event.text.includes(text));
  const start = at(from);
  if (start < 0) throw new Error(`no marker ${from} in the recording`);
  const end = to === undefined ? evidence.events.length : at(to, start + 1);
  const events = evidence.events.slice(start, end);
  return {
    ...evidence,
    events,
    fromNs: events[0]?.tNs ?? 0,
    toNs: to === undefined ? evidence.toNs : (evidence.events[end]?.tNs ?? evidence.toNs),
  };
}

export const k01 = (): Evidence =>
  recording("01-k6.12-sharedmsi-boot-dun-runtimepm-pmtest-unbind.guest.txt", "6.12.117+deb13-amd64");
export const k04 = (): Evidence => recording("04-k6.12-S3-context-lost-recovery.guest.txt", "6.12.117+deb13-amd64");
export const k10 = (): Evidence => recording("10-k7.2-sharedmsi-dun-diag-syserr.guest.txt", "7.2.12-amd64");
export const k12 = (): Evidence => recording("12-k6.12-qaic-boot-to-online.guest.txt", "6.12.117+deb13-amd64");
export const k20 = (): Evidence =>
  recording("20-k6.12-sdx55-nominal.trace.txt", "6.12.117+deb13-amd64", "20-k6.12-sdx55-nominal.dmesg.txt");
