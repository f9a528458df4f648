/**
 * From a record in the guest's trace to the callback in the controller. Guest and controller have no common clock: each
 * marker is written between a question and its answer on a channel that stays open, which bounds the clocks' difference
 * from both sides; the tightest bounds of the whole round are taken, and half of what is left between them is told.
 */
import { NS_PER_MS, systemClock } from "../harness/base/clock.ts";
import { RigFault } from "../harness/base/errors.ts";
import type { Shell, ShellStream } from "../harness/rig/shell/shell.ts";
import { Collector } from "../harness/trace/collector.ts";
import type { Figure } from "./figures.ts";

const MARKERS = 200;
const ANSWER_MS = 10_000;
const INSTANCE = "mhi-hil-bench";

interface Sample {
  readonly askedNs: number;
  readonly answeredNs: number;
  readonly arrivedNs: number;
  readonly hostNs: number;
}

export async function benchLatency(shell: Shell): Promise<Figure[]> {
  const collector = await Collector.start(shell, { instance: INSTANCE });
  const marker = `/sys/kernel/tracing/instances/${INSTANCE}/trace_marker`;
  const writer = await shell.stream(`exec 3>${marker}; while read -r line; do echo "$line" >&3; echo "$line"; done`);
  try {
    const samples = await takeSamples(collector, writer);
    const most = Math.max(...samples.map(({ hostNs, answeredNs }) => hostNs - answeredNs));
    const least = Math.min(...samples.map(({ hostNs, askedNs }) => hostNs - askedNs));
    const offsetNs = (most + least) / 2;
    const ms = (ns: number): number => ns / NS_PER_MS;
    return [
      {
        name: "marker in the guest to callback",
        unit: "ms",
        values: samples.map(({ hostNs, arrivedNs }) => ms(arrivedNs - (hostNs - offsetNs))),
      },
      { name: "  known to +-", unit: "ms", values: [ms((least - most) / 2)] },
      {
        name: "  floor: a line to the guest and back, same connection",
        unit: "ms",
        values: samples.map(({ askedNs, answeredNs }) => ms(answeredNs - askedNs)),
      },
    ];
  } finally {
    writer.close();
    await collector.stop().catch(() => undefined);
  }
}

async function takeSamples(collector: Collector, writer: ShellStream): Promise<Sample[]> {
  const samples: Sample[] = [];
  let answered: (ns: number) => void = () => undefined;
  let arrived: (ns: { readonly hostNs: number; readonly arrivedNs: number }) => void = () => undefined;
  writer.onData(() => answered(systemClock.monotonicNs()));
  collector.onEvent((event) => {
    if (event.kind === "marker") arrived({ hostNs: event.tNs, arrivedNs: systemClock.monotonicNs() });
  });
  for (let index = 0; index < MARKERS; index++) {
    const answer = inTime<number>("answer", (resolve) => {
      answered = resolve;
    });
    const event = inTime<{ hostNs: number; arrivedNs: number }>("marker", (resolve) => {
      arrived = resolve;
    });
    const askedNs = systemClock.monotonicNs();
    writer.write(`latency ${index}\n`);
    const [answeredNs, { hostNs, arrivedNs }] = await Promise.all([answer, event]);
    samples.push({ askedNs, answeredNs, arrivedNs, hostNs });
  }
  return samples;
}

function inTime<T>(what: string, start: (resolve: (value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new RigFault("bench-latency", `no ${what} came back in ${ANSWER_MS} ms`)),
      ANSWER_MS,
    );
    start((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}
