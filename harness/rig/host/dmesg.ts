/**
 * The kernel's log through /dev/kmsg (Documentation/ABI/testing/dev-kmsg): records with sequence numbers, so that
 * what the ring has overwritten is seen as a loss and not taken for silence.
 *
 * `tNs` is on the kernel's log clock (local_clock): it stands still in suspend, unlike the trace clock `boot`.
 */
import { randomUUID } from "node:crypto";
import type { Nanoseconds } from "../../base/clock.ts";
import { RigFault } from "../../base/errors.ts";
import { toPrintable } from "../console/printable.ts";
import { quote, type Shell, type ShellStream } from "../shell/shell.ts";

export interface DmesgEntry {
  readonly seq: number;
  readonly tNs: Nanoseconds;
  /** 0 emergency to 7 debug. */
  readonly level: number;
  readonly text: string;
}

export interface DmesgPart {
  readonly entries: readonly DmesgEntry[];
  /** Records that the ring lost before they could be read. */
  readonly lost: number;
  /** To read on from: `readDmesg(shell, mark)`. */
  readonly mark: DmesgMark;
  /** The same moment on the log's clock and on CLOCK_BOOTTIME (to 10 ms): they part when the host sleeps. */
  readonly logNs: Nanoseconds;
  readonly bootNs: Nanoseconds;
}

/** A place in one boot's log. */
export interface DmesgMark {
  readonly bootId: string;
  readonly seq: number;
}

const PREFIX = "mhi-hil: ";

/**
 * Everything since `mark`, or all that the ring holds. A mark of another boot counts as none.
 *
 * @throws RigFault `dmesg-unreadable`: /dev/kmsg cannot be written and read (not root?).
 */
export async function readDmesg(shell: Shell, mark?: DmesgMark): Promise<DmesgPart> {
  const token = newToken();
  const { bootId, bootNs, lines } = await readKmsg(shell, token, `/;${token}/{p;q};/^ /d;p`);
  const after = mark?.bootId === bootId ? mark.seq : undefined;
  const all = lines.flatMap((line) => parseKmsg(line) ?? []);
  const fresh = after === undefined ? all : all.filter((entry) => entry.seq > after);
  const first = fresh[0]?.seq;
  const lost = first === undefined || after === undefined ? 0 : Math.max(0, first - after - 1);
  const entries = fresh.filter((entry) => !entry.text.startsWith(PREFIX));
  const last = fresh.at(-1);
  if (!last) throw unreadable("the line that was written to it does not come back");
  return { entries, lost, mark: { bootId, seq: last.seq }, logNs: last.tNs, bootNs };
}

/** Notes the place without fetching what came before. @throws RigFault `dmesg-unreadable` */
export async function markDmesg(shell: Shell): Promise<DmesgMark> {
  const token = newToken();
  const { bootId, lines } = await readKmsg(shell, token, `/;${token}/{p;q}`);
  const seq = lines.map(parseKmsg).find((entry) => entry !== undefined)?.seq;
  if (seq === undefined) throw unreadable("the line that was written to it does not come back");
  return { bootId, seq };
}

const newToken = (): string => `${PREFIX}${randomUUID()}`;

const unreadable = (said: string): RigFault =>
  new RigFault("dmesg-unreadable", `the host's kernel log cannot be read through /dev/kmsg: ${said}; log in as root`);

interface KmsgText {
  readonly bootId: string;
  readonly bootNs: Nanoseconds;
  readonly lines: string[];
}

/**
 * A reader of /dev/kmsg waits at the end of the log: a line of our own tells it where to stop. There are two of them,
 * because busybox's sed reads one line ahead.
 */
async function readKmsg(shell: Shell, token: string, filter: string): Promise<KmsgText> {
  const line = quote(`<7>${token}`);
  // No program is started between the line and the look at the clock: a fork takes long on a slow guest.
  const script = `echo ${line} > /dev/kmsg && read up _ < /proc/uptime && echo ${line} > /dev/kmsg || exit 1
read boot < /proc/sys/kernel/random/boot_id; echo "$boot"; echo "$up"
sed -n ${quote(filter)} /dev/kmsg`;
  const result = await shell.exec(script);
  const [bootId, uptime, ...lines] = result.stdout.split("\n");
  if (result.exitCode === 0 && bootId && uptime) return { bootId, bootNs: Number.parseFloat(uptime) * 1e9, lines };
  throw unreadable(result.stderr.trim() || `exit code ${result.exitCode}`);
}

/** Follows the log from its end on; entries come as the kernel writes them. Close the stream to stop. */
export async function followDmesg(shell: Shell, onEntry: (entry: DmesgEntry) => void): Promise<ShellStream> {
  const stream = await shell.stream("exec cat /dev/kmsg");
  let pending = "";
  stream.onData((chunk) => {
    const lines = (pending + chunk.toString("latin1")).split("\n");
    pending = lines.pop() ?? "";
    for (const line of lines) {
      const entry = parseKmsg(line);
      if (entry && !entry.text.startsWith(PREFIX)) onEntry(entry);
    }
  });
  return stream;
}

/** `6,339,5140900,-;NET: Registered ...`; undefined for a continuation line or anything else. */
export function parseKmsg(line: string): DmesgEntry | undefined {
  const match = /^(\d+),(\d+),(\d+),[^;]*;(.*)$/.exec(line);
  if (!match) return undefined;
  const [, priority, seq, microseconds, text] = match;
  return {
    seq: Number(seq),
    tNs: Number(microseconds) * 1000,
    level: Number(priority) & 7,
    // The kernel escapes what is not printable as \x1b; bytes above ASCII come through as they are.
    text: toPrintable(text ?? ""),
  };
}
