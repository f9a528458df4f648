/**
 * The collector under a flood: the guest writes markers as fast as it can, on one CPU and on two at once, more than the
 * default buffer holds; what counts is how fast they come out decoded, none missing. The buffer is made large enough for the
 * whole flood, so the figure is the link's and the decoder's, not the buffer's.
 *
 * Floor: the same flood through the same readers and SSH channels, its bytes thrown away unread.
 */
import { RigFault } from "../harness/base/errors.ts";
import type { Shell } from "../harness/rig/shell/shell.ts";
import { Collector } from "../harness/trace/collector.ts";
import {
  type ArmOptions,
  createCommand,
  enableCommand,
  readArmed,
  readerCommand,
  removeCommand,
} from "../harness/trace/tracefs.ts";
import { BenchLab } from "./bench-lab.ts";
import { type Figure, ratio } from "./figures.ts";
import { benchLatency } from "./latency.ts";

const ROUNDS = 3;
/** Markers a CPU: four times what the default buffer holds. */
const MARKERS = 100_000;
/** 47 bytes and the newline. */
const LINE = "flood of the bench, one marker of forty-eight b";
const LAST = "flood of the bench, the last one of them all...";
const BUFFER_KIB = 16_384;
const FLOOD_MS = 60_000;

const ARM: ArmOptions = {
  root: "/sys/kernel/tracing",
  instance: "mhi-hil-bench",
  bufferKib: BUFFER_KIB,
  events: ["mhi_host"],
};
const MARKER_FILE = `${ARM.root}/instances/${ARM.instance}/trace_marker`;

/** One write a marker, pinned, so that the last line is the last of its CPU's stream. */
const floodCommand = (cpus: number): string => {
  const writers = [...Array(cpus).keys()].map(
    (cpu) => `taskset ${1 << cpu} dd if=/tmp/flood bs=48 of=${MARKER_FILE} 2>/dev/null &`,
  );
  return `${writers.join(" ")} wait`;
};

export function benchCollector(): Promise<Figure[]> {
  return BenchLab.with(async (bench) => {
    await bench.boot();
    await bench.loadMhi();
    await bench.shell.run(`{ yes '${LINE}' | head -n ${MARKERS - 1}; echo '${LAST}'; } > /tmp/flood`);
    const one = await floods(bench.shell, 1);
    const two = await floods(bench.shell, 2);
    return [...one, ...two, ...(await benchLatency(bench.shell))];
  });
}

async function floods(shell: Shell, cpus: number): Promise<Figure[]> {
  const values = { decoded: [] as number[], floor: [] as number[], writing: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    const { seconds, writingS } = await collectedFlood(shell, cpus);
    values.decoded.push((cpus * MARKERS) / seconds);
    values.writing.push((cpus * MARKERS) / writingS);
    values.floor.push((cpus * MARKERS) / (await unreadFlood(shell, cpus)));
  }
  const where = `flood on ${cpus} CPU${cpus === 1 ? "" : "s"}`;
  const decoded: Figure = {
    name: `${where}: collected and decoded, no gaps`,
    unit: "events/s",
    values: values.decoded,
  };
  const floor: Figure = { name: "  floor: same channels, bytes thrown away", unit: "events/s", values: values.floor };
  const written: Figure = { name: "  written by the guest meanwhile", unit: "events/s", values: values.writing };
  return [decoded, written, floor, ratio("  floor over collected", floor, decoded)];
}

/** @returns from the flood's start until its last marker was decoded, and until its writers had ended. */
async function collectedFlood(shell: Shell, cpus: number): Promise<{ seconds: number; writingS: number }> {
  const collector = await Collector.start(shell, { ...ARM, tracefsRoot: ARM.root, timeoutMs: FLOOD_MS });
  try {
    let seen = 0;
    const all = inTime(
      (done) => {
        collector.onEvent((event) => {
          if (event.kind === "marker" && ++seen === cpus * MARKERS) done();
        });
      },
      () => `${seen} of ${cpus * MARKERS} markers decoded, ${JSON.stringify(collector.gaps.slice(0, 2))}`,
    );
    const startedAt = performance.now();
    const since = (): number => (performance.now() - startedAt) / 1000;
    const written = shell.run(floodCommand(cpus), { timeoutMs: FLOOD_MS }).then(since);
    const [seconds, writingS] = await Promise.all([all.then(since), written]);
    await collector.drain();
    const [gap] = collector.gaps;
    if (gap) throw new RigFault("bench-gaps", `the flood left ${collector.gaps.length} gaps; the first: ${gap.detail}`);
    return { seconds, writingS };
  } finally {
    await collector.stop().catch(() => undefined);
  }
}

/** The collector's own readers and channels without a collector: seconds until each CPU's last marker is there. */
async function unreadFlood(shell: Shell, cpus: number): Promise<number> {
  const armed = await readArmed(shell, createCommand(ARM), ARM);
  await shell.run(enableCommand(ARM));
  const streams = await Promise.all(
    armed.cpus.map((cpu) => shell.stream(readerCommand(ARM, cpu, armed.layout.pageBytes))),
  );
  try {
    const startedAt = performance.now();
    let bytes = 0;
    const all = inTime(
      (done) => {
        let ended = 0;
        for (const stream of streams) {
          let tail = Buffer.alloc(0); // the last marker may lie across two chunks
          let over = false;
          stream.onData((chunk) => {
            bytes += chunk.length;
            if (over) return;
            over = chunk.includes(LAST) || Buffer.concat([tail, chunk.subarray(0, LAST.length)]).includes(LAST);
            tail = Buffer.from(chunk.subarray(-LAST.length));
            if (over && ++ended === cpus) done();
          });
        }
      },
      () => `${bytes} bytes, not the last marker`,
    );
    const written = shell.run(floodCommand(cpus), { timeoutMs: FLOOD_MS });
    const seconds = await all.then(() => (performance.now() - startedAt) / 1000);
    await written;
    return seconds;
  } finally {
    for (const stream of streams) stream.close();
    await shell.run(removeCommand(ARM));
  }
}

function inTime(start: (done: () => void) => void, found: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = (): void =>
      reject(new RigFault("bench-flood", `the flood did not come through in ${FLOOD_MS} ms: ${found()}`));
    const timer = setTimeout(late, FLOOD_MS);
    start(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
