/** One cycle of a healthy host in rows, to be judged again and again: boot, traffic, unbind. */
import { join } from "node:path";
import { RigFault } from "../harness/base/errors.ts";
import type { ChannelProfile, FamilyProfile } from "../harness/mhi/families/family.ts";
import { sdx55 } from "../harness/mhi/families/qualcomm.ts";
import { PmState } from "../harness/mhi/pm-state.ts";
import { CompletionCode, ElementType, RING_ELEMENT_BYTES } from "../harness/mhi/ring-element.ts";
import { projectRoot } from "../harness/runner/paths.ts";
import { EventBatch, Kind } from "../harness/trace/batch.ts";
import { openTrace } from "../harness/trace/open/open-trace.ts";

const RECORDING = join(projectRoot, "test", "data", "trace", "truth", "linux-6.12", "nominal.dat");
/** Events of traffic for each of the rest. */
const TRAFFIC = 4;
const BUFFER_BYTES = 1500;
const ELEMENTS = 128;
const EVENT_ELEMENTS = 1024;
/** Two columns of addresses, kernel's and device's, one page and more a ring. */
const KERNEL_HIGH = 0xff110000;
const FIRST_RING = 0x4000_0000;
const RING_STRIDE = 0x1_0000;
const EVERY_NS = 1000;

export interface JudgedCycle {
  readonly batch: EventBatch;
  readonly family: FamilyProfile;
  /** Moves all rows behind the last. */
  moveOn(): void;
}

/** @param channels - that traffic flows on, besides those that the recording opens; 0: no traffic. */
export async function judgedCycle(channels: number): Promise<JudgedCycle> {
  const source = await openTrace(RECORDING);
  for await (const recorded of source.batches()) {
    const batch = new EventBatch(recorded.names, 64 * 1024);
    const down = lastOf(recorded, PmState.SHUTDOWN_PROCESS);
    const from = lastOf(recorded, PmState.DISABLE, down) + 1;
    for (let row = from; row < down; row++) copyRow(recorded, row, batch);
    const opened = openChannels(batch, channels, recorded, from);
    if (opened.length > 0) traffic(batch, opened, batch.length * TRAFFIC);
    const shiftNs = (batch.tNs[batch.length - 1] ?? 0) - (recorded.tNs[down - 1] ?? 0);
    for (let row = down; row < recorded.length; row++) copyRow(recorded, row, batch, shiftNs);
    source.close();
    return { batch, family: familyWith(opened), moveOn: mover(batch) };
  }
  throw new RigFault("bench-input", `${RECORDING} holds no events`);
}

function lastOf({ kind, a, length }: EventBatch, pm: PmState, before = length): number {
  for (let row = before - 1; row >= 0; row--) if (kind[row] === Kind.PM && a[row] === pm) return row;
  throw new RigFault("bench-input", `${RECORDING}: no PM state ${pm}`);
}

const COLUMNS = [
  "kind",
  "lane",
  "pid",
  "flags",
  "controller",
  "a",
  "b",
  "c",
  "d",
  "ptrLow",
  "ptrHigh",
  "slotLow",
  "slotHigh",
] as const;

function copyRow(from: EventBatch, row: number, to: EventBatch, shiftNs = 0): void {
  const at = to.length++;
  for (const column of COLUMNS) to[column][at] = from[column][row] ?? 0;
  to.tNs[at] = (from.tNs[row] ?? 0) + shiftNs;
}

/** Opens channels from 128 on as the recording opens its own: START, completion behind the last one, end. */
function openChannels(batch: EventBatch, count: number, recorded: EventBatch, from: number): number[] {
  let start = -1;
  let answer = -1;
  for (let row = from; row < recorded.length; row++) {
    if (recorded.kind[row] === Kind.CHAN_START) start = row;
    if (recorded.kind[row] === Kind.CTRL && (recorded.b[row] ?? 0) >>> 16 === ElementType.CMD_COMPLETION_EVENT)
      answer = row;
  }
  const opened: number[] = [];
  for (let n = 1; n <= count; n++) {
    const channel = 127 + n;
    opened.push(channel);
    for (const [row, kind] of [
      [start, Kind.CHAN_START],
      [answer, Kind.CTRL],
      [start, Kind.CHAN_END],
    ] as const) {
      copyRow(recorded, row, batch);
      const at = batch.length - 1;
      batch.kind[at] = kind;
      batch.tNs[at] = (batch.tNs[at - 1] ?? 0) + EVERY_NS;
      if (kind !== Kind.CTRL) batch.c[at] = channel;
      else {
        batch.ptrLow[at] = round(recorded.ptrLow[answer] ?? 0, n, ELEMENTS);
        batch.slotLow[at] = round(recorded.slotLow[answer] ?? 0, n, 64);
      }
    }
  }
  return opened;
}

/** Address `steps` elements further round a ring that begins at a multiple of its length. */
function round(address: number, steps: number, elements: number): number {
  const bytes = elements * RING_ELEMENT_BYTES;
  const base = address - (address % bytes);
  return base + ((address - base + steps * RING_ELEMENT_BYTES) % bytes);
}

/** Buffer and completion in turn, channel after channel. */
function traffic(batch: EventBatch, channels: readonly number[], events: number): void {
  const done = channels.map(() => 0);
  for (let n = 0; n < events / 2; n++) {
    const which = n % channels.length;
    const channel = channels[which] ?? 0;
    const place = done[which] ?? 0;
    done[which] = place + 1;
    const ring = FIRST_RING + 2 * which * RING_STRIDE;
    const element = ring + (place % ELEMENTS) * RING_ELEMENT_BYTES;
    const posted = ring + RING_STRIDE + (place % EVENT_ELEMENTS) * RING_ELEMENT_BYTES;
    addRow(batch, Kind.TRE, BUFFER_BYTES, ElementType.TRANSFER << 16, channel, 0x7000_0000, element);
    const dword1 = (ElementType.TX_EVENT << 16) | (channel << 24);
    addRow(batch, Kind.DATA, (CompletionCode.EOT << 24) | BUFFER_BYTES, dword1, 0, element, posted);
  }
}

function addRow(batch: EventBatch, kind: Kind, a: number, b: number, c: number, ptr: number, slot: number): void {
  const at = batch.length++;
  batch.kind[at] = kind;
  batch.tNs[at] = (batch.tNs[at - 1] ?? 0) + EVERY_NS;
  batch.controller[at] = batch.controller[0] ?? 0;
  batch.a[at] = a;
  batch.b[at] = b;
  batch.c[at] = c;
  batch.ptrLow[at] = ptr;
  batch.slotLow[at] = slot;
  batch.slotHigh[at] = KERNEL_HIGH;
}

function familyWith(channels: readonly number[]): FamilyProfile {
  const more = channels.map((channel): ChannelProfile => {
    return { channel, name: `CH${channel}`, direction: "dl", elements: ELEMENTS, eventRing: channel, execEnv: 2 };
  });
  const rings = channels.map((index) => {
    return { index, kind: "hw" as const, elements: EVENT_ELEMENTS, moderationMs: 1 };
  });
  return { ...sdx55, channels: [...sdx55.channels, ...more], eventRings: [...sdx55.eventRings, ...rings] };
}

function mover(batch: EventBatch): () => void {
  const { tNs, length } = batch;
  const spanNs = (tNs[length - 1] ?? 0) - (tNs[0] ?? 0) + 1e6;
  return () => {
    for (let row = 0; row < length; row++) tNs[row] = (tNs[row] ?? 0) + spanNs;
  };
}
