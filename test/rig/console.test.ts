import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { waitFor } from "../../harness/base/wait.ts";
import { classifyKernelLine } from "../../harness/rig/console/kernel-trouble.ts";
import { LineSplitter } from "../../harness/rig/console/line-splitter.ts";
import { toPrintable } from "../../harness/rig/console/printable.ts";
import { SerialConsole } from "../../harness/rig/console/serial-console.ts";

const dir = mkdtempSync(join(tmpdir(), "mhi-hil-console-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe.skipIf(!existsSync("/usr/bin/socat"))("a console on a real pty (socat)", () => {
  const link = join(dir, "tty");
  let peer: ChildProcess | undefined;
  let console: SerialConsole | undefined;

  const plugIn = async (): Promise<ChildProcess> => {
    peer = spawn("socat", ["-", `pty,raw,echo=0,link=${link}`], { stdio: ["pipe", "pipe", "ignore"] });
    await waitFor(() => existsSync(link), { what: "the pty", timeoutMs: 3000 });
    return peer;
  };
  const unplug = async (): Promise<void> => {
    const gone = peer;
    peer = undefined;
    if (!gone || gone.exitCode !== null || gone.signalCode !== null) return;
    const exit = once(gone, "exit");
    gone.kill("SIGTERM");
    await exit;
  };
  afterEach(async () => {
    await console?.close();
    await unplug();
  });

  test("lines are stamped, kept and logged; what is written arrives", async () => {
    const log = join(dir, "log.jsonl");
    const host = await plugIn();
    console = await SerialConsole.open({ path: link, logFile: log });
    const before = Number(process.hrtime.bigint());
    host.stdin?.write("first\r\n\x1b[31mred\x1b[0m \x07\nmhi-hil login: ");
    expect((await console.waitForLine(/login:/, { timeoutMs: 3000, sinceNs: 0 })).text).toBe("mhi-hil login: ");
    expect(console.lines.map((line) => line.text)).toEqual(["first", "red \\x07", "mhi-hil login: "]);
    expect(console.lines.every((line) => line.controllerNs >= before)).toBe(true);
    expect(console.linesSince(Number(process.hrtime.bigint()))).toEqual([]);
    const heard = host.stdout ? once(host.stdout, "data") : undefined;
    await console.write("root\n");
    expect(String((await heard)?.[0])).toBe("root\n");
    await console.close();
    const logged = readFileSync(log, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(logged.map((line) => line.text)).toEqual(["first", "red \\x07", "mhi-hil login: "]);
  });

  test("a port that goes away is opened again, and the hole is a line", async () => {
    await plugIn();
    console = await SerialConsole.open({ path: link });
    await unplug();
    await waitFor(() => console?.open === false, { what: "the loss", timeoutMs: 3000 });
    await expect(console.write("x")).rejects.toMatchObject({ code: "console-lost" });
    const host = await plugIn();
    await waitFor(() => console?.open === true, { what: "the port's return", timeoutMs: 3000 });
    host.stdin?.write("again\n");
    await console.waitForLine(/again/, { timeoutMs: 3000, sinceNs: 0 });
    expect(console.lines.map((line) => [line.gap ?? false, line.text])).toEqual([
      [true, "[the console's port went away]"],
      [true, expect.stringMatching(/^\[the console's port is back after \d+ ms\]$/)],
      [false, "again"],
    ]);
  });

  test("a line that does not come is told with what came instead", async () => {
    const host = await plugIn();
    console = await SerialConsole.open({ path: link });
    host.stdin?.write("Booting from ROM..\n");
    await console.waitForLine(/ROM/, { timeoutMs: 3000, sinceNs: 0 });
    await expect(console.waitForLine(/login/, { timeoutMs: 100 })).rejects.toMatchObject({
      code: "console-timeout",
      message: expect.stringContaining('expected a line like /login/ within 100 ms; found last "Booting from ROM.."'),
    });
  });
});

test("a port that is not there is one sentence", async () => {
  await expect(SerialConsole.open({ path: "/dev/no-such-port", openTimeoutMs: 100 })).rejects.toMatchObject({
    kind: "rig",
    code: "console-open",
    message: expect.stringMatching(/^console \/dev\/no-such-port: cannot be opened: .*; check the path and the cable$/),
  });
});

test("bytes become lines wherever they are split", () => {
  const splitter = new LineSplitter();
  const bytes = Buffer.from("a\r\n50%\r100%\r\nh\u00e9\n\n");
  const lines = Array.from(bytes, (byte, index) => splitter.push(Buffer.from([byte]), index)).flat();
  expect(lines).toEqual([
    { atNs: 0, text: "a" },
    { atNs: 3, text: "50%" },
    { atNs: 3, text: "100%" },
    { atNs: 13, text: "h\u00e9" },
  ]);
  expect(splitter.push(Buffer.from("y".repeat(20_000)), 1).map((line) => line.text.length)).toEqual([8192, 8192]);
});

test("nothing of a console reaches a terminal as it is", () => {
  expect(toPrintable("\x1bc\x1b[?7l\x1b[2J\x1b[0mok\x1b]0;title\x07!\x9b31m\u202e\tend")).toBe(
    "ok!\\x9b31m\\u202e\tend",
  );
  expect(toPrintable("broken \x1b")).toBe("broken \\x1b");
});

test.each<[string, string | undefined]>([
  ["[   12.3] Kernel panic - not syncing: Fatal exception", "dead"],
  ["[   12.3] BUG: unable to handle page fault for address: ffff8880", "broken"],
  ["[   12.3] Oops: 0002 [#1] PREEMPT SMP NOPTI", "broken"],
  ["[   12.3] watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [kworker/u9:0:74]", "broken"],
  ["[   12.3] INFO: task modprobe:211 blocked for more than 120 seconds.", "broken"],
  ["[   12.3] WARNING: CPU: 0 PID: 74 at drivers/bus/mhi/host/main.c:100 mhi_queue+0x1/0x2", "warned"],
  ["[   12.3] mhi mhi0: Did not enter M3 state, MHI state: M0, PM state: M?->M3", undefined],
  ["DEBUG: all is well", undefined],
])("%s", (text, severity) => {
  expect(classifyKernelLine(text)?.severity).toBe(severity);
});
