/** Recordings made by hand for the exports' tests, and what an export makes of them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BatchNames, EventBatch, Kind } from "../../harness/trace/batch.ts";
import { type Chunk, type DeviceLines, feed, type RowConsumer, Tally } from "../../harness/trace/export/feed.ts";
import { Selection, type SelectionOptions } from "../../harness/trace/export/selection.ts";
import type { Gap, TraceEvent } from "../../harness/trace/mhi-events.ts";
import { openTrace } from "../../harness/trace/open/open-trace.ts";
import type { TraceInfo, TraceSource } from "../../harness/trace/source.ts";
import { TimeAxis } from "../../harness/trace/time-axis.ts";

const KINDS: Readonly<Record<string, number>> = {
  pm: Kind.PM,
  worker: Kind.WORKER,
  intvec: Kind.INTVEC,
  tre: Kind.TRE,
  marker: Kind.MARKER,
  other: Kind.OTHER,
};

const kindOf = (event: TraceEvent): number => {
  if (event.kind === "ring") return event.ring === "ctrl" ? Kind.CTRL : Kind.DATA;
  if (event.kind === "chan") return event.phase === "start" ? Kind.CHAN_START : Kind.CHAN_END;
  return KINDS[event.kind] ?? Kind.OTHER;
};

const halves = (hex: string | undefined): readonly [number, number] => {
  const value = BigInt(hex ?? "0x0");
  return [Number(value & 0xffffffffn), Number(value >> 32n)];
};

/** The inverse of `EventBatch.event`. */
export function addRow(batch: EventBatch, event: TraceEvent): void {
  const i = batch.length++;
  const { source = "trace-event", buffer = "" } = event;
  batch.kind[i] = kindOf(event);
  batch.lane[i] = batch.names.lane({ cpu: event.cpu, buffer, source });
  batch.tNs[i] = event.tNs;
  batch.pid[i] = event.pid;
  batch.flags[i] = 0;
  if ("controller" in event) batch.controller[i] = batch.names.controller(event.controller);
  if ("extra" in event && event.extra) batch.extras.set(i, event.extra);
  const [a, b = 0, c = 0, d = 0] = columns(batch, event);
  batch.a[i] = a;
  batch.b[i] = b;
  batch.c[i] = c;
  batch.d[i] = d;
  const [ptrLow, ptrHigh] = halves("ptr" in event ? event.ptr : undefined);
  const [slotLow, slotHigh] = halves("slot" in event ? event.slot : undefined);
  batch.ptrLow[i] = ptrLow;
  batch.ptrHigh[i] = ptrHigh;
  batch.slotLow[i] = slotLow;
  batch.slotHigh[i] = slotHigh;
}

function columns(batch: EventBatch, event: TraceEvent): readonly [number, number?, number?, number?] {
  switch (event.kind) {
    case "pm":
      return [event.pmState];
    case "worker":
      return [event.item];
    case "intvec":
      return [event.localEe, event.localState, event.deviceEe, event.deviceState];
    case "ring":
      return [event.dword0, event.dword1];
    case "tre":
      return [event.dword0, event.dword1, event.channel];
    case "chan":
      return [event.command, 0, event.channel];
    case "marker":
      return [batch.texts.push(event.text) - 1];
    case "other":
      return [batch.others.push({ system: event.system, name: event.name, fields: event.fields }) - 1];
  }
}

export interface Made {
  readonly events: readonly TraceEvent[];
  readonly gaps?: readonly Gap[];
  readonly info?: Partial<TraceInfo>;
  /** Rows of a batch. */
  readonly batchRows?: number;
}

/** Gaps come into `gaps` as the contract of TraceSource has it: before the first event at or after their end. */
export function madeSource({ events, gaps = [], info = {}, batchRows = 5 }: Made): TraceSource {
  const told: Gap[] = [];
  const waiting = [...gaps].sort((a, b) => a.toNs - b.toNs);
  const tell = (untilNs: number): void => {
    while (waiting[0] && waiting[0].toNs <= untilNs) told.push(waiting.shift() as Gap);
  };
  return {
    info: {
      form: "made by hand",
      buffers: [{ name: "", cpus: [0, 1], clock: "boot" }],
      originNs: 0n,
      resolutionNs: 1,
      comms: new Map([[7, "insmod"]]),
      notes: [],
      ...info,
    },
    gaps: told,
    async *batches() {
      const names = new BatchNames();
      for (let at = 0; at < events.length; at += batchRows) {
        const batch = new EventBatch(names, batchRows);
        for (const event of events.slice(at, at + batchRows)) addRow(batch, event);
        tell(batch.tNs[batch.length - 1] ?? 0);
        yield batch;
      }
      tell(Number.POSITIVE_INFINITY);
    },
    close: () => {},
  };
}

