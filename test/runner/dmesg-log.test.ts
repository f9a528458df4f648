import { describe, expect, test } from "vitest";
import type { ExecResult, Shell } from "../../harness/rig/shell/shell.ts";
import { DmesgLog } from "../../harness/runner/dmesg-log.ts";

interface Line {
  readonly atMs: number;
  readonly text: string;
}

/** A host's /dev/kmsg and its two clocks: the log's stands still while it sleeps. */
class Host {
  bootId = "boot-1";
  /** How long the host has slept so far. */
  sleptMs = 1000;
  readonly #lines: string[] = [];
  #seq = 0;
  #logMs = 0;

  say(...lines: Line[]): void {
    for (const { atMs, text } of lines) {
      this.#lines.push(`6,${this.#seq++},${atMs * 1000},-;${text}`);
      this.#logMs = atMs;
    }
  }

  /** Lines that the ring has overwritten before anybody read them. */
  lose(count: number): void {
    this.#seq += count;
  }

  readonly shell = {
    exec: async (command: string): Promise<ExecResult> => {
      const token = /mhi-hil: [0-9a-f-]{36}/.exec(command)?.[0] ?? "no token";
      this.say({ atMs: this.#logMs, text: token });
      const uptime = ((this.#logMs + this.sleptMs) / 1000).toFixed(2);
      return { exitCode: 0, stdout: [this.bootId, `${uptime} 1.00`, ...this.#lines, ""].join("\n"), stderr: "" };
    },
  } as unknown as Shell;
}

const times = (log: DmesgLog): [number, string][] => log.lines.map(({ tNs, text }) => [Math.round(tNs / 1e6), text]);

describe("the host's log on the trace clock", () => {
  test("each line once, by the offset of the moment, without our own marks", async () => {
    const host = new Host();
    const log = new DmesgLog();
    host.say({ atMs: 5000, text: "mhi mhi0: Wait for device to enter SBL or Mission mode" });
    await log.read(host.shell);
    host.say({ atMs: 6000, text: "second" });
    await log.read(host.shell);
    await log.read(host.shell);
    expect(times(log)).toEqual([
      [6000, "mhi mhi0: Wait for device to enter SBL or Mission mode"],
      [7000, "second"],
    ]);
    expect(log.lines.map(({ level }) => level)).toEqual([6, 6]);
  });

  test.each([
    "ACPI: PM: Low-level resume complete",
    "ACPI: PM: Waking up from system sleep state S3",
    "PM: suspend exit",
    "PM: resume from suspend-to-idle",
  ])("a sleep of 30 s between two reads: lines up to %j keep the old offset", async (awake) => {
    const host = new Host();
    const log = new DmesgLog();
    host.say({ atMs: 5000, text: "before" });
    await log.read(host.shell);
    host.say({ atMs: 6000, text: "PM: suspend entry (deep)" }, { atMs: 6100, text: "PM: suspend devices took 0.1 s" });
    host.sleptMs += 30_000;
    host.say({ atMs: 6150, text: awake }, { atMs: 6200, text: "after" });
    await log.read(host.shell);
    host.say({ atMs: 7000, text: "later" });
    await log.read(host.shell);
    expect(times(log)).toEqual([
      [6000, "before"],
      [7000, "PM: suspend entry (deep)"],
      [7100, "PM: suspend devices took 0.1 s"],
      [37150, awake],
      [37200, "after"],
      [38000, "later"],
    ]);
  });

  test("some milliseconds of unrest are no sleep", async () => {
    const host = new Host();
    const log = new DmesgLog();
    host.say({ atMs: 5000, text: "a" });
    await log.read(host.shell);
    host.sleptMs += 20;
    host.say({ atMs: 6000, text: "b" });
    await log.read(host.shell);
    expect(times(log).map(([, text]) => text)).toEqual(["a", "b"]);
    expect(Math.abs((times(log)[1]?.[0] ?? 0) - 7000)).toBeLessThan(25);
  });

  test("lost lines are told where they are missing, and the lines stay in the order of time", async () => {
    const host = new Host();
    const log = new DmesgLog();
    host.say({ atMs: 5000, text: "a" });
    await log.read(host.shell);
    host.lose(12);
    host.say({ atMs: 8000, text: "b" }, { atMs: 9000, text: "c" });
    await log.read(host.shell);
    expect(times(log)).toEqual([
      [6000, "a"],
      [9000, "[12 lines of the kernel's log were lost]"],
      [9000, "b"],
      [10000, "c"],
    ]);
  });

  test("a log that cannot be read is a fault of the rig", async () => {
    const shell = { exec: async () => ({ exitCode: 1, stdout: "", stderr: "sh: /dev/kmsg: Permission denied" }) };
    await expect(new DmesgLog().read(shell as unknown as Shell)).rejects.toMatchObject({
      kind: "rig",
      code: "dmesg-unreadable",
    });
  });
});
