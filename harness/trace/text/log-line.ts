/**
 * Lines of the kernel's log, as dmesg, journalctl, syslog and serial consoles show them: what stands before the message.
 *
 *   console, dmesg        [   12.345678] message        <7>[   12.345678] ...      kern  :debug : [   12.345678] ...
 *   dmesg -d              [   12.345678 <    0.000123>] message
 *   with the caller       [   12.345678][  T123] message                          [   12.345678][    C1] message
 *   dmesg -T, --time-format iso
 *                         [Mon Nov 23 10:11:12 2026] message                      2026-11-23T10:11:12,345678+00:00 message
 *   syslog, journalctl    Nov 23 10:11:12 host kernel: [   12.345678] message     (journald takes the kernel's stamp off)
 *   journalctl -o short-monotonic, short-iso, short-unix
 *                         [   12.345678] host kernel: message                     1795428672.345678 host kernel: message
 */

export interface LogStamp {
  readonly seconds: number;
  readonly nanos: number;
  /** `kernel`: since boot. `wall`: a date, as exact as it was printed; without a year, seconds since its first day. */
  readonly clock: "kernel" | "wall";
}

export interface LogLine extends LogStamp {
  /** Where the message begins in the line. */
  readonly messageAt: number;
  readonly pid: number;
  readonly cpu: number;
}

const CALLER = String.raw`(?:\[\s*(?<caller>[TC])(?<callerId>\d+)\] ?)?`;
const STAMP = String.raw`\[\s*(?<seconds>\d{1,10})\.(?<fraction>\d{6})(?: <[\s\d.]+>)?\] ?`;
const LEVEL = String.raw`(?:<\d{1,3}>|\w+ *:\w+ *: )?`;
/** `host kernel: ` as syslog and journald write it. */
const HOST = String.raw`\S+ (?:kernel|kernel\[\d+\]): ?`;
const KERNEL = new RegExp(`^${LEVEL}${STAMP}${CALLER}(?:${HOST})?`);
const SYSLOG_DATE = String.raw`(?<month>[A-Z][a-z]{2}) +(?<day>\d{1,2}) (?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)`;
const SYSLOG = new RegExp(String.raw`^(?:<\d{1,3}>)?${SYSLOG_DATE}(?:[.,](?<fraction>\d{1,9}))? ${HOST}`);
const DMESG_T = new RegExp(String.raw`^${LEVEL}\[[A-Z][a-z]{2} ${SYSLOG_DATE} (?<year>\d{4})\] ?${CALLER}`);
const ISO = new RegExp(
  String.raw`^(?<date>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](?<fraction>\d{1,9}))?(?<zone>Z|[+-]\d\d:?\d\d)? (?:${HOST})?`,
);
const UNIX = new RegExp(String.raw`^(?<seconds>\d{9,10})\.(?<fraction>\d{6}) ${HOST}`);
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/** A date without a year is counted in a leap year, in which every date exists. */
const YEARLESS = 1972;

/** Undefined: no line of the kernel's log. */
export function parseLogLine(text: string): LogLine | undefined {
  // A serial console's line may begin in the middle of what getty or a shell wrote.
  const from = kernelStart(text);
  const kernel = KERNEL.exec(from === 0 ? text : text.slice(from));
  if (kernel?.groups)
    return { ...stamp(kernel.groups, "kernel"), ...caller(kernel.groups), messageAt: from + kernel[0].length };
  const dated = SYSLOG.exec(text) ?? DMESG_T.exec(text) ?? ISO.exec(text) ?? UNIX.exec(text);
  if (!dated?.groups) return undefined;
  const messageAt = dated[0].length;
  // rsyslog keeps the kernel's own stamp behind its date: that one is exact.
  const inner = KERNEL.exec(text.slice(messageAt));
  if (inner?.groups)
    return { ...stamp(inner.groups, "kernel"), ...caller(inner.groups), messageAt: messageAt + inner[0].length };
  const time = wallTime(dated.groups);
  return time && { ...time, ...caller(dated.groups), messageAt };
}

function kernelStart(text: string): number {
  const at = text.search(/(?:<\d{1,3}>)?\[\s*\d{1,10}\.\d{6}(?: <[\s\d.]+>)?\]/);
  return at > 0 && !/\bkernel(?:\[\d+\])?: ?$/.test(text.slice(0, at)) && !/^\w+ *:\w+ *: $/.test(text.slice(0, at))
    ? at
    : 0;
}

const nanosOf = (fraction: string | undefined): number => Number((fraction ?? "").padEnd(9, "0"));

const stamp = (parts: Record<string, string | undefined>, clock: LogStamp["clock"]): LogStamp => ({
  seconds: Number(parts.seconds),
  nanos: nanosOf(parts.fraction),
  clock,
});

/** printk's caller: a task by its id, or the CPU of an interrupt. */
const caller = (parts: Record<string, string | undefined>): { pid: number; cpu: number } => ({
  pid: parts.caller === "T" ? Number(parts.callerId) : 0,
  cpu: parts.caller === "C" ? Number(parts.callerId) : 0,
});

function wallTime(parts: Record<string, string | undefined>): LogStamp | undefined {
  if (parts.seconds !== undefined) return stamp(parts, "wall");
  const nanos = nanosOf(parts.fraction);
  if (parts.date !== undefined) {
    const zone = (parts.zone ?? "Z").replace(/^([+-]\d\d)(\d\d)$/, "$1:$2");
    const ms = Date.parse(`${parts.date}${zone}`);
    return Number.isNaN(ms) ? undefined : { seconds: ms / 1000, nanos, clock: "wall" };
  }
  const month = MONTHS.indexOf(parts.month ?? "");
  if (month < 0) return undefined;
  const { day, hour, minute, second } = parts;
  const year = parts.year === undefined ? YEARLESS : Number(parts.year);
  const ms = Date.UTC(year, month, Number(day), Number(hour), Number(minute), Number(second));
  const start = parts.year === undefined ? Date.UTC(YEARLESS, 0, 1) : 0;
  return { seconds: (ms - start) / 1000, nanos, clock: "wall" };
}
