/**
 * The kernel's text: `trace`, `trace_pipe`, `trace-cmd report`, and console logs that hold such lines among others.
 *
 * A line: `comm-pid [(tgid)] [cpu] [flags] seconds.micros: event: body`. The comm may hold spaces and dashes. The driver's
 * formats end in a line feed of their own, so an empty line follows each mhi_host event. Times are what was printed
 * (microseconds, rounded), hence good for order and spans of some microseconds, not more.
 */
import type { Gap, TraceEvent } from "./mhi-events.ts";
import { mhiRecordKind } from "./mhi-names.ts";
import type { EventHead } from "./text-body.ts";
import { mhiEventFromText } from "./text-body.ts";

const LINE =
  /^\s*\S.*-(?<pid>\d+)\s+(?:\([\s\d-]+\)\s+)?\[(?<cpu>\d+)\]\s+(?:\S{4,7}\s+)?(?<seconds>\d+)\.(?<fraction>\d{6,9}):\s+(?<name>[\w.-]+):\s?(?<body>.*)$/;
const LOST = /^CPU:(?<cpu>\d+) \[LOST (?:(?<count>\d+) )?EVENTS\]/;

export interface ParsedText {
  /** In the order of the lines. */
  readonly events: TraceEvent[];
  readonly gaps: Gap[];
  /** Lines that are neither trace, nor empty, nor a heading: console output, as a rule. */
  readonly ignoredLines: number;
}

interface PendingLoss {
  readonly fromNs: number | undefined;
  readonly lost: number | undefined;
  readonly line: number;
}

export function parseTraceText(text: string): ParsedText {
  const reader = new TextReader();
  for (const line of text.split("\n")) reader.line(line);
  return reader.finish();
}

class TextReader {
  readonly #events: TraceEvent[] = [];
  readonly #gaps: Gap[] = [];
  readonly #lastNs = new Map<number, number>();
  readonly #pending = new Map<number, PendingLoss>();
  #firstNs: number | undefined;
  #latestNs = 0;
  #ignored = 0;
  #lineNumber = 0;

  line(raw: string): void {
    this.#lineNumber++;
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    if (line.trim() === "" || line.startsWith("#")) return;
    const parts = LINE.exec(line)?.groups;
    if (parts) this.#record(parts);
    else if (!this.#loss(line)) this.#ignored++;
  }

  finish(): ParsedText {
    for (const cpu of [...this.#pending.keys()]) this.#closeLoss(cpu, this.#latestNs);
    return { events: this.#events, gaps: this.#gaps, ignoredLines: this.#ignored };
  }

  #record(parts: Record<string, string>): void {
    const fraction = (parts.fraction ?? "").padEnd(9, "0");
    const tNs = Number(parts.seconds) * 1e9 + Number(fraction);
    const head: EventHead = { tNs, cpu: Number(parts.cpu), pid: Number(parts.pid) };
    this.#firstNs ??= tNs;
    this.#latestNs = Math.max(this.#latestNs, tNs);
    this.#closeLoss(head.cpu, tNs);
    this.#lastNs.set(head.cpu, tNs);
    this.#event(parts.name ?? "", parts.body ?? "", head);
  }

  #event(name: string, body: string, head: EventHead): void {
    if (name === "tracing_mark_write") {
      this.#events.push({ kind: "marker", ...head, text: body.trimEnd() });
      return;
    }
    // trace-cmd prints a marker as the event `print`, with the name of the writing function or its address first.
    if (name === "print") {
      this.#events.push({ kind: "marker", ...head, text: body.replace(/^\s*(?:[\w.]+\+?\S*): /, "").trimEnd() });
      return;
    }
    const kind = mhiRecordKind(name);
    const text = body.trim();
    const event = kind && mhiEventFromText(kind, text, head);
    if (kind && !event) this.#damaged(name, text, head);
    this.#events.push(event ?? { kind: "other", ...head, system: kind ? "mhi_host" : "", name, fields: { text } });
  }

  /** A record was there and its content is not known: evidence is missing at that instant. */
  #damaged(name: string, text: string, head: EventHead): void {
    const detail = `line ${this.#lineNumber}: ${name} is cut or worded as no known kernel prints it: "${text.slice(0, 80)}"`;
    this.#gaps.push({ fromNs: head.tNs, toNs: head.tNs, reason: "stream-lost", cpu: head.cpu, lost: 1, detail });
  }

  #loss(line: string): boolean {
    const parts = LOST.exec(line)?.groups;
    if (!parts) return false;
    const cpu = Number(parts.cpu);
    const lost = parts.count === undefined ? undefined : Number(parts.count);
    this.#pending.set(cpu, { fromNs: this.#lastNs.get(cpu), lost, line: this.#lineNumber });
    return true;
  }

  /** Loss is known to lie between the CPU's last record before the note and the first one after it. */
  #closeLoss(cpu: number, toNs: number): void {
    const loss = this.#pending.get(cpu);
    if (!loss) return;
    this.#pending.delete(cpu);
    this.#gaps.push({
      fromNs: Math.min(loss.fromNs ?? this.#firstNs ?? toNs, toNs),
      toNs,
      reason: "overrun",
      cpu,
      ...(loss.lost === undefined ? {} : { lost: loss.lost }),
      detail: `line ${loss.line}: the kernel notes lost events`,
    });
  }
}
