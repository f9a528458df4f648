/**
 * The collector against the kernel that runs the tests, where that lets us have tracefs (root, as in CI); the mhi_host
 * events of a real driver are seen on the virtual rig. Without tracefs these tests are skipped, and say so.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test as plainTest } from "vitest";
import { Collector } from "../../harness/trace/collector.ts";
import type { CollectorOptions } from "../../harness/trace/collector-options.ts";
import { SegmentDecoder } from "../../harness/trace/decoder.ts";
import { parseFormat } from "../../harness/trace/format.ts";
import { FormatSet } from "../../harness/trace/ring/format-set.ts";
import { parseHeaderPage } from "../../harness/trace/ring/layout.ts";
import type { TraceStream } from "../../harness/trace/trace-shell.ts";
import { LocalTraceShell } from "../support/local-trace-shell.ts";

const work = mkdtempSync(join(tmpdir(), "mhi-hil-trace-"));
const root = join(work, "tracefs");
const instance = `test${process.pid}`;
const available = mountTracefs();
const test = plainTest.skipIf(!available);
const shell = new LocalTraceShell();
let collector: Collector | undefined;

function mountTracefs(): boolean {
  try {
    execFileSync("mkdir", ["-p", root]);
    execFileSync("mount", ["-t", "tracefs", "nodev", root], { stdio: "ignore" });
    return existsSync(join(root, "events/sched/sched_process_exec"));
  } catch {
    return false;
  }
}

const start = async (options: CollectorOptions = {}): Promise<Collector> => {
  const place = { tracefsRoot: root, instance, events: ["sched/sched_process_exec"], timeoutMs: 5000 };
  collector = await Collector.start(shell, { ...place, ...options });
  return collector;
};

const markers = (from: Collector): string[] =>
  from.events.flatMap((event) => (event.kind === "marker" ? [event.text] : []));

const burst = (name: string, count: number): Promise<unknown> =>
  shell.exec(
    `i=0; while [ $i -lt ${count} ]; do echo ${name} $i; i=$((i+1)); done > ${root}/instances/${instance}/trace_marker`,
  );

afterEach(async () => {
  await collector?.stop().catch(() => undefined);
  collector = undefined;
});
afterAll(() => {
  if (available) execFileSync("umount", [root]);
  rmSync(work, { recursive: true, force: true });
});

test("a marker comes back on both clocks, whatever stands in it", async () => {
  const live = await start();
  const text = 'hil note it\'s $(touch x) `y` "z" %s \\n';
  const sample = await live.mark(`${text}\nsecond line`);
  await live.drain();
  expect(markers(live)).toEqual([`${text} second line`]);
  // This machine is host and controller in one: boot time and monotonic time differ by what it slept.
  expect(sample.uncertaintyNs).toBeGreaterThan(0);
  expect(sample.uncertaintyNs).toBeLessThan(2e9);
  expect(live.clockSamples).toEqual([sample]);
});

test("drain: everything that was recorded before the call is there, once, in order", async () => {
  const live = await start();
  for (const round of [1, 2, 3]) {
    await burst(`round ${round}`, 3000);
    await live.drain();
    expect(markers(live).filter((text) => text.startsWith(`round ${round} `))).toHaveLength(3000);
  }
  expect(live.gaps).toEqual([]);
  const times = live.events.map((event) => event.tNs);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(live.watermarkNs).toBeGreaterThan(times.at(-1) ?? 0);
});

test("drain waits for what is still on its way", async () => {
  class SlowShell extends LocalTraceShell {
    override async stream(command: string): Promise<TraceStream> {
      const fast = await super.stream(command);
      return { ...fast, onData: (callback) => fast.onData((chunk) => setTimeout(callback, 300, chunk)) };
    }
  }
  const place = { tracefsRoot: root, instance, events: ["sched/sched_process_exec"] };
  collector = await Collector.start(new SlowShell(), place);
  await burst("slow", 500);
  await collector.drain();
  expect(markers(collector)).toHaveLength(500);
  expect(collector.gaps).toEqual([]);
});

test("events are told at once, before any drain", async () => {
  const live = await start();
  const told = new Promise<void>((resolve) => {
    live.onEvent((event) => event.kind === "marker" && event.text === "now" && resolve());
  });
  await shell.exec(`echo now > ${root}/instances/${instance}/trace_marker`);
  await told;
  expect(live.events).toEqual([]);
});

test("a reader that is killed on the host is started again; what it took along is a gap with its number", async () => {
  const live = await start();
  await live.mark("before");
  await shell.exec(
    `for p in /proc/[0-9]*; do case "$(readlink $p/fd/0)" in */${instance}/*) kill -STOP \${p#/proc/}; echo $p >> ${work}/pids;; esac; done`,
  );
  await burst("while stopped", 50);
  await shell.exec(`for p in $(cat ${work}/pids); do kill -9 \${p#/proc/}; done`);
  await burst("after", 50);
  await new Promise((resolve) => setTimeout(resolve, 400));
  await live.mark("again");
  await live.drain();
  const seen = markers(live).length;
  const lost = live.gaps.reduce((sum, gap) => sum + (gap.lost ?? 0), 0);
  expect(seen + lost).toBeGreaterThanOrEqual(102);
  expect(markers(live)).toContain("again");
  expect(live.detached).toBeUndefined();
});

test("more than the buffer holds while nobody reads: the exact number is lost, and told", async () => {
  const live = await start({ bufferKib: 64 });
  await shell.exec(
    `for p in /proc/[0-9]*; do case "$(readlink $p/fd/0)" in */${instance}/*) kill -STOP \${p#/proc/}; echo $p >> ${work}/stopped;; esac; done`,
  );
  await burst("flood", 20_000);
  await shell.exec(`for p in $(cat ${work}/stopped); do kill -CONT \${p#/proc/}; done`);
  await live.drain();
  const seen = markers(live).filter((text) => text.startsWith("flood")).length;
  const lost = live.gaps.reduce((sum, gap) => sum + (gap.lost ?? 0), 0);
  const others = live.events.length - seen;
  expect(lost).toBeGreaterThan(1000);
  expect(live.gaps.every((gap) => gap.reason === "overrun" && gap.fromNs <= gap.toNs)).toBe(true);
  expect(seen + lost).toBeGreaterThanOrEqual(20_000);
  expect(seen + lost).toBeLessThanOrEqual(20_000 + others + 50);
});

test("another connection goes on with the same boot", async () => {
  const live = await start();
  await live.mark("one");
  await live.attach(new LocalTraceShell());
  await live.mark("two");
  await live.drain();
  expect(markers(live)).toEqual(["one", "two"]);
  // What the old readers had taken and not handed over is told with its number.
  for (const gap of live.gaps) expect(gap).toMatchObject({ reason: "stream-lost", lost: expect.any(Number) });
});

test("the host is gone: one gap from the last drain on, and nothing hangs", async () => {
  const live = await start();
  await live.mark("last");
  await live.drain();
  live.hostGone("power was cut");
  expect(live.gaps).toMatchObject([{ reason: "host-down", fromNs: live.watermarkNs, detail: "power was cut" }]);
  await expect(live.drain()).rejects.toThrow(/power was cut/);
  await expect(live.mark("x")).rejects.toThrow(/power was cut/);
  await shell.exec(`rmdir ${root}/instances/${instance}`);
});

test("the pages that are kept decode to the same events", async () => {
  const rawDir = join(work, "raw");
  const live = await start({ rawDir });
  await burst("kept", 500);
  await live.drain();
  await live.stop();
  const part = join(rawDir, "part-0");
  const text = (name: string): string => readFileSync(join(part, name), "utf8");
  const formats = [
    parseFormat(text("ftrace.print.format"), "ftrace"),
    parseFormat(text("sched.sched_process_exec.format"), "sched"),
  ];
  const decoder = new SegmentDecoder({ layout: parseHeaderPage(text("header_page")), formats: new FormatSet(formats) });
  for (const name of readdirSync(part)) {
    const cpu = /^cpu(\d+)\.bin$/.exec(name)?.[1];
    if (cpu !== undefined) decoder.append(Number(cpu), readFileSync(join(part, name)));
  }
  expect(decoder.timeline.slice().slice(0, live.events.length)).toEqual(live.events);
});

test("a kernel without the events: one sentence, and nothing is left behind", async () => {
  await expect(start({ events: ["mhi_host"] })).rejects.toThrow(
    /^kernel \S+ has no mhi_host trace events.*6\.9 or later/,
  );
  expect(existsSync(join(root, "instances", instance))).toBe(false);
});

test("stop removes the instance", async () => {
  const live = await start();
  expect(existsSync(join(root, "instances", instance))).toBe(true);
  await live.stop();
  expect(existsSync(join(root, "instances", instance))).toBe(false);
});
