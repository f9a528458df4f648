/** The modem's IP data path as a program in the guest sees it: socket, mhi_net, MHI rings, QEMU, endpoint, and back. */
import { RigFault } from "../harness/base/errors.ts";
import { pingThrough, tcpEchoThrough } from "../harness/rig/host/ip-link.ts";
import { loadModule } from "../harness/rig/host/modules.ts";
import { BenchLab } from "./bench-lab.ts";
import type { Figure } from "./figures.ts";
import { awakeDevice } from "./mmio.ts";

const ROUNDS = 3;
const PINGS = 20;
const BYTES = 1024 * 1024;

export const benchData = (): Promise<Figure[]> => BenchLab.with(throughIp);

async function throughIp(bench: BenchLab): Promise<Figure[]> {
  await bench.boot();
  await loadModule(bench.shell, "mhi");
  await loadModule(bench.shell, "mhi_net");
  await awakeDevice(bench);
  const pings: number[] = [];
  const lost: number[] = [];
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { sent, received, meanMs } = await pingThrough(bench.shell, "IP_HW0", { count: PINGS, bytes: 56 });
    if (meanMs === undefined) throw new RigFault("no-answer", "no ping came back over IP_HW0");
    pings.push(meanMs);
    lost.push((100 * (sent - received)) / sent);
    const echo = await tcpEchoThrough(bench.shell, "IP_HW0", BYTES, 60_000);
    if (!echo.intact) throw new RigFault("not-intact", `${echo.receivedBytes} of ${BYTES} bytes came back intact`);
    rates.push(BYTES / echo.seconds / 1024);
  }
  return [
    { name: "ping over IP_HW0, round trip", unit: "ms", values: pings },
    { name: "  lost", unit: "%", values: lost },
    { name: "TCP echo of 1 MiB over IP_HW0, each way", unit: "KiB/s", values: rates },
  ];
}