export interface Exported {
  readonly text: string;
  readonly bytes: Buffer;
  readonly tally: Tally;
  readonly axis: TimeAxis;
}

/** Brings the source through the consumer that `make` gives. */
export async function exported(
  source: TraceSource,
  make: (axis: TimeAxis) => RowConsumer,
  options: SelectionOptions = {},
  device?: DeviceLines,
): Promise<Exported> {
  const axis = new TimeAxis(source);
  const tally = new Tally();
  const chunks: Chunk[] = [];
  const selection = new Selection(options, axis);
  const feedOptions = { axis, selection, tally, ...(device ? { device } : {}) };
  for await (const chunk of feed(source, make(axis), feedOptions)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks.map((chunk) => Buffer.from(chunk as Uint8Array)));
  return { text: bytes.toString("utf8"), bytes, tally, axis };
}

/** All events and gaps of a source. */
export async function readAll(source: TraceSource): Promise<{ events: TraceEvent[]; gaps: Gap[]; info: TraceInfo }> {
  const events: TraceEvent[] = [];
  for await (const batch of source.batches()) for (let i = 0; i < batch.length; i++) events.push(batch.event(i));
  source.close();
  return { events, gaps: [...source.gaps], info: source.info };
}

/** Opens bytes as a user's file. */
export async function opened<T>(bytes: Uint8Array, use: (source: TraceSource, path: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "mhi-hil-export-"));
  try {
    const path = join(folder, "made.dat");
    writeFileSync(path, bytes);
    return await use(await openTrace(path), path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const head = (tNs: number, cpu = 0): { tNs: number; cpu: number; pid: number; controller: string } => ({
  tNs,
  cpu,
  pid: 7,
  controller: "mhi0",
});

/** Events with what a test cares about, and the rest made up. */
export const event = {
  pm: (tNs: number, pmState: number, cpu?: number): TraceEvent => ({ kind: "pm", ...head(tNs, cpu), pmState }),
  worker: (tNs: number, item: number): TraceEvent => ({ kind: "worker", ...head(tNs), item }),
  intvec: (tNs: number, ...view: readonly [number, number, number, number]): TraceEvent => {
    const [localEe, localState, deviceEe, deviceState] = view;
    return { kind: "intvec", ...head(tNs), localEe, localState, deviceEe, deviceState };
  },
  ring: (tNs: number, ring: "ctrl" | "data", dword0: number, dword1: number, ptr = "0x0"): TraceEvent => ({
    kind: "ring",
    ...head(tNs, 1),
    ring,
    type: (dword1 >>> 16) & 0xff,
    code: dword0 >>> 24,
    channel: dword1 >>> 24,
    length: dword0 & 0xffff,
    ptr,
    dword0,
    dword1,
  }),
  tre: (tNs: number, channel: number, length: number, ptr = "0x1000", dword1 = 0x00020200): TraceEvent => ({
    kind: "tre",
    ...head(tNs),
    channel,
    length,
    ptr,
    dword0: length,
    dword1,
  }),
  chan: (tNs: number, phase: "start" | "end", channel: number, command: number): TraceEvent => ({
    kind: "chan",
    ...head(tNs),
    phase,
    channel,
    command,
  }),
  marker: (tNs: number, text: string): TraceEvent => ({ kind: "marker", tNs, cpu: 0, pid: 7, text }),
  other: (tNs: number, system: string, name: string, fields: Record<string, string | number>): TraceEvent => ({
    kind: "other",
    tNs,
    cpu: 0,
    pid: 7,
    system,
    name,
    fields,
  }),
};

/** A completion on the data ring: code EOT unless told otherwise. */
export const completion = (tNs: number, channel: number, length: number, ptr: string, code = 2): TraceEvent =>
  event.ring(tNs, "data", ((code << 24) | length) >>> 0, ((channel << 24) | 0x220000) >>> 0, ptr);
