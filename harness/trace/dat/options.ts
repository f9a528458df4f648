/**
 * The options of a trace.dat. Ids and contents: trace-cmd.dat(5), versions 6 and 7; the fraction bits of TIME_SHIFT follow
 * all CPUs' corrections. Unknown ids are stepped over by their size, which is how the format grows.
 */
import { MAX_CPUS } from "./buffers.ts";
import type { ClockCorrection, DatOptions, TimeShift } from "./dat-file.ts";
import type { ByteWalk } from "./file-view.ts";

export const Option = {
  DONE: 0,
  DATE: 1,
  CPUSTAT: 2,
  BUFFER: 3,
  TRACECLOCK: 4,
  UNAME: 5,
  OFFSET: 7,
  VERSION: 9,
  TRACEID: 11,
  TIME_SHIFT: 12,
  GUEST: 13,
  TSC2NSEC: 14,
  HEADER_INFO: 16,
  FTRACE_EVENTS: 17,
  EVENT_FORMATS: 18,
  PRINTK: 20,
  CMDLINES: 21,
  BUFFER_TEXT: 22,
} as const;

const INTERPOLATE = 1;
const NS_PER_US = 1000n;

export const newOptions = (): DatOptions => ({ offsetNs: 0n, guests: [], cpuStats: [] });

/** Takes what concerns the whole recording; false for an option that says where something stands. */
export function readOption(options: DatOptions, id: number, walk: ByteWalk): boolean {
  switch (id) {
    case Option.DATE:
    case Option.OFFSET:
      // DATE counts microseconds: seen in recordings of trace-cmd record --date beside its own report of them.
      options.offsetNs +=
        id === Option.DATE ? bigintOf(walk, "option DATE") * NS_PER_US : bigintOf(walk, "option OFFSET");
      return true;
    case Option.CPUSTAT:
      options.cpuStats.push(textOf(walk));
      return true;
    case Option.TRACECLOCK: {
      const chosen = /\[(\S+)\]/.exec(textOf(walk))?.[1];
      if (chosen !== undefined) options.clock = chosen;
      return true;
    }
    case Option.UNAME: {
      const release = textOf(walk).split(" ")[2];
      if (release) options.kernel = release;
      return true;
    }
    case Option.VERSION:
      options.recorder = textOf(walk);
      return true;
    case Option.TRACEID:
      options.traceId = walk.u64("option TRACEID");
      return true;
    case Option.TIME_SHIFT:
      options.timeShift = timeShift(walk);
      return true;
    case Option.GUEST:
      options.guests.push(walk.text("option GUEST: name"));
      return true;
    case Option.TSC2NSEC: {
      const multiplier = BigInt(walk.u32("option TSC2NSEC: multiplier"));
      const shift = BigInt(walk.u32("option TSC2NSEC: shift"));
      if (shift > 63n) walk.fail("option TSC2NSEC: shift", "63 or less", String(shift));
      if (multiplier > 0n) options.tsc = { multiplier, shift };
      return true;
    }
    default:
      return false;
  }
}

const textOf = (walk: ByteWalk): string => {
  const text = walk.bytes(walk.left, "option").toString("utf8");
  const nul = text.indexOf("\0");
  return (nul < 0 ? text : text.slice(0, nul)).trim();
};

/** A number as strtoll reads it: decimal or 0x..., with a sign. */
function bigintOf(walk: ByteWalk, what: string): bigint {
  const text = textOf(walk);
  const parts = /^([+-]?)(0x[0-9a-fA-F]{1,16}|\d{1,20})$/.exec(text);
  if (!parts) return walk.fail(what, "a whole number", `"${text.slice(0, 40)}"`);
  const value = BigInt.asIntN(64, BigInt(parts[2] ?? "0"));
  return parts[1] === "-" ? -value : value;
}

function timeShift(walk: ByteWalk): TimeShift {
  walk.u64("option TIME_SHIFT: peer");
  const flags = walk.u32("option TIME_SHIFT: flags");
  const cpus = walk.u32("option TIME_SHIFT: CPUs");
  if (cpus > MAX_CPUS) walk.fail("option TIME_SHIFT: CPUs", `${MAX_CPUS} or fewer`, String(cpus));
  const tables = Array.from({ length: cpus }, () => {
    const count = walk.u32("option TIME_SHIFT: count");
    if (count * 24 > walk.left)
      walk.fail("option TIME_SHIFT: count", `at most ${walk.left} bytes of them`, String(count));
    const column = (what: string): bigint[] =>
      Array.from({ length: count }, () => walk.u64(`option TIME_SHIFT: ${what}`));
    return { times: column("times"), offsets: column("offsets"), scalings: column("scaling") };
  });
  const corrections = new Map<number, ClockCorrection[]>();
  for (const [cpu, { times, offsets, scalings }] of tables.entries()) {
    const own = times.map((fromTicks, i): ClockCorrection => {
      const fractionBits = walk.left >= 8 ? walk.u64("option TIME_SHIFT: fraction bits") : 0n;
      if (fractionBits > 63n) walk.fail("option TIME_SHIFT: fraction bits", "63 or less", String(fractionBits));
      return { fromTicks, offset: BigInt.asIntN(64, offsets[i] ?? 0n), scaling: scalings[i] ?? 1n, fractionBits };
    });
    corrections.set(cpu, own);
  }
  return { interpolate: (flags & INTERPOLATE) !== 0, corrections };
}
