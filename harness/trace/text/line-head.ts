/**
 * What stands before the event's name in a line of trace text.
 *
 *   kernel, trace-cmd   `     comm-pid   (tgid) [cpu] flags  seconds.fraction: (+diff) event: `
 *   latency format      `comm-pid    cpuflags  12us+: event: ` (also `trace-cmd report -l` and every ftrace dump)
 *
 * tgid, flags and diff may be missing; the comm may hold spaces, dashes and brackets. Counter-like clocks print a whole
 * number. Source: trace_print_context and trace_print_lat_context of kernel/trace/trace_output.c, by their output.
 */
import { LF, SPACE } from "./byte-reader.ts";

const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_PAREN = 40;
const CLOSE_PAREN = 41;
const DASH = 45;
const DOT = 46;
const COLON = 58;
const PLUS = 43;
const QUOTE = 62;
const U = 117;
const S = 115;

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57;

/** Kernel and trace-cmd pad the comm to 16 columns; whatever stands before is the name of a buffer or file. */
const COMM_COLUMNS = 16;
const LATENCY_COMM_COLUMNS = 8;
/** PID_MAX_LIMIT and the largest NR_CPUS of the kernel: a number above is none of a record. */
export const MAX_PID = 4_194_304;
const MAX_CPU = 8191;
const MAX_HEAD_BYTES = 512;
const MAX_FLAGS = 8;
const TRACE_CMD_FLAGS = 5;
/** Columns of a count: with fewer digits blanks stand before it. */
const COUNT_DIGITS = 12;
/** Fraction digits -> factor to nanoseconds. */
const TO_NS = [1, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 100, 10, 1];

export class LineHead {
  cpu = 0;
  pid = 0;
  seconds = 0;
  nanos = 0;
  /** Time without a point: units of a counter, or nanoseconds as trace-cmd prints the boot and tai clocks. */
  wholeNumber = false;
  /** Time in the latency format's microseconds. */
  relative = false;
  fractionDigits = 0;
  /** First byte of the line, mail quoting skipped. */
  from = 0;
  /** The dash before the pid. */
  dashAt = 0;
  #commColumns = COMM_COLUMNS;
  /** From the dash to the bracket, as seen last. */
  #pidColumns = 9;

  /** @returns where the event's name begins; -1: no such line. `from` is the first byte of a line that ends in LF. */
  read(bytes: Uint8Array, from: number): number {
    const usual = this.#usual(bytes, from);
    if (usual > 0) {
      const name = this.#usualTail(bytes, usual);
      return name > 0 ? name : this.#afterCpu(bytes, usual);
    }
    return this.#general(bytes, from);
  }

