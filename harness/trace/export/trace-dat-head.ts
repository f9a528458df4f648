/** Everything of a trace.dat version 6 that stands before the pages. Layout: trace-cmd.dat.v6(5). */
import type { TraceInfo } from "../source.ts";
import { HEADER_EVENT, HEADER_PAGE, KALLSYMS, MHI_FORMATS, PRINT_FORMAT, PRINTK_FORMATS } from "./merged-formats.ts";
import type { OtherFormat } from "./other-formats.ts";

export interface DatHeadInput {
  readonly info: TraceInfo;
  /** Formats that were made for other events, by system. */
  readonly others: ReadonlyMap<string, readonly OtherFormat[]>;
  /** CPUs are 0 to this less one. */
  readonly cpus: number;
  /** Instances beside the top-level buffer; their pages follow its own in this order. */
  readonly buffers: readonly string[];
  /** Bytes of a CPU's pages. */
  readonly sizeOf: (buffer: string, cpu: number) => number;
  readonly pageBytes: number;
}

const MAGIC = Buffer.from([0x17, 0x08, 0x44, ...Buffer.from("tracing")]);
const VERSION = "6";
const LONG_BYTES = 8;
const OPTION = { done: 0, buffer: 3, traceClock: 4, uname: 5, version: 9 } as const;
const TAG_BYTES = 10;
const TABLE_ENTRY_BYTES = 16;
/** The name of its own that trace-cmd shows in its dumps. */
const RECORDER = "mhi-hil export";

/** Ends on a page: what follows are the pages of the top-level buffer's CPUs, then those of each instance. */
export function datHead(input: DatHeadInput): Uint8Array {
  const front = Buffer.concat(frontParts(input));
  const clock = input.info.buffers.find((buffer) => buffer.clock !== undefined)?.clock;
  const plain = [
    ...(clock === undefined ? [] : [option(OPTION.traceClock, zeroEnded(`[${oneWord(clock)}]`))]),
    ...(input.info.kernel === undefined
      ? []
      : [option(OPTION.uname, zeroEnded(`Linux - ${oneWord(input.info.kernel)}`))]),
    option(OPTION.version, zeroEnded(RECORDER)),
  ];
  const instanceBytes = input.buffers.reduce((sum, name) => sum + option(OPTION.buffer, instance(name, 0)).length, 0);
  const tableBytes = TAG_BYTES + input.cpus * TABLE_ENTRY_BYTES;
  const optionBytes = TAG_BYTES + plain.reduce((sum, part) => sum + part.length, 0) + instanceBytes + 2;
  const tablesAt = front.length + optionBytes;
  const headBytes = roundUp(tablesAt + tableBytes * (1 + input.buffers.length), input.pageBytes);
  const instances = input.buffers.map((name, at) =>
    option(OPTION.buffer, instance(name, tablesAt + tableBytes * (at + 1))),
  );
  const head = Buffer.concat([
    front,
    Buffer.from("options  \0"),
    ...plain,
    ...instances,
    u16(OPTION.done),
    ...tables(input, headBytes),
  ]);
  return Buffer.concat([head, Buffer.alloc(headBytes - head.length)]);
}

function frontParts({ info, others, cpus, pageBytes }: DatHeadInput): Buffer[] {
  const systems = new Map<string, string[]>([["mhi_host", [...MHI_FORMATS]]]);
  const ftrace = [PRINT_FORMAT];
  for (const [system, formats] of others) {
    const texts = formats.map(({ text }) => text);
    if (system === "ftrace") ftrace.push(...texts);
    else systems.set(system, [...(systems.get(system) ?? []), ...texts]);
  }
  const comms = [...info.comms].map(([pid, comm]) => `${pid} ${comm.replace(/[\0\n]/g, "?")}\n`).join("");
  return [
    MAGIC,
    zeroEnded(VERSION),
    Buffer.from([0, LONG_BYTES]),
    u32(pageBytes),
    zeroEnded("header_page"),
    sized(HEADER_PAGE),
    zeroEnded("header_event"),
    sized(HEADER_EVENT),
    ...formatParts(ftrace),
    u32(systems.size),
    ...[...systems].flatMap(([system, texts]) => [zeroEnded(system), ...formatParts(texts)]),
    u32(Buffer.byteLength(KALLSYMS)),
    Buffer.from(KALLSYMS),
    u32(Buffer.byteLength(PRINTK_FORMATS)),
    Buffer.from(PRINTK_FORMATS),
    sized(comms),
    u32(cpus),
  ];
}

const formatParts = (texts: readonly string[]): Buffer[] => [u32(texts.length), ...texts.map(sized)];

/** One table a buffer: where each CPU's pages stand. */
function tables({ cpus, buffers, sizeOf }: DatHeadInput, firstAt: number): Buffer[] {
  let at = firstAt;
  return ["", ...buffers].map((buffer) => {
    const table = Buffer.alloc(cpus * TABLE_ENTRY_BYTES);
    for (let cpu = 0; cpu < cpus; cpu++) {
      const bytes = sizeOf(buffer, cpu);
      table.writeBigUInt64LE(BigInt(at), cpu * TABLE_ENTRY_BYTES);
      table.writeBigUInt64LE(BigInt(bytes), cpu * TABLE_ENTRY_BYTES + 8);
      at += bytes;
    }
    return Buffer.concat([Buffer.from("flyrecord\0"), table]);
  });
}

const instance = (name: string, at: number): Buffer => Buffer.concat([u64(at), zeroEnded(name)]);
const option = (id: number, data: Buffer): Buffer => Buffer.concat([u16(id), u32(data.length), data]);
const zeroEnded = (text: string): Buffer => Buffer.from(`${text.replaceAll("\0", "_")}\0`);
const sized = (text: string): Buffer => Buffer.concat([u64(Buffer.byteLength(text)), Buffer.from(text)]);
const oneWord = (text: string): string => text.replace(/[\s\0\x01-\x1f\x7f]+/g, "_");
const roundUp = (bytes: number, to: number): number => Math.ceil(bytes / to) * to;

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
