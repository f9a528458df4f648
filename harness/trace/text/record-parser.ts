/** One line of trace text -> a row that is filled but not yet counted. */
import type { BatchNames, Kind } from "../batch.ts";
import { ByteReader } from "./byte-reader.ts";
import { LineHead } from "./line-head.ts";
import { MhiBody } from "./mhi-body.ts";

export class RecordParser {
  readonly head = new LineHead();
  readonly body: MhiBody;
  /** Where the event's name begins. */
  nameAt = 0;
  /** Of an mhi_host event; 0 for others. */
  kind: Kind | 0 = 0;

  constructor(names: BatchNames, onController: (name: string, id: number) => void = () => undefined) {
    this.body = new MhiBody(new ByteReader(), names, onController);
  }

  /** Reads the head, in either layout. False: no line of trace text. */
  find(bytes: Uint8Array, from: number): boolean {
    this.nameAt = this.head.read(bytes, from);
    return this.nameAt >= 0 || this.findLatency(bytes, from);
  }

  findLatency(bytes: Uint8Array, from: number): boolean {
    this.nameAt = this.head.readLatency(bytes, from);
    return this.nameAt >= 0;
  }

  /** Kind of the event whose head was found. */
  name(bytes: Uint8Array): Kind | 0 {
    this.kind = this.body.kind(bytes, this.nameAt);
    return this.kind;
  }
}

/** Bytes of a line of text with the line feed that the readers stop at, and room for them to read ahead. */
export const lineBytes = (text: string): Uint8Array => new TextEncoder().encode(`${text}\n${" ".repeat(64)}`);

export const textOf = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, Math.max(0, to - from)).toString("utf8");