  /**
   * The usual columns: 16 of comm, dash, 7 of pid (trace-cmd: 5), blank, bracket, 3 of CPU. @returns where the bracket has closed;
   * 0: it does not look so.
   */
  #usual(bytes: Uint8Array, from: number): number {
    const dashAt = from + COMM_COLUMNS;
    const bracketAt = dashAt + this.#pidColumns;
    if (bytes[dashAt] !== DASH || bytes[bracketAt] !== OPEN_BRACKET || bytes[bracketAt + 4] !== CLOSE_BRACKET) return 0;
    if (bytes[bracketAt + 5] !== SPACE || bytes[from] === QUOTE || bytes[dashAt - 1] === SPACE) return 0;
    const a = (bytes[bracketAt + 1] as number) - 48;
    const b = (bytes[bracketAt + 2] as number) - 48;
    const c = (bytes[bracketAt + 3] as number) - 48;
    if (a < 0 || a > 9 || b < 0 || b > 9 || c < 0 || c > 9) return 0;
    let at = dashAt + 1;
    let pid = 0;
    for (let digit = (bytes[at] as number) - 48; digit >= 0 && digit <= 9; digit = (bytes[++at] as number) - 48)
      pid = pid * 10 + digit;
    if (at === dashAt + 1 || pid > MAX_PID) return 0;
    for (; at < bracketAt; at++) {
      if (bytes[at] !== SPACE) return 0;
    }
    for (let i = from; i < dashAt; i++) {
      if (bytes[i] === LF) return 0;
    }
    this.cpu = a * 100 + b * 10 + c;
    this.pid = pid;
    this.from = from;
    this.dashAt = dashAt;
    this.#commColumns = COMM_COLUMNS;
    return bracketAt + 5;
  }

  /** ` dNs2.     9.300386: `: five flags, seconds, microseconds. @returns where the name begins; 0: it does not look so. */
  #usualTail(bytes: Uint8Array, from: number): number {
    let at = from + 6;
    if (bytes[at] !== SPACE || bytes[from + 1] === SPACE || isDigit(bytes[from + 1])) return 0;
    for (let i = from + 2; i < at; i++) {
      if ((bytes[i] as number) <= SPACE) return 0;
    }
    while (bytes[at] === SPACE) at++;
    const secondsAt = at;
    let seconds = 0;
    for (let digit = (bytes[at] as number) - 48; digit >= 0 && digit <= 9; digit = (bytes[++at] as number) - 48)
      seconds = seconds * 10 + digit;
    if (at === secondsAt || at - secondsAt > 9 || bytes[at] !== DOT) return 0;
    const a = (bytes[at + 1] as number) - 48;
    const b = (bytes[at + 2] as number) - 48;
    const c = (bytes[at + 3] as number) - 48;
    const d = (bytes[at + 4] as number) - 48;
    const e = (bytes[at + 5] as number) - 48;
    const f = (bytes[at + 6] as number) - 48;
    // A byte below "0" makes the union negative; one above "9" the other one.
    if ((a | b | c | d | e | f | (9 - a) | (9 - b) | (9 - c) | (9 - d) | (9 - e) | (9 - f)) < 0) return 0;
    if (bytes[at + 7] !== COLON || bytes[at + 8] !== SPACE) return 0;
    const name = at + 9;
    if (bytes[name] === SPACE || bytes[name] === OPEN_PAREN) return 0;
    this.seconds = seconds;
    this.nanos = (a * 100_000 + b * 10_000 + c * 1000 + d * 100 + e * 10 + f) * 1000;
    this.fractionDigits = 6;
    this.wholeNumber = false;
    this.relative = false;
    return name;
  }

  #general(bytes: Uint8Array, from: number): number {
    let at = from;
    while (bytes[at] === QUOTE) at += bytes[at + 1] === SPACE ? 2 : 1;
    this.from = at;
    this.#commColumns = COMM_COLUMNS;
    while (bytes[at] === SPACE) at++;
    const limit = from + MAX_HEAD_BYTES;
    for (; at < limit; at++) {
      const byte = bytes[at];
      if (byte === LF) return -1;
      if (byte === OPEN_BRACKET && at > this.from && bytes[at - 1] === SPACE) {
        const end = this.#cpu(bytes, at + 1);
        if (end > 0 && this.#task(bytes, at)) {
          const columns = at - this.dashAt;
          if (columns >= 3 && columns <= 12) this.#pidColumns = columns;
          return this.#afterCpu(bytes, end);
        }
      }
    }
    return -1;
  }

  /** The same for the latency format. */
  readLatency(bytes: Uint8Array, from: number): number {
    let at = from;
    while (bytes[at] === QUOTE) at += bytes[at + 1] === SPACE ? 2 : 1;
    this.from = at;
    const limit = from + 64;
    for (; at < limit && bytes[at] !== LF; at++) {
      if (bytes[at] !== DASH || !isDigit(bytes[at + 1])) continue;
      const name = this.#latencyTail(bytes, at);
      if (name >= 0) return name;
    }
    return -1;
  }

  #latencyTail(bytes: Uint8Array, dashAt: number): number {
    let at = dashAt + 1;
    let pid = 0;
    for (; isDigit(bytes[at]); at++) pid = pid * 10 + (bytes[at] as number) - 48;
    if (pid > MAX_PID || bytes[at] !== SPACE || dashAt === this.from) return -1;
    while (bytes[at] === SPACE) at++;
    const cpuAt = at;
    let cpu = 0;
    for (; isDigit(bytes[at]) && at - cpuAt < 4; at++) cpu = cpu * 10 + (bytes[at] as number) - 48;
    const flagsAt = at;
    while (bytes[at] !== SPACE && bytes[at] !== LF) at++;
    if (at - flagsAt < 3 || at - flagsAt > MAX_FLAGS || flagsAt === cpuAt) return -1;
    while (bytes[at] === SPACE) at++;
    this.pid = pid;
    this.cpu = cpu;
    this.dashAt = dashAt;
    this.#commColumns = LATENCY_COMM_COLUMNS;
    return this.#time(bytes, at);
  }

  #cpu(bytes: Uint8Array, from: number): number {
    let at = from;
    let cpu = 0;
    for (; isDigit(bytes[at]); at++) cpu = cpu * 10 + (bytes[at] as number) - 48;
    // `report -R` puts the flags as a number right behind: `[001]-0x2d   315.545993: `
    const ended = bytes[at + 1] === SPACE || bytes[at + 1] === DASH;
    if (at === from || cpu > MAX_CPU || bytes[at] !== CLOSE_BRACKET || !ended) return -1;
    this.cpu = cpu;
    return at + 1;
  }

  /** Backwards from the bracket: spaces, perhaps the thread group in parentheses, pid, dash. */
  #task(bytes: Uint8Array, bracketAt: number): boolean {
    let at = bracketAt - 1;
    while (bytes[at] === SPACE && at > this.from) at--;
    if (bytes[at] === CLOSE_PAREN) {
      while (bytes[at] !== OPEN_PAREN && at > this.from) at--;
      at--;
      while (bytes[at] === SPACE && at > this.from) at--;
    }
    const end = at;
    let pid = 0;
    let scale = 1;
    for (; isDigit(bytes[at]) && at > this.from; at--, scale *= 10) pid += ((bytes[at] as number) - 48) * scale;
    if (at === end || pid > MAX_PID || bytes[at] !== DASH || at <= this.from) return false;
    if (bytes[at - 1] === SPACE) return false;
    this.pid = pid;
    this.dashAt = at;
    return true;
  }

  #afterCpu(bytes: Uint8Array, from: number): number {
    let at = from;
    while (bytes[at] === SPACE) at++;
    if (!isDigit(bytes[at])) {
      const flagsAt = at;
      while (bytes[at] !== SPACE && bytes[at] !== LF) at++;
      if (at - flagsAt > MAX_FLAGS) at = countAfterFlags(bytes, flagsAt);
      if (at < 0) return -1;
      while (bytes[at] === SPACE) at++;
    }
    return this.#time(bytes, at);
  }

  #time(bytes: Uint8Array, from: number): number {
    let at = from;
    let seconds = 0;
    for (let byte = bytes[at] as number; byte >= 48 && byte <= 57; byte = bytes[++at] as number)
      seconds = seconds * 10 + byte - 48;
    if (at === from || at - from > 20) return -1;
    this.wholeNumber = false;
    this.relative = false;
    if (bytes[at] === DOT) {
      const fractionAt = ++at;
      let fraction = 0;
      for (let byte = bytes[at] as number; byte >= 48 && byte <= 57; byte = bytes[++at] as number)
        fraction = fraction * 10 + byte - 48;
      const digits = at - fractionAt;
      if (digits < 6 || digits > 9) return -1;
      this.seconds = seconds;
      this.nanos = fraction * (TO_NS[digits] as number);
      this.fractionDigits = digits;
    } else at = this.#wholeTime(bytes, from, at);
    if (bytes[at] !== COLON || bytes[at + 1] !== SPACE) return -1;
    at += 2;
    while (bytes[at] === SPACE) at++;
    if (bytes[at] === OPEN_PAREN && bytes[at + 1] === PLUS) at = skipDiff(bytes, at);
    return at;
  }

  /** Whole numbers: the last digits are the part below a second, so that 64-bit values stay exact. */
  #wholeTime(bytes: Uint8Array, from: number, end: number): number {
    const microseconds = bytes[end] === U && bytes[end + 1] === S;
    const split = Math.max(from, end - (microseconds ? 6 : 9));
    let seconds = 0;
    for (let at = from; at < split; at++) seconds = seconds * 10 + (bytes[at] as number) - 48;
    let rest = 0;
    for (let at = split; at < end; at++) rest = rest * 10 + (bytes[at] as number) - 48;
    this.seconds = seconds;
    this.nanos = microseconds ? rest * 1000 : rest;
    this.fractionDigits = microseconds ? 6 : 9;
    this.wholeNumber = !microseconds;
    this.relative = microseconds;
    // `12us+:`, `12us :`: the mark tells how long the next event took.
    return microseconds ? end + (bytes[end + 2] === COLON ? 2 : 3) : end;
  }

  /** Where the comm begins: at most 16 columns before the dash (8 in the latency format). */
  commFrom(bytes: Uint8Array): number {
    let at = Math.max(this.from, this.dashAt - this.#commColumns);
    while (bytes[at] === SPACE && at < this.dashAt) at++;
    return at;
  }

  /** Where the text before the comm's columns ends: a buffer's or file's name with `: `; undefined without one. */
  prefixEnd(bytes: Uint8Array): number | undefined {
    let at = this.dashAt - this.#commColumns - 1;
    while (at > this.from && bytes[at] === SPACE) at--;
    return at > this.from && bytes[at] === COLON ? at : undefined;
  }
}

/**
 * `d..1.963843491564: `: trace-cmd puts no blank before a count of twelve digits or more. Flags may be digits too, but there
 * are five of them. @returns where the count begins, or -1
 */
function countAfterFlags(bytes: Uint8Array, flagsAt: number): number {
  const countAt = flagsAt + TRACE_CMD_FLAGS;
  let at = countAt;
  while (isDigit(bytes[at])) at++;
  return at - countAt >= COUNT_DIGITS && bytes[at] === COLON ? countAt : -1;
}

/** `(+1442)` of `trace-cmd report --ts-diff`. */
function skipDiff(bytes: Uint8Array, from: number): number {
  let at = from + 2;
  while (isDigit(bytes[at]) || bytes[at] === DOT) at++;
  if (bytes[at] !== CLOSE_PAREN) return from;
  at++;
  while (bytes[at] === SPACE) at++;
  return at;
}
