/** A recording of probes or debug messages, as one of the events that they stand for: what is read from a file later. */
import { BatchNames, EventBatch, Kind } from "../batch.ts";
import type { Gap, MhiEvent, TraceEvent } from "../mhi-events.ts";
import type { TraceInfo, TraceSource } from "../source.ts";
import { type AssemblerOptions, ProbeAssembler } from "./assembler.ts";

export class AssembledSource implements TraceSource {
  readonly gaps: Gap[] = [];
  readonly #source: TraceSource;
  readonly #messages: AssemblerOptions["messages"];

  constructor(source: TraceSource, messages: AssemblerOptions["messages"]) {
    this.#source = source;
    this.#messages = messages;
  }

  get info(): TraceInfo {
    const what = this.#messages === "all" ? "debug messages of mhi" : "kprobes on mhi";
    const { form, notes, ...rest } = this.#source.info;
    return { ...rest, form: `${form} of ${what}`, notes };
  }

  async *batches(): AsyncGenerator<EventBatch, void, undefined> {
    const assembler = new ProbeAssembler({ messages: this.#messages, onGap: (gap) => this.gaps.push(gap) });
    const batch = new EventBatch(new BatchNames());
    let told = 0;
    for await (const records of this.#source.batches()) {
      for (; told < this.#source.gaps.length; told++) this.gaps.push(this.#source.gaps[told] as Gap);
      for (let row = 0; row < records.length; row++) assembler.push(records.event(row));
      yield* inBatches(batch, assembler.take(records.tNs[records.length - 1] ?? 0));
    }
    for (; told < this.#source.gaps.length; told++) this.gaps.push(this.#source.gaps[told] as Gap);
    yield* inBatches(batch, assembler.take(Number.POSITIVE_INFINITY));
  }

  close(): void {
    this.#source.close();
  }
}

function* inBatches(batch: EventBatch, events: readonly TraceEvent[]): Generator<EventBatch, void, undefined> {
  batch.clear();
  for (const event of events) {
    addEvent(batch, event);
    if (!batch.full) continue;
    yield batch;
    batch.clear();
  }
  if (batch.length > 0) yield batch;
}

const RING_KINDS = { ctrl: Kind.CTRL, data: Kind.DATA } as const;

/** An event as the batch's next row: the way back of `EventBatch.event`. */
export function addEvent(batch: EventBatch, event: TraceEvent): void {
  const row = batch.length++;
  const { cpu, buffer = "", source = "trace-event" } = event;
  batch.lane[row] = batch.names.lane({ cpu, buffer, source });
  batch.tNs[row] = event.tNs;
  batch.pid[row] = event.pid;
  batch.flags[row] = 0;
  if (event.kind === "marker") set(batch, row, Kind.MARKER, batch.texts.push(event.text) - 1);
  else if (event.kind === "other") {
    const { system, name, fields } = event;
    set(batch, row, Kind.OTHER, batch.others.push({ system, name, fields }) - 1);
  } else {
    batch.controller[row] = batch.names.controller(event.controller);
    if (event.extra) batch.extras.set(row, event.extra);
    addMhiEvent(batch, row, event);
  }
}

function addMhiEvent(batch: EventBatch, row: number, event: MhiEvent): void {
  if (event.kind === "pm") set(batch, row, Kind.PM, event.pmState);
  else if (event.kind === "worker") set(batch, row, Kind.WORKER, event.item);
  else if (event.kind === "chan") {
    const kind = event.phase === "start" ? Kind.CHAN_START : Kind.CHAN_END;
    set(batch, row, kind, event.command, 0, event.channel);
  } else if (event.kind === "intvec") {
    set(batch, row, Kind.INTVEC, event.localEe, event.localState, event.deviceEe);
    batch.d[row] = event.deviceState;
  } else {
    const kind = event.kind === "tre" ? Kind.TRE : RING_KINDS[event.ring];
    set(batch, row, kind, event.dword0, event.dword1, event.channel);
    [batch.ptrLow[row], batch.ptrHigh[row]] = halves(event.ptr);
    [batch.slotLow[row], batch.slotHigh[row]] = halves(event.slot ?? "0x0");
  }
}

function set(batch: EventBatch, row: number, kind: Kind, a: number, b = 0, c = 0): void {
  batch.kind[row] = kind;
  batch.a[row] = a;
  batch.b[row] = b;
  batch.c[row] = c;
}

/** `0x` and up to sixteen digits -> low and high 32 bits. */
const halves = (hex: string): [low: number, high: number] => [
  Number.parseInt(hex.slice(2).slice(-8), 16) || 0,
  Number.parseInt(hex.slice(2, -8), 16) || 0,
];
