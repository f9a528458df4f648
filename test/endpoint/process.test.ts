/** The endpoint as its own process, as the lab starts it: needs the compiled tree (`npm run build`). */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EndpointClient } from "../../harness/endpoint/client.ts";
import { FakeHost } from "./fake-host.ts";

const MAIN = fileURLToPath(new URL("../../dist/harness/endpoint/main.js", import.meta.url));
let folder: string;
let child: ChildProcess | undefined;
let running: Run[] = [];

beforeEach(() => {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is not there: run npm run build first`);
  folder = mkdtempSync(join(tmpdir(), "endpoint-"));
});
afterEach(async () => {
  for (const run of running) run.kill();
  await Promise.all(running.map((run) => run.ended));
  running = [];
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string) => join(folder, name);
const usual = () => ["--socket", at("v"), "--control", at("c"), "--log", at("log"), "--profile", "sdx55"];

interface Run {
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Exit code; null where a signal ended it. */
  readonly ended: Promise<number | null>;
  /** True when `ready` was printed, false when it ended without. */
  readonly ready: Promise<boolean>;
  kill(): void;
}

function start(args: readonly string[]): Run {
  const process = spawn(globalThis.process.execPath, [MAIN, ...args], { stdio: "pipe" });
  child = process;
  let [stdout, stderr] = ["", ""];
  process.stderr.on("data", (text) => {
    stderr += text;
  });
  const ended = new Promise<number | null>((resolve) => process.once("close", resolve));
  const ready = new Promise<boolean>((resolve) => {
    process.stdout.on("data", (text) => {
      stdout += text;
      if (stdout.includes("ready\n")) resolve(true);
    });
    void ended.then(() => resolve(false));
  });
  const run: Run = {
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    ready,
    kill: () => process.kill("SIGKILL"),
  };
  running.push(run);
  return run;
}

test("prints one line when both sockets listen, serves, logs, and takes its sockets along", async () => {
  const run = start([...usual(), "--exit-with-stdin", "--slot-power", "lost", "--fault", "sys-err:afterMs=1"]);
  expect(await run.ready).toBe(true);
  expect(run.stdout()).toBe("ready\n");
  const host = await FakeHost.connect(at("v"));
  await host.bringUp();
  await host.untilEvents(3);
  const control = await EndpointClient.connect(at("c"));
  expect(await control.status()).toMatchObject({ mhiState: "SYS_ERR", slotPower: "lost" });
  child?.stdin?.end();
  expect(await run.ended).toBe(0);
  expect([existsSync(at("v")), existsSync(at("c"))]).toEqual([false, false]);
  const records = readFileSync(at("log"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(records.every((record) => Number.isFinite(record.controllerNs) && typeof record.text === "string")).toBe(true);
  const kinds = new Set(records.map((record) => record.kind));
  for (const kind of ["vfio", "mmio-write", "doorbell", "event", "msi", "power", "reset", "fault"]) {
    expect(kinds).toContain(kind);
  }
  control.close();
});

test("ends on SIGTERM", async () => {
  const run = start(usual());
  await run.ready;
  child?.kill("SIGTERM");
  expect(await run.ended).toBe(0);
  expect(existsSync(at("v"))).toBe(false);
});

test("takes the place of a dead server's socket, and leaves a live one's and a plain file alone", async () => {
  const first = start(usual());
  await first.ready;
  child?.kill("SIGKILL");
  await first.ended;
  expect(existsSync(at("v"))).toBe(true); // left over
  const second = start(usual());
  expect(await second.ready).toBe(true);
  const third = start(usual());
  expect(await third.ended).toBe(2);
  expect(third.stderr()).toContain("is served by another process");
  writeFileSync(at("plain"), "precious");
  const fourth = start([...usual(), "--socket", at("plain")]);
  expect(await fourth.ended).toBe(2);
  expect(readFileSync(at("plain"), "utf8")).toBe("precious");
});

test.each([
  ["an unknown option", ["--frobnicate"], "Unknown option '--frobnicate'"],
  ["an unknown profile", ["--profile", "sdx99"], 'no device family "sdx99"; there are: sdx24, sdx55'],
  ["an unknown fault", ["--fault", "rain"], 'no fault "rain"; there are: '],
  ["a bad fault option", ["--fault", "sys-err:via=mail"], "expected one of event, interrupt"],
  ["a bad slot power", ["--slot-power", "half"], 'is "half", expected kept or lost'],
  ["a bad boot delay", ["--boot-delay-ms", "-1"], "--boot-delay-ms"],
  ["a log that cannot be written", ["--log", "/nowhere/at/all"], "cannot open the device log /nowhere/at/all"],
  ["a socket path that is too long", ["--socket", `/tmp/${"x".repeat(120)}`], "at most 107"],
])("%s: one line on stderr, exit code 2", async (_name, args, expected) => {
  const run = start([...usual(), ...args]);
  expect(await run.ended).toBe(2);
  expect(run.stderr()).toContain(expected);
  expect(run.stderr().trim().split("\n").length).toBe(1);
});

test("a missing option is named", async () => {
  const run = start(["--socket", at("v")]);
  expect(await run.ended).toBe(2);
  expect(run.stderr()).toContain("--control is missing");
});

test("a socket that someone else serves is not taken", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(at("v"), resolve));
  const run = start(usual());
  expect(await run.ended).toBe(2);
  await new Promise((resolve) => other.close(resolve));
});
