/**
 * The emulated device by itself, no guest: start, memory, register reads, image transfer, posted events; each beside a floor
 * of bare Node processes that move as many bytes.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EndpointOptions } from "../harness/lab/endpoint-process.ts";
import { EndpointProcess } from "../harness/lab/endpoint-process.ts";
import * as R from "../harness/mhi/registers.ts";
import { BenchHost } from "./bench-host.ts";
import { type Figure, ratio } from "./figures.ts";
import { Asker, READ_REPLY_BYTES, readRequest } from "./round-trips.ts";

const ROUNDS = 5;
const READS = 20_000;
const WINDOW = 32;
const IMAGE_AT = 1 << 20;
const IMAGE_BYTES = 64 << 20;
const EVENTS = 2000;
const EVENT_CONTEXT_AT = 0x1_0000;
const EVENT_RING_AT = 0x10_0000;
const EVENT_ELEMENTS = 65_536;

export async function benchEndpoint(): Promise<Figure[]> {
  const dir = await mkdtemp(join(tmpdir(), "mhi-hil-bench-"));
  try {
    return [...(await startAndReads(dir)), ...(await image(dir)), ...(await events(dir))];
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function withEndpoint<T>(
  dir: string,
  options: Partial<EndpointOptions>,
  work: (endpoint: EndpointProcess) => Promise<T>,
): Promise<T> {
  const given = {
    stateDir: dir,
    logPath: join(dir, "device.log"),
    profile: "sdx55",
    slotPower: "kept",
    faults: [],
  } as const;
  const endpoint = await EndpointProcess.start({ ...given, ...options });
  try {
    return await work(endpoint);
  } finally {
    await endpoint.close();
  }
}

/** A bare Node process of the bench, once it listens. */
async function withPeer<T>(entry: string, args: readonly string[], work: () => Promise<T>): Promise<T> {
  const path = fileURLToPath(new URL(entry, import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [path, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  if (child.stdout) await once(child.stdout, "data");
  try {
    return await work();
  } finally {
    child.stdin?.end();
    await once(child, "close");
  }
}

async function startAndReads(dir: string): Promise<Figure[]> {
  const start: number[] = [];
  const bareStart: number[] = [];
  const memory: number[] = [];
  const rates: number[] = [];
  const floorRates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const bareMs = performance.now();
    await withPeer("./echo-server.js", [join(dir, `echo-${round}.sock`)], async () => {
      bareStart.push(performance.now() - bareMs);
      const peer = await Asker.connect(join(dir, `echo-${round}.sock`));
      floorRates.push(1e6 / (await peer.roundTripUs(readRequest(0), READ_REPLY_BYTES, READS)));
      peer.close();
    });
    const startedMs = performance.now();
    await withEndpoint(dir, {}, async (endpoint) => {
      start.push(performance.now() - startedMs);
      const host = await BenchHost.connect(endpoint.socketPath);
      rates.push(await host.readRate(R.MHISTATUS, READS, WINDOW));
      memory.push(residentMiB(endpoint.pid));
      host.close();
    });
  }
  return [
    { name: "start, to a connected control socket", unit: "ms", values: start },
    { name: "  floor: start of a bare Node process that listens", unit: "ms", values: bareStart },
    { name: "memory after 20,000 reads", unit: "MiB", values: memory },
    { name: `register reads, ${WINDOW} under way`, unit: "1/s", values: rates },
    { name: "  beside: bare ping-pong, one under way", unit: "1/s", values: floorRates },
  ];
}

/** VmRSS of proc(5). */
function residentMiB(pid: number | undefined): number {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1]) / 1024;
}

