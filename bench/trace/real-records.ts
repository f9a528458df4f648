/**
 * What a real kernel recorded, taken apart: records of each CPU with their times, and the texts that a trace.dat carries.
 * A walk of its own, so that the decoder under measurement does not make its own input.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { RigFault } from "../../harness/base/errors.ts";
import { projectRoot } from "../../harness/runner/paths.ts";

const DATA = join(projectRoot, "test", "data", "trace");
const PAGE_BYTES = 4096;
const PAGE_HEAD_BYTES = 16;
const TIME_EXTEND = 30;
const LAST_DATA = 28;

export interface RealRecord {
  readonly tNs: number;
  /** From common_type on; a multiple of four bytes. */
  readonly payload: Buffer;
  readonly event: string;
}

export interface RealRecording {
  /** One list a CPU, in time order. */
  readonly cpus: readonly (readonly RealRecord[])[];
  readonly headerPage: string;
  readonly headerEvent: string;
  /** Texts of the events' `format` files, by event. */
  readonly formats: ReadonlyMap<string, string>;
  readonly kernel: string;
  /** Task names by pid. */
  readonly comms: ReadonlyMap<number, string>;
}

/** A boot of an SDX55 on two CPUs under Linux 6.12, as trace_pipe_raw gave it. */
export const readSdx55 = (): RealRecording => readRecording(join(DATA, "linux-6.12-sdx55"), "raw");

/** The same kernel and device later: it holds a data event. */
export const readLive = (): RealRecording => readRecording(join(DATA, "linux-6.12-live"), ".");

/** The kernel's own text of both. */
export const kernelTexts = (): string[] =>
  ["linux-6.12-sdx55", "linux-6.12-live"].map((name) => readFileSync(join(DATA, name, "trace.txt"), "utf8"));

function readRecording(dir: string, rawDir: string): RealRecording {
  const raw = join(dir, rawDir);
  const names = readdirSync(raw);
  const text = (name: string): string => (names.includes(name) ? readFileSync(join(raw, name), "utf8") : "");
  const formats = new Map(
    names.filter((name) => name.endsWith(".format")).map((name) => [name.slice(0, -".format".length), text(name)]),
  );
  const events = new Map([...formats].map(([name, format]) => [Number(/^ID: (\d+)/m.exec(format)?.[1]), name]));
  return {
    cpus: ["cpu0.bin", "cpu1.bin"].map((name) => recordsOf(readFileSync(join(raw, name)), events, name)),
    headerPage: text("header_page"),
    headerEvent: text("header_event"),
    formats,
    kernel: (names.includes("osrelease") ? text("osrelease") : readFileSync(join(dir, "uname"), "utf8")).trim(),
    comms: commsOf(readFileSync(join(dir, "trace.txt"), "utf8")),
  };
}

/** Event headers: include/linux/ring_buffer.h. What the two recordings hold is all that is read. */
function recordsOf(pages: Buffer, events: ReadonlyMap<number, string>, name: string): RealRecord[] {
  const records: RealRecord[] = [];
  for (let page = 0; page < pages.length; page += PAGE_BYTES) {
    let tNs = Number(pages.readBigUInt64LE(page));
    const end = page + PAGE_HEAD_BYTES + (pages.readUInt32LE(page + 8) & 0x3fffffff);
    for (let at = page + PAGE_HEAD_BYTES; at < end; ) {
      const word = pages.readUInt32LE(at);
      const type = word & 31;
      tNs += word >>> 5;
      if (type === TIME_EXTEND) {
        tNs += pages.readUInt32LE(at + 4) * 2 ** 27;
        at += 8;
        continue;
      }
      const event = events.get(pages.readUInt16LE(at + 4));
      if (type === 0 || type > LAST_DATA || event === undefined)
        throw new RigFault(
          "bench-input",
          `${name}, byte ${at}: not a record of a known event (header 0x${word.toString(16)})`,
        );
      records.push({ tNs, payload: pages.subarray(at + 4, at + 4 + type * 4), event });
      at += 4 + type * 4;
    }
  }
  return records;
}

const commsOf = (text: string): Map<number, string> =>
  new Map([...text.matchAll(/^ *(\S.*)-(\d+) +\[/gm)].map((parts) => [Number(parts[2]), parts[1] ?? ""]));
