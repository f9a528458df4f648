/**
 * What a large input repeats: a boot, then traffic.
 *
 *   boot     every record of the SDX55 recording, in its order, idle stretches cut to a millisecond
 *   traffic  16 rounds of each CPU's own TRE records, each followed by a real data event as its completion
 *
 * Four events out of five are then TREs and completions, and a page holds 80 of them: what a busy channel makes. Before
 * the next boot comes an idle stretch long enough to need a time extend.
 */
import { RigFault } from "../../harness/base/errors.ts";
import { type RealRecord, readLive, readSdx55 } from "./real-records.ts";

const TRAFFIC_ROUNDS = 16;
const LONGEST_IDLE_NS = 1_000_000;
/** From one TRE of a CPU to its next. */
const TRE_EVERY_NS = 10_000;
const COMPLETED_AFTER_NS = 5_000;
/** Beyond the 27 bits of an event header's time: 134 ms. */
const BETWEEN_CYCLES_NS = 150_000_000;

/** One CPU's part of a cycle. */
export interface CycleLane {
  /** Since the cycle's beginning, rising. */
  readonly timesNs: Float64Array;
  readonly payloads: readonly Buffer[];
  /** Where in the payload the low half of a DMA address stands; -1: nowhere. */
  readonly addressAt: Int32Array;
}

export interface Cycle {
  readonly lanes: readonly CycleLane[];
  readonly spanNs: number;
  readonly events: number;
}

interface Timed {
  readonly atNs: number;
  readonly payload: Buffer;
  readonly event: string;
}

export function makeCycle(): Cycle {
  const recording = readSdx55();
  const boot = withoutIdle(recording.cpus);
  const bootNs = Math.max(...boot.flat().map(({ atNs }) => atNs)) + LONGEST_IDLE_NS;
  const completion = completionOf(recording.formats.get("mhi_data_event"));
  const lanes = boot.map((records) => [...records, ...traffic(records, completion, bootNs)]);
  const last = Math.max(...lanes.flat().map(({ atNs }) => atNs));
  return {
    lanes: lanes.map((records) => laneOf(records, recording.formats)),
    spanNs: last + BETWEEN_CYCLES_NS,
    events: lanes.flat().length,
  };
}

/** A data event is in the other recording of this kernel; its format must be the same. */
function completionOf(format: string | undefined): RealRecord {
  const live = readLive();
  const found = live.cpus.flat().find(({ event }) => event === "mhi_data_event");
  if (found && live.formats.get("mhi_data_event") === format) return found;
  throw new RigFault("bench-input", "the recordings of Linux 6.12 hold no data event of the format expected");
}

/** The order over both CPUs stays; stretches in which neither recorded anything become short. */
function withoutIdle(cpus: readonly (readonly RealRecord[])[]): Timed[][] {
  const all = cpus.flatMap((records, cpu) => records.map((record) => ({ cpu, record })));
  all.sort((a, b) => a.record.tNs - b.record.tNs);
  const lanes: Timed[][] = cpus.map(() => []);
  let before = all[0]?.record.tNs ?? 0;
  let atNs = 0;
  for (const { cpu, record } of all) {
    atNs += Math.min(record.tNs - before, LONGEST_IDLE_NS);
    before = record.tNs;
    lanes[cpu]?.push({ atNs, payload: record.payload, event: record.event });
  }
  return lanes;
}

function traffic(boot: readonly Timed[], completion: RealRecord, fromNs: number): Timed[] {
  const tres = boot.filter(({ event }) => event === "mhi_gen_tre");
  return Array.from({ length: TRAFFIC_ROUNDS }, () => tres)
    .flat()
    .flatMap(({ payload, event }, i) => {
      const atNs = fromNs + i * TRE_EVERY_NS;
      return [
        { atNs, payload, event },
        { atNs: atNs + COMPLETED_AFTER_NS, payload: completion.payload, event: completion.event },
      ];
    });
}

function laneOf(records: readonly Timed[], formats: ReadonlyMap<string, string>): CycleLane {
  return {
    timesNs: Float64Array.from(records, ({ atNs }) => atNs),
    payloads: records.map(({ payload }) => payload),
    addressAt: Int32Array.from(records, ({ event, payload }) => {
      const at = addressOffset(formats.get(event) ?? "");
      return at >= 0 && payload.readBigUInt64LE(at) !== 0n ? at : -1;
    }),
  };
}

const addressOffset = (format: string): number =>
  Number(/\b(?:tre_ptr|ptr);\s*offset:(\d+);\s*size:8;/.exec(format)?.[1] ?? -1);