/** An image that the loader fetches over BHI in pieces of 64 KiB, hashes, and refuses, as it is not the right one. */
async function image(dir: string): Promise<Figure[]> {
  const ours: number[] = [];
  const floor: number[] = [];
  const path = join(dir, "dma.sock");
  await withPeer("./dma-floor.js", [path, String(IMAGE_BYTES)], () =>
    withEndpoint(dir, { powerOnEe: "PBL" }, async (endpoint) => {
      const host = await BenchHost.connect(endpoint.socketPath);
      const bare = await BenchHost.connect(path, { greet: false });
      await host.setUpPci();
      const bhi = await host.read32(R.BHIOFF);
      for (let round = 0; round < ROUNDS; round++) {
        ours.push(await mibPerSecond(() => offer(host, bhi)));
        floor.push(await mibPerSecond(() => bare.greet()));
      }
      host.close();
      bare.close();
    }),
  );
  const our: Figure = { name: "image of 64 MiB over BHI, read and hashed", unit: "MiB/s", values: ours };
  const bare: Figure = { name: "  floor: as many DMA_READs of a bare process", unit: "MiB/s", values: floor };
  return [our, bare, ratio("  floor over it", bare, our)];
}

async function mibPerSecond(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return IMAGE_BYTES / (1 << 20) / ((performance.now() - started) / 1000);
}

async function offer(host: BenchHost, bhi: number): Promise<void> {
  await host.write32(bhi + R.BHI_STATUS, 0);
  await host.write32(bhi + R.BHI_IMGADDR_HIGH, 0);
  await host.write32(bhi + R.BHI_IMGADDR_LOW, IMAGE_AT);
  await host.write32(bhi + R.BHI_IMGSIZE, IMAGE_BYTES);
  const told = host.nextInterrupt();
  await host.write32(bhi + R.BHI_IMGTXDB, 1);
  await told;
}

/** M3 and M0 in turn: a register write, then the event's element, the ring's read pointer and the interrupt. */
async function events(dir: string): Promise<Figure[]> {
  const ours: number[] = [];
  const floor: number[] = [];
  const path = join(dir, "events.sock");
  await withPeer("./echo-server.js", [path], () =>
    withEndpoint(dir, {}, async (endpoint) => {
      const host = await BenchHost.connect(endpoint.socketPath);
      const peer = await Asker.connect(path);
      await bringUp(host);
      for (let round = 0; round < ROUNDS; round++) {
        const startedNs = process.hrtime.bigint();
        for (let event = 0; event < EVENTS; event++) {
          const told = host.nextInterrupt();
          await host.write32(R.MHICTRL, (event % 2 === 0 ? 5 : 2) << 8);
          await told;
        }
        ours.push(Number(process.hrtime.bigint() - startedNs) / 1000 / EVENTS);
        floor.push(await peer.roundTripUs(readRequest(0), READ_REPLY_BYTES, EVENTS));
      }
      host.close();
      peer.close();
    }),
  );
  const our: Figure = { name: "state asked for by a write, to its event's interrupt", unit: "us", values: ours };
  const bare: Figure = { name: "  floor: one bare round trip", unit: "us", values: floor };
  return [our, bare, ratio("  over the floor", our, bare)];
}

async function bringUp(host: BenchHost): Promise<void> {
  await host.setUpPci();
  while (((await host.read32(R.MHISTATUS)) & R.MHISTATUS_READY) === 0);
  const at = EVENT_CONTEXT_AT;
  host.ram.writeUInt32LE(1, at + 4);
  const last = EVENT_RING_AT + (EVENT_ELEMENTS - 1) * 16;
  [EVENT_RING_AT, EVENT_ELEMENTS * 16, EVENT_RING_AT, last].forEach((value, index) => {
    host.ram.writeBigUInt64LE(BigInt(value), at + 12 + 8 * index);
  });
  await host.write32(R.ECABAP_HIGHER, 0);
  await host.write32(R.ECABAP_LOWER, at);
  await host.write32(R.MHICFG, (1 << 16) | 0x80);
  const told = host.nextInterrupt();
  await host.write32(R.MHICTRL, 2 << 8);
  await told;
  await new Promise((resolve) => setTimeout(resolve, 200)); // the EE's event
}
