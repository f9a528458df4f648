/**
 * Perfetto's own format, as ui.perfetto.dev opens it: a sequence of TracePackets with track descriptors and track
 * events. Field numbers are those of protos/perfetto/trace/**.proto of the Perfetto project.
 *
 * Packets are not in order of time where a gap is told late; the reader sorts them.
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { TimeAxis } from "../time-axis.ts";
import { CHUNK_BYTES } from "./feed.ts";
import type { TrackArgs, TrackSink, TrackSpec } from "./track-sink.ts";

const TRACE = { packet: 1 } as const;
const PACKET = { timestamp: 8, trustedPacketSequenceId: 10, trackEvent: 11, trackDescriptor: 60 } as const;
const DESCRIPTOR = {
  uuid: 1,
  name: 2,
  parentUuid: 5,
  counter: 8,
  childOrdering: 11,
  siblingOrderRank: 12,
} as const;
const COUNTER = { unit: 3 } as const;
const EVENT = { debugAnnotations: 4, type: 9, trackUuid: 11, name: 23, counterValue: 30 } as const;
const ANNOTATION = { intValue: 4, stringValue: 6, name: 10 } as const;
const EVENT_TYPE = { begin: 1, end: 2, instant: 3, counter: 4 } as const;
const CHILD_ORDERING_EXPLICIT = 3;
const UNIT_COUNT = 2;
/** All packets are one writer's. */
const SEQUENCE = 1;
/** Bytes of a packet with a name, as a guess for `pending`: the writer does not tell how much it holds. */
const PACKET_BYTES = 96;
/** Uuids of tracks are 1 and up; groups have these. */
const FIRST_GROUP_UUID = 0x40000000;

export class PerfettoSink implements TrackSink {
  readonly #axis: TimeAxis;
  readonly #groups = new Map<string, number>();
  #writer = new BinaryWriter();
  #tracks = 0;
  #pending = 0;

  constructor(axis: TimeAxis) {
    this.#axis = axis;
  }

  get pending(): number {
    return Math.min(this.#pending, CHUNK_BYTES);
  }

  take(): Uint8Array {
    const bytes = this.#writer.finish();
    this.#writer = new BinaryWriter();
    this.#pending = 0;
    return bytes;
  }

  track(spec: TrackSpec): number {
    const parent = this.#group(spec.group);
    const uuid = ++this.#tracks;
    const writer = this.#descriptor(uuid, spec.name);
    writer.tag(DESCRIPTOR.parentUuid, WireType.Varint).uint64(parent);
    if (spec.counter) {
      writer.tag(DESCRIPTOR.counter, WireType.LengthDelimited).fork();
      writer.tag(COUNTER.unit, WireType.Varint).int32(UNIT_COUNT).join();
    }
    writer.tag(DESCRIPTOR.siblingOrderRank, WireType.Varint).int32(spec.rank);
    this.#close();
    return uuid;
  }

  begin(track: number, tNs: number, name: string, args?: TrackArgs): void {
    this.#named(EVENT_TYPE.begin, track, tNs, name, args);
  }

  end(track: number, tNs: number): void {
    this.#event(EVENT_TYPE.end, track, tNs);
    this.#close();
  }

  instant(track: number, tNs: number, name: string, args?: TrackArgs): void {
    this.#named(EVENT_TYPE.instant, track, tNs, name, args);
  }

  counter(track: number, tNs: number, value: number): void {
    this.#event(EVENT_TYPE.counter, track, tNs).tag(EVENT.counterValue, WireType.Varint).int64(value);
    this.#close();
  }

  finish(): void {}

  #group(name: string): number {
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const uuid = FIRST_GROUP_UUID + this.#groups.size;
    this.#groups.set(name, uuid);
    this.#descriptor(uuid, name).tag(DESCRIPTOR.childOrdering, WireType.Varint).int32(CHILD_ORDERING_EXPLICIT);
    this.#close();
    return uuid;
  }

  #named(type: number, track: number, tNs: number, name: string, args: TrackArgs | undefined): void {
    const writer = this.#event(type, track, tNs);
    writer.tag(EVENT.name, WireType.LengthDelimited).string(name);
    for (const [key, value] of Object.entries(args ?? {})) {
      writer.tag(EVENT.debugAnnotations, WireType.LengthDelimited).fork();
      if (typeof value === "number" && Number.isSafeInteger(value)) {
        writer.tag(ANNOTATION.intValue, WireType.Varint).int64(value);
      } else {
        writer.tag(ANNOTATION.stringValue, WireType.LengthDelimited).string(String(value));
      }
      writer.tag(ANNOTATION.name, WireType.LengthDelimited).string(key).join();
    }
    this.#close();
  }

  /** A packet up to the inside of its track event. */
  #event(type: number, track: number, tNs: number): BinaryWriter {
    const writer = this.#packet();
    const { originNs } = this.#axis.info;
    writer.tag(PACKET.timestamp, WireType.Varint).uint64(originNs === 0n ? tNs : originNs + BigInt(tNs));
    writer.tag(PACKET.trackEvent, WireType.LengthDelimited).fork();
    writer.tag(EVENT.type, WireType.Varint).int32(type);
    return writer.tag(EVENT.trackUuid, WireType.Varint).uint64(track);
  }

  #descriptor(uuid: number, name: string): BinaryWriter {
    const writer = this.#packet();
    writer.tag(PACKET.trackDescriptor, WireType.LengthDelimited).fork();
    writer.tag(DESCRIPTOR.uuid, WireType.Varint).uint64(uuid);
    return writer.tag(DESCRIPTOR.name, WireType.LengthDelimited).string(name);
  }

  #packet(): BinaryWriter {
    const writer = this.#writer;
    writer.tag(TRACE.packet, WireType.LengthDelimited).fork();
    return writer.tag(PACKET.trustedPacketSequenceId, WireType.Varint).uint32(SEQUENCE);
  }

  /** Ends the descriptor or event, and the packet around it. */
  #close(): void {
    this.#writer.join().join();
    this.#pending += PACKET_BYTES;
  }
}
