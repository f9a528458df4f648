/**
 * A register read: as the guest sees it (driver, processor emulation, QEMU, socket, endpoint and back), and the part of it
 * that is ours (socket and endpoint) over the floor of two Node processes that send as many bytes to and fro.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RigFault } from "../harness/base/errors.ts";
import { EndpointProcess } from "../harness/lab/endpoint-process.ts";
import { BHI_OEMPKHASH0, BHIOFF } from "../harness/mhi/registers.ts";
import { waitMissionMode } from "../harness/rig/host/mhi-bus.ts";
import { loadModule } from "../harness/rig/host/modules.ts";
import { findPci } from "../harness/rig/host/pci.ts";
import { setRuntimeControl } from "../harness/rig/host/runtime-pm.ts";
import type { Shell } from "../harness/rig/shell/shell.ts";
import { BenchLab } from "./bench-lab.ts";
import { type Figure, ratio } from "./figures.ts";
import { Asker, READ_REPLY_BYTES, readRequest, versionRequest } from "./round-trips.ts";

const ROUNDS = 5;
/** The kernel's oem_pk_hash_show reads 16 registers each time that the file is read (drivers/bus/mhi/host/init.c). */
const READS_PER_FILE = 16;
const FILES_PER_ROUND = 1000;
const TRIPS_PER_ROUND = 20_000;

export async function benchMmio(): Promise<Figure[]> {
  const ours = await serversShare();
  const guest = await BenchLab.with(guestReads);
  return [...guest, ...ours];
}

async function guestReads(bench: BenchLab): Promise<Figure[]> {
  await bench.boot();
  const { shell } = bench;
  const address = await awakeDevice(bench);
  const live: number[] = [];
  const plain: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    live.push(await usPerFile(shell, `/sys/bus/pci/devices/${address}/mhi0/oem_pk_hash`));
    plain.push(await usPerFile(shell, `/sys/bus/pci/devices/${address}/vendor`));
  }
  const perRead = live.map((us, round) => (us - (plain[round] ?? Number.NaN)) / READS_PER_FILE);
  return [
    { name: `register read as the guest sees it (${bench.lab.accel})`, unit: "us", values: perRead },
    { name: "  file of 16 register reads", unit: "us", values: live },
    { name: "  file without any", unit: "us", values: plain },
  ];
}

/** Mission mode, and no runtime suspend: the reads would be answered by the driver's own resume. */
export async function awakeDevice({ shell }: BenchLab): Promise<string> {
  await loadModule(shell, "mhi");
  await loadModule(shell, "mhi_pci_generic");
  const device = await findPci(shell, { vendor: 0x17cb });
  if (!device) throw new RigFault("no-device", "the guest shows no device of vendor 17cb");
  await waitMissionMode(shell, device.address, 20_000);
  await setRuntimeControl(shell, device.address, "on");
  return device.address;
}

/** By the guest's own clock, which has steps of 10 ms; one `cat` takes 100 files, so that forks do not count. */
async function usPerFile(shell: Shell, file: string): Promise<number> {
  const script = `all=; i=0; while [ $i -lt 100 ]; do all="$all ${file}"; i=$((i+1)); done
i=0; read from rest </proc/uptime
while [ $i -lt ${FILES_PER_ROUND / 100} ]; do cat $all >/dev/null || exit 1; i=$((i+1)); done
read to rest </proc/uptime; echo $from $to`;
  const [from, to] = (await shell.run(script)).trim().split(" ").map(Number);
  return (((to ?? Number.NaN) - (from ?? Number.NaN)) * 1e6) / FILES_PER_ROUND;
}

/** No machine runs meanwhile; the rounds of both alternate. */
async function serversShare(): Promise<Figure[]> {
  const dir = await mkdtemp(join(tmpdir(), "mhi-hil-bench-"));
  const options = { stateDir: dir, logPath: join(dir, "device.log"), profile: "sdx55", slotPower: "kept" } as const;
  const endpoint = await EndpointProcess.start({ ...options, faults: [] });
  const echo = await startEcho(join(dir, "echo.sock"));
  try {
    const device = await Asker.connect(endpoint.socketPath);
    const peer = await Asker.connect(join(dir, "echo.sock"));
    await device.once(versionRequest());
    const bhi = (await device.once(readRequest(BHIOFF))).readUInt32LE(READ_REPLY_BYTES - 4);
    const request = readRequest(bhi + BHI_OEMPKHASH0);
    const server: number[] = [];
    const floor: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      server.push(await device.roundTripUs(request, READ_REPLY_BYTES, TRIPS_PER_ROUND));
      floor.push(await peer.roundTripUs(request, READ_REPLY_BYTES, TRIPS_PER_ROUND));
    }
    device.close();
    peer.close();
    const ours: Figure = { name: "register read over the socket, from a bare client", unit: "us", values: server };
    const bare: Figure = { name: "  floor: ping-pong of two Node processes, same bytes", unit: "us", values: floor };
    return [ours, bare, ratio("  over the floor", ours, bare)];
  } finally {
    echo.stdin?.end();
    await Promise.all([endpoint.close(), once(echo, "close")]);
    await rm(dir, { recursive: true, force: true });
  }
}

async function startEcho(path: string): Promise<ChildProcess> {
  const entry = fileURLToPath(new URL("./echo-server.js", import.meta.url));
  const child = spawn(process.execPath, [entry, path], { stdio: ["pipe", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return child;
}
