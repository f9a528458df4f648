/** A cold boot of the guest, packages and image in the cache. */
import { BenchLab, type BootTimes } from "./bench-lab.ts";
import type { Figure } from "./figures.ts";

const ROUNDS = 3;

export async function benchBoot(): Promise<Figure[]> {
  const boots: BootTimes[] = [];
  let openS = 0;
  const started = performance.now();
  await BenchLab.with(async (bench) => {
    openS = (performance.now() - started) / 1000;
    for (let round = 0; round < ROUNDS; round++) boots.push(await bench.boot());
  });
  return [
    { name: "lab opened: cache checked, device's process up", unit: "s", values: [openS] },
    {
      name: "guest boot, QEMU's start to its line on the console",
      unit: "s",
      values: boots.map((boot) => boot.readyS),
    },
    { name: "guest boot, QEMU's start to SSH login", unit: "s", values: boots.map((boot) => boot.loginS) },
  ];
}
