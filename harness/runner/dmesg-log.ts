/**
 * The host's log on the trace clock. printk stamps with a clock that stands still in suspend, the trace with one that goes
 * on; so each read also learns the offset, and lines before a sleep keep the offset from before it.
 */
import type { LogLine } from "../judge/evidence.ts";
import { type DmesgMark, readDmesg } from "../rig/host/dmesg.ts";
import type { Shell } from "../rig/shell/shell.ts";

/** Lines that the kernel writes first when it is back (kernel/power, drivers/acpi/sleep.c). */
const AWAKE_AGAIN =
  /Low-level resume complete|Waking up from system sleep state|PM: suspend exit|resume from suspend-to-idle/;

export class DmesgLog {
  readonly lines: LogLine[] = [];
  #mark: DmesgMark | undefined;
  #offsetNs: number | undefined;

  /** Reads what is new. `bootNs`: CLOCK_BOOTTIME of the host now, to within some milliseconds. */
  async read(shell: Shell): Promise<void> {
    const part = await readDmesg(shell, this.#mark);
    this.#mark = part.mark;
    const offsetNs = part.bootNs - part.logNs;
    const before = this.#offsetNs ?? offsetNs;
    const slept = Math.abs(offsetNs - before) > 100e6;
    let awake = !slept;
    if (part.lost > 0) {
      // Where they are missing: before the first line that is left, which keeps the lines in the order of time.
      const tNs = (part.entries[0]?.tNs ?? part.logNs) + before;
      this.lines.push({ tNs, level: 4, text: `[${part.lost} lines of the kernel's log were lost]` });
    }
    for (const entry of part.entries) {
      if (!awake && AWAKE_AGAIN.test(entry.text)) awake = true;
      const tNs = entry.tNs + (awake ? offsetNs : before);
      this.lines.push({ tNs, level: entry.level, text: entry.text });
    }
    this.#offsetNs = offsetNs;
  }
}
